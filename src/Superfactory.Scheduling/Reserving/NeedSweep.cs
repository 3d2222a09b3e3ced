using System.Runtime.InteropServices;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// The most that is needed of one domain at any of the times at which something reserved starts there. What starts and ends is put in the order of time when it has changed, and gone through
/// once for each question. Not safe for concurrent use.
/// </summary>
internal sealed class NeedSweep
{
    private static readonly Comparison<Event> _byTime = static (one, other) => one.Time.CompareTo(other.Time);

    private readonly List<Event> _events = [];

    // The most up to each event; of those of one time the last has it.
    private readonly List<(int Count, long Watts)> _most = [];

    /// <summary>Whether what is reserved of the domain, or held there, is another than was put in order.</summary>
    public bool IsStale { get; set; } = true;

    /// <summary>Whether a window that leaves something to somebody, or a claim, is among it: what these need depends on who is there at the time, and is not said here.</summary>
    public bool DependsOnHolders { get; private set; }

    /// <summary>Puts what starts and ends in a domain in order.</summary>
    /// <param name="holds">What is reserved of it.</param>
    /// <param name="slices">What those that run hold of it.</param>
    public void Order(List<Hold> holds, ListedSlices slices)
    {
        _events.Clear();
        DependsOnHolders = false;
        foreach (var hold in holds)
        {
            var of = hold.Of;
            DependsOnHolders |= of.IsClaim || of.Window is { IsForNobody: false } or { Accelerators: > 0 };
            _events.Add(new Event(of.StartMilliseconds, of, hold.Count, hold.Watts));
            if (of.EndMilliseconds != long.MaxValue)
            {
                _events.Add(new Event(of.EndMilliseconds, of, -hold.Count, -hold.Watts));
            }
        }

        foreach (ref readonly var slice in slices)
        {
            if (slice.Job.ExpectedEnd != long.MaxValue)
            {
                _events.Add(new Event(slice.Job.ExpectedEnd, null, -slice.Count, -slice.Watts));
            }
        }

        _events.Sort(_byTime);
        AddUp();
        IsStale = false;
    }

    /// <summary>What <see cref="Most"/> finds from the beginning on where nothing is lifted.</summary>
    /// <param name="until">Starts from then on do not count.</param>
    public (int Count, long Watts) MostBefore(long until)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _events[middle].Time < until ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? default : _most[low - 1];
    }

    /// <summary>Looks at the domain from one time to another; what is lifted at the moment needs nothing.</summary>
    /// <param name="from">Starts before it count as starts then.</param>
    /// <param name="until">Starts from then on do not count.</param>
    public (int Count, long Watts) Most(long from, long until)
    {
        var events = CollectionsMarshal.AsSpan(_events);
        var (next, count, watts, starts) = (0, 0, 0L, false);
        for (; next < events.Length && events[next].Time <= from; next++)
        {
            // Who was to have ended before the time that is looked at, and runs on, ends nobody knows when.
            ref readonly var each = ref events[next];
            if (each.IsStart && each.Of!.EndMilliseconds > from && !each.Of.IsLifted && each.Time < until)
            {
                (count, watts, starts) = (count + each.Count, watts + each.Watts, true);
            }
        }

        var (most, mostWatts) = starts ? (Math.Max(0, count), Math.Max(0, watts)) : (0, 0L);
        while (next < events.Length && events[next].Time < until)
        {
            var time = events[next].Time;
            for (starts = false; next < events.Length && events[next].Time == time; next++)
            {
                ref readonly var each = ref events[next];
                if (each.Of is not { IsLifted: true })
                {
                    (count, watts, starts) = (count + each.Count, watts + each.Watts, starts || each.IsStart);
                }
            }

            if (starts)
            {
                (most, mostWatts) = (Math.Max(most, count), Math.Max(mostWatts, watts));
            }
        }

        return (most, mostWatts);
    }

    private void AddUp()
    {
        _most.Clear();
        var (sum, most) = ((Count: 0, Watts: 0L), (Count: 0, Watts: 0L));
        for (var next = 0; next < _events.Count;)
        {
            var (time, starts) = (_events[next].Time, false);
            for (; next < _events.Count && _events[next].Time == time; next++)
            {
                sum = (sum.Count + _events[next].Count, sum.Watts + _events[next].Watts);
                starts |= _events[next].IsStart;
                _most.Add(most);
            }

            most = starts ? (Math.Max(most.Count, sum.Count), Math.Max(most.Watts, sum.Watts)) : most;
            _most[^1] = most;
        }
    }

    /// <summary>Something reserved starts or ends, or, where it is of nothing reserved, somebody who runs is expected to end.</summary>
    private readonly record struct Event(long Time, Reservation? Of, int Count, long Watts)
    {
        public bool IsStart => Of is not null && Time == Of.StartMilliseconds;
    }
}
