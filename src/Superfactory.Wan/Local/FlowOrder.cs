using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Local;

/// <summary>Gives a flow's messages their places, where they are sent. Pure; not thread-safe.</summary>
internal sealed class FlowNumbering
{
    private uint _ordinal;
    private ushort _since;

    /// <summary>The place of the next message.</summary>
    public FlowPlace Next(MessageOrder order) => order == MessageOrder.Unordered
        ? new FlowPlace(true, _ordinal, 0)
        : new FlowPlace(false, _ordinal, _since);

    /// <summary>It was sent: the next one has another place.</summary>
    public void Sent(MessageOrder order)
    {
        if (order == MessageOrder.Unordered)
        {
            _since = unchecked((ushort)(_since + 1));
        }
        else
        {
            (_ordinal, _since) = (unchecked(_ordinal + 1), 0);
        }
    }
}

/// <summary>
/// Puts a flow's messages in order where they arrive: each unordered one after the ordered ones before it, each ordered one after
/// everything before it. What it holds is bounded by the flow's window. Pure; not thread-safe.
/// </summary>
internal sealed class FlowOrder<T>(Action<T> deliver)
{
    private readonly Dictionary<uint, List<T>> _unordered = [];
    private readonly Dictionary<uint, (ushort Since, T Item)> _ordered = [];
    private uint _ordinal;
    private ushort _since;

    /// <summary>How many messages are held.</summary>
    public int Held => _ordered.Count + _unordered.Values.Sum(items => items.Count);

    /// <summary>Takes a message, and delivers what may be delivered because of it.</summary>
    public void Offer(FlowPlace place, T item)
    {
        if (place.Ordinal != _ordinal || (!place.Unordered && place.Since != _since))
        {
            Hold(place, item);
            return;
        }

        Deliver(place.Unordered, item);
        while (_ordered.TryGetValue(_ordinal, out var next) && next.Since == _since)
        {
            _ordered.Remove(_ordinal);
            Deliver(unordered: false, next.Item);
        }
    }

    /// <summary>Gives up what is held.</summary>
    public void Drop(Action<T> release)
    {
        foreach (var (_, item) in _ordered.Values)
        {
            release(item);
        }

        foreach (var item in _unordered.Values.SelectMany(items => items))
        {
            release(item);
        }

        _ordered.Clear();
        _unordered.Clear();
    }

    private void Hold(FlowPlace place, T item)
    {
        if (!place.Unordered)
        {
            _ordered[place.Ordinal] = (place.Since, item);
            return;
        }

        if (!_unordered.TryGetValue(place.Ordinal, out var items))
        {
            _unordered[place.Ordinal] = items = [];
        }

        items.Add(item);
    }

    private void Deliver(bool unordered, T item)
    {
        deliver(item);
        if (unordered)
        {
            _since = unchecked((ushort)(_since + 1));
            return;
        }

        (_ordinal, _since) = (unchecked(_ordinal + 1), 0);
        if (_unordered.Remove(_ordinal, out var waiting))
        {
            foreach (var next in waiting)
            {
                Deliver(unordered: true, next);
            }
        }
    }
}
