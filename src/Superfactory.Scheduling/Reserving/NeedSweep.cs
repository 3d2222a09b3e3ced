using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// The most that is needed of a domain at any of the times at which something reserved starts there: all of them in one pass over what starts and ends, in the order of
/// time. Not safe for concurrent use: it keeps its buffer.
/// </summary>
internal sealed class NeedSweep
{
    private readonly List<(long Time, bool IsStart, int Count, long Watts)> _events = [];

    /// <summary>Looks at a domain from one time to another.</summary>
    /// <param name="holds">What is reserved of it; none of it for a window of a queue.</param>
    /// <param name="slices">What those that run hold of it.</param>
    /// <param name="from">Starts before it count as starts then.</param>
    /// <param name="until">Starts from then on do not count.</param>
    public (int Count, long Watts) Most(List<Hold> holds, ListedSlices slices, long from, long until)
    {
        _events.Clear();
        foreach (var hold in holds)
        {
            var of = hold.Of;
            if (of.StartMilliseconds < until && of.EndMilliseconds > from && !of.IsLifted)
            {
                _events.Add((Math.Max(from, of.StartMilliseconds), true, hold.Count, hold.Watts));
                if (of.EndMilliseconds < until)
                {
                    _events.Add((of.EndMilliseconds, false, -hold.Count, -hold.Watts));
                }
            }
        }

        if (_events.Count == 0)
        {
            return default;
        }

        foreach (ref readonly var slice in slices)
        {
            // Who was to have ended before the time that is looked at, and runs on, ends nobody knows when.
            if (slice.Job.ExpectedEnd > from && slice.Job.ExpectedEnd < until)
            {
                _events.Add((slice.Job.ExpectedEnd, false, -slice.Count, -slice.Watts));
            }
        }

        _events.Sort(static (one, other) => one.Time.CompareTo(other.Time));
        var (count, watts, most, mostWatts) = (0, 0L, 0, 0L);
        for (var next = 0; next < _events.Count;)
        {
            var (time, starts) = (_events[next].Time, false);
            for (; next < _events.Count && _events[next].Time == time; next++)
            {
                (count, watts, starts) = (count + _events[next].Count, watts + _events[next].Watts, starts || _events[next].IsStart);
            }

            if (starts)
            {
                (most, mostWatts) = (Math.Max(most, count), Math.Max(mostWatts, watts));
            }
        }

        return (most, mostWatts);
    }
}
