using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Pending;

/// <summary>
/// The queues by what they have used and hold for their weight, the least first; of the same share the one that was named first. Put in order once for
/// each time and change, not for each job that is tried. Not safe for concurrent use.
/// </summary>
internal sealed class QueueOrder : IComparer<int>
{
    private readonly UsageLedger _usage;
    private readonly uint[] _weights;
    private readonly UInt128[] _used;
    private readonly int[] _order;
    private long _at = -1;

    /// <summary>An order of queues whose usage that ledger has.</summary>
    public QueueOrder(QueueTree queues, UsageLedger usage)
    {
        _usage = usage;
        _weights = [.. queues.Queues.Select(static queue => (uint)queue.Weight)];
        _used = new UInt128[_weights.Length];
        _order = [.. Enumerable.Range(0, _weights.Length)];
    }

    /// <summary>What queues hold has changed.</summary>
    public void Changed() => _at = -1;

    /// <summary>The queues in their order. Valid until the next call.</summary>
    public ReadOnlySpan<int> At(long now)
    {
        if (_at == now)
        {
            return _order;
        }

        for (var queue = 0; queue < _used.Length; queue++)
        {
            _used[queue] = _usage.Of(queue, now);
        }

        _at = now;
        for (var place = 1; place < _order.Length; place++)
        {
            if (Compare(_order[place - 1], _order[place]) > 0)
            {
                Array.Sort(_order, this);
                break;
            }
        }

        return _order;
    }

    /// <summary>A share is used / weight; compared by cross-multiplying, which is exact.</summary>
    public int Compare(int x, int y)
    {
        var order = (_used[x] * _weights[y]).CompareTo(_used[y] * _weights[x]);
        return order != 0 ? order : x.CompareTo(y);
    }
}
