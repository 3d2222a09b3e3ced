using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Pending;

/// <summary>
/// The queues by what they have used and hold for their weight, the least first; of the same share the one that was named first. Put in order once for
/// each time and change, not for each job that is tried; at one time those alone are moved that have changed. Not safe for concurrent use.
/// </summary>
internal sealed class QueueOrder : IComparer<int>
{
    private readonly UsageLedger _usage;
    private readonly uint[] _weights;
    private readonly UInt128[] _used;
    private readonly int[] _order;
    private readonly bool[] _isChanged;
    private readonly List<int> _changed = [];
    private long _at = -1;

    /// <summary>An order of queues whose usage that ledger has.</summary>
    public QueueOrder(QueueTree queues, UsageLedger usage)
    {
        _usage = usage;
        _weights = [.. queues.Queues.Select(static queue => (uint)queue.Weight)];
        _used = new UInt128[_weights.Length];
        _isChanged = new bool[_weights.Length];
        _order = [.. Enumerable.Range(0, _weights.Length)];
    }

    /// <summary>What a queue holds has changed.</summary>
    public void Changed(int queue)
    {
        if (!_isChanged[queue])
        {
            _isChanged[queue] = true;
            _changed.Add(queue);
        }
    }

    /// <summary>The queues in their order. Valid until the next call.</summary>
    public ReadOnlySpan<int> At(long now)
    {
        if (_at == now && _changed.Count == 0)
        {
            return _order;
        }

        if (_at == now)
        {
            MoveChanged(now);
        }
        else
        {
            OrderAll(now);
        }

        foreach (var queue in _changed)
        {
            _isChanged[queue] = false;
        }

        _changed.Clear();
        return _order;
    }

    /// <summary>A share is used / weight; compared by cross-multiplying, which is exact.</summary>
    public int Compare(int x, int y)
    {
        var order = (_used[x] * _weights[y]).CompareTo(_used[y] * _weights[x]);
        return order != 0 ? order : x.CompareTo(y);
    }

    /// <summary>At another time all have another share, and most are in order still.</summary>
    private void OrderAll(long now)
    {
        for (var queue = 0; queue < _used.Length; queue++)
        {
            _used[queue] = _usage.Of(queue, now);
        }

        _at = now;
        for (var place = 1; place < _order.Length; place++)
        {
            if (Compare(_order[place - 1], _order[place]) > 0)
            {
                Insert(_order[place], place);
            }
        }
    }

    private void MoveChanged(long now)
    {
        var left = 0;
        foreach (var queue in _order)
        {
            if (!_isChanged[queue])
            {
                _order[left++] = queue;
            }
        }

        foreach (var queue in _changed)
        {
            _used[queue] = _usage.Of(queue, now);
            Insert(queue, left++);
        }
    }

    /// <summary>Puts a queue in its place among so many that are in order; the place behind these is free.</summary>
    private void Insert(int queue, int count)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Compare(_order[middle], queue) < 0 ? (middle + 1, high) : (low, middle);
        }

        Array.Copy(_order, low, _order, low + 1, count - low);
        _order[low] = queue;
    }
}
