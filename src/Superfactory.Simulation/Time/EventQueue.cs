namespace Superfactory.Simulation.Time;

/// <summary>
/// Virtual time: what is to happen, by the microsecond at which it does, and at the same microsecond in the order in which it was said.
/// Time passes by running the next event alone.
/// </summary>
internal sealed class EventQueue
{
    /// <summary>Children of a place in the heap: with four, a schedule's few hundred events are four levels deep.</summary>
    private const int Width = 4;

    private Entry[] _heap = new Entry[512];
    private int _count;
    private long _order;

    /// <summary>Microseconds since the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>Events that have run.</summary>
    public long Ran { get; private set; }

    /// <summary>Has something happen at a time; now, where that is over.</summary>
    public void At(long time, Action action)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _count);
        }

        var entry = new Entry(Math.Max(time, Now), _order++, action);
        var place = _count++;
        while (place > 0 && entry.IsBefore(_heap[(place - 1) / Width]))
        {
            _heap[place] = _heap[(place - 1) / Width];
            place = (place - 1) / Width;
        }

        _heap[place] = entry;
    }

    /// <summary>Has something happen after so many microseconds.</summary>
    public void After(long delay, Action action) => At(Now + delay, action);

    /// <summary>Runs the next event.</summary>
    /// <returns>False where there is none.</returns>
    public bool RunNext()
    {
        if (_count == 0)
        {
            return false;
        }

        var next = _heap[0];
        TakeFirst();
        Now = next.At;
        Ran++;
        next.Action();
        return true;
    }

    /// <summary>Moves the last event to where it belongs, from the first place on.</summary>
    private void TakeFirst()
    {
        var last = _heap[--_count];
        _heap[_count] = default;
        var place = 0;
        while (true)
        {
            var (first, least) = ((place * Width) + 1, -1);
            for (var child = first; child < Math.Min(first + Width, _count); child++)
            {
                least = least < 0 || _heap[child].IsBefore(_heap[least]) ? child : least;
            }

            if (least < 0 || last.IsBefore(_heap[least]))
            {
                break;
            }

            _heap[place] = _heap[least];
            place = least;
        }

        if (_count > 0)
        {
            _heap[place] = last;
        }
    }

    private readonly record struct Entry(long At, long Order, Action Action)
    {
        public bool IsBefore(in Entry other) => At != other.At ? At < other.At : Order < other.Order;
    }
}
