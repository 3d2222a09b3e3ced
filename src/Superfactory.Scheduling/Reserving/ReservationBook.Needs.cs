namespace Superfactory.Scheduling.Reserving;

/// <content>What is needed of each domain.</content>
public sealed partial class ReservationBook
{
    private (int Count, long Watts) Needed(int domain, List<Hold> holds)
    {
        var sweep = _sweeps[domain] ??= new NeedSweep();
        if (sweep.IsStale)
        {
            sweep.Order(holds, _state.SlicesIn(domain));
        }

        return sweep.HasWindowOfSomebody ? NeededOneByOne(domain, holds, _from, _until) : _lifted == 0 && _from == 0 ? sweep.MostBefore(_until) : sweep.Most(_from, _until);
    }

    /// <summary>What is reserved of a domain, or held there, has changed.</summary>
    private void Reorder(int domain) => _sweeps[domain]?.IsStale = true;

    /// <summary>What is needed at each start by itself.</summary>
    internal (int Count, long Watts) NeededOneByOne(int domain, List<Hold> holds, long from, long until)
    {
        var (most, mostWatts) = (0, 0L);
        foreach (var at in holds)
        {
            var of = at.Of;
            if (of.StartMilliseconds >= until || of.EndMilliseconds <= from || of.IsLifted)
            {
                continue;
            }

            var (count, watts) = NeededAt(domain, holds, from, Math.Max(from, of.StartMilliseconds), skipLifted: true);
            (most, mostWatts) = (Math.Max(most, count), Math.Max(mostWatts, watts));
        }

        return (most, mostWatts);
    }

    private (int Count, long Watts) NeededAt(int domain, List<Hold> holds, long from, long time, bool skipLifted)
    {
        var (count, watts) = (0, 0L);
        foreach (var hold in holds)
        {
            if (hold.Of.StartMilliseconds > time || hold.Of.EndMilliseconds <= time || (skipLifted && hold.Of.IsLifted))
            {
                continue;
            }

            var of = hold.Of.Window is { IsForNobody: false } window ? LeftOf(hold, window, domain, holds, time) : (hold.Count, hold.Watts);
            (count, watts) = (count + of.Count, watts + of.Watts);
        }

        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            // Who was to have ended before the time that is looked at, and runs on, ends nobody knows when.
            if (slice.Job.ExpectedEnd <= time && slice.Job.ExpectedEnd > from)
            {
                (count, watts) = (count - slice.Count, watts - slice.Watts);
            }
        }

        return (count, watts);
    }

    /// <summary>What is kept of a window for those who may use it: what their jobs have of it, or have reserved, needs no second room.</summary>
    private (int Count, long Watts) LeftOf(Hold hold, FleetWindow window, int domain, List<Hold> holds, long time)
    {
        var (count, watts) = (hold.Count, hold.Watts);
        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            if (slice.Job.ExpectedEnd > time && window.IsFor(_state.Queues, slice.Job.Request.Queue, slice.Job.Number))
            {
                (count, watts) = (count - slice.Count, watts - slice.Watts);
            }
        }

        foreach (var other in holds)
        {
            if (other.Of.Window is null && other.Of.StartMilliseconds <= time && other.Of.EndMilliseconds > time && window.IsFor(_state.Queues, other.Of.Queue!, other.Of.Job))
            {
                (count, watts) = (count - other.Count, watts - other.Watts);
            }
        }

        return (Math.Max(0, count), Math.Max(0, watts));
    }
}
