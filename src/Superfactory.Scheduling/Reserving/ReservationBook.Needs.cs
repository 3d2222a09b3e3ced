namespace Superfactory.Scheduling.Reserving;

/// <content>What is needed of each domain.</content>
public sealed partial class ReservationBook
{
    private static readonly Comparison<(FleetWindow Window, int Count, long Watts)> _byJobs = static (one, other) =>
        (one.Window.Jobs is null).CompareTo(other.Window.Jobs is null) is var order && order != 0 ? order : one.Window.Id.CompareTo(other.Window.Id);

    private readonly List<(FleetWindow Window, int Count, long Watts)> _open = [];
    private readonly List<Hold> _owners = [];

    private (int Count, long Watts) Needed(int domain, List<Hold> holds)
    {
        var sweep = _sweeps[domain] ??= new NeedSweep();
        if (sweep.IsStale)
        {
            sweep.Order(holds, _state.SlicesIn(domain));
        }

        return sweep.DependsOnHolders ? NeededOneByOne(domain, holds, _from, _until) : _lifted == 0 && _from == 0 ? sweep.MostBefore(_until) : sweep.Most(_from, _until);
    }

    /// <summary>It is another time: who was to have ended by then, and runs on, does not leave windows what they need any more.</summary>
    /// <param name="now">The time, in milliseconds since 1970.</param>
    public void Advance(long now)
    {
        var (first, last) = (Math.Min(now, Now), Math.Max(now, Now));
        Now = now;
        if (_windows.Count == 0 || first == last)
        {
            return;
        }

        foreach (var job in _state.Ending)
        {
            if (job.ExpectedEnd > last)
            {
                break;
            }

            foreach (ref readonly var slice in _state.SlicesOf(job))
            {
                if (job.ExpectedEnd > first && _holds[slice.Domain] is { } holds)
                {
                    Recompute(slice.Domain, holds);
                }
            }
        }
    }

    /// <summary>What is reserved of a domain, or held there, has changed.</summary>
    private void Reorder(int domain) => _sweeps[domain]?.IsStale = true;

    /// <summary>What is needed at each start by itself.</summary>
    internal (int Count, long Watts) NeededOneByOne(int domain, List<Hold> holds, long from, long until)
    {
        var (most, mostWatts) = (0, 0L);
        var looked = (Time: -1L, Overrun: 0L);
        foreach (var at in holds)
        {
            var of = at.Of;
            if (of.Since >= until || of.EndMilliseconds <= from || of.IsLifted)
            {
                continue;
            }

            // For a window nobody counts as gone who is still there: who was to have left is stopped for it, and whoever took that room would be in its way too.
            var look = (Time: Math.Max(from, of.Since), Overrun: of.Window is not null && from == 0 ? Now : 0);
            if (look == looked)
            {
                // All claims are kept from the same time on.
                continue;
            }

            looked = look;
            var (count, watts) = NeededAt(domain, holds, from, look.Time, look.Overrun);
            (most, mostWatts) = (Math.Max(most, count), Math.Max(mostWatts, watts));
        }

        return (most, mostWatts);
    }

    private (int Count, long Watts) NeededAt(int domain, List<Hold> holds, long from, long time, long overrun = 0)
    {
        var (count, watts) = ClaimedAt(domain, holds, from, time, overrun);
        _open.Clear();
        _owners.Clear();
        foreach (var hold in holds)
        {
            if (hold.Of.IsClaim || !IsActive(hold, time))
            {
                continue;
            }

            if (hold.Of.Window is { IsForNobody: false } window)
            {
                _open.Add((window, hold.Count, hold.Watts));
            }
            else
            {
                (count, watts) = (count + hold.Count, watts + hold.Watts);
            }
        }

        if (_open.Count > 0)
        {
            _owners.AddRange(holds.Where(hold => hold.Of.Window is null && hold.Of.Since <= time && hold.Of.EndMilliseconds > time));
            var left = Unfilled(domain, _open, _owners, time, overrun);
            (count, watts) = (count + left.Count, watts + left.Watts);
        }

        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            // Who was to have ended before the time that is looked at, and runs on, ends nobody knows when.
            if (slice.Job.ExpectedEnd <= time && slice.Job.ExpectedEnd > Math.Max(from, overrun))
            {
                (count, watts) = (count - slice.Count, watts - slice.Watts);
            }
        }

        return (count, watts);
    }

    /// <summary>
    /// What claims need of a domain beyond what those that make room for them have: each of them by itself, and together with all whose time comes before, so that nobody's is counted for one who
    /// may not have it, or not in time.
    /// </summary>
    private (int Count, long Watts) ClaimedAt(int domain, List<Hold> holds, long from, long time, long overrun)
    {
        var (most, mostWatts) = (0, 0L);
        foreach (var hold in holds)
        {
            if (hold.Of.IsClaim && IsActive(hold, time))
            {
                var alone = Claimed(domain, holds, Math.Max(time, from), time, overrun, hold.Of, isAlone: true);
                var together = Claimed(domain, holds, Math.Max(time, from), time, overrun, hold.Of, isAlone: false);
                (most, mostWatts) = (Math.Max(most, Math.Max(alone.Count, together.Count)), Math.Max(mostWatts, Math.Max(alone.Watts, together.Watts)));
            }
        }

        return (most, mostWatts);
    }

    private (int Count, long Watts) Claimed(int domain, List<Hold> holds, long left, long time, long overrun, Reservation claim, bool isAlone)
    {
        var (count, watts) = (0, 0L);
        foreach (var hold in holds)
        {
            (count, watts) = IsWith(hold, claim, isAlone, time) ? (count + hold.Count, watts + hold.Watts) : (count, watts);
        }

        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            // Who is expected to have left by then is counted for all.
            if (slice.Job.ExpectedEnd <= left && slice.Job.ExpectedEnd > overrun)
            {
                continue;
            }

            foreach (var hold in holds)
            {
                if (IsWith(hold, claim, isAlone, time) && GivesWay(hold.Of, slice.Job))
                {
                    (count, watts) = (count - slice.Count, watts - slice.Watts);
                    break;
                }
            }
        }

        return (count, watts);
    }

    private static bool IsWith(Hold hold, Reservation claim, bool isAlone, long time) =>
        hold.Of.IsClaim && IsActive(hold, time) && (isAlone ? hold.Of == claim : hold.Of.StartMilliseconds <= claim.StartMilliseconds);

    private static bool IsActive(Hold hold, long time) => !hold.Of.IsLifted && hold.Of.Since <= time && hold.Of.EndMilliseconds > time;

    /// <summary>Whether somebody who runs makes room for a claim by its time.</summary>
    internal bool GivesWay(Reservation claim, RunningJob job) => job.MinimumEnd <= claim.StartMilliseconds && job.Turn < claim.Turn && job.StartMilliseconds <= claim.MadeAt
        && (job.Queue == claim.QueueNumber ? !job.IsSpared && _state.Queues.Order.Outranks(claim.Request!, job.Request) : job is { IsOwned: false, IsSpared: false });

    /// <summary>What windows need of a domain beyond what those who may use them have of it, or have reserved. What somebody has counts for one window, and for those of jobs first.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="windows">The windows with what each is of it; taken down by what is there for them.</param>
    /// <param name="starts">Starts that are reserved there.</param>
    /// <param name="time">Who is expected to have left by then has nothing there.</param>
    /// <param name="overrun">But for those who were to have left by this time, and run on.</param>
    internal (int Count, long Watts) Unfilled(int domain, List<(FleetWindow Window, int Count, long Watts)> windows, List<Hold> starts, long time, long overrun)
    {
        windows.Sort(_byJobs);
        foreach (ref readonly var slice in _state.SlicesIn(domain))
        {
            if (slice.Job.ExpectedEnd > time || slice.Job.ExpectedEnd <= overrun)
            {
                Fill(windows, slice.Job.Request.Queue, slice.Job.Number, slice.Count, slice.Watts);
            }
        }

        foreach (var start in starts)
        {
            Fill(windows, start.Of.Queue!, start.Of.Job, start.Count, start.Watts);
        }

        var (count, watts) = (0, 0L);
        foreach (var (_, left, leftWatts) in windows)
        {
            (count, watts) = (count + left, watts + leftWatts);
        }

        return (count, watts);
    }

    private void Fill(List<(FleetWindow Window, int Count, long Watts)> windows, string queue, long job, int count, long watts)
    {
        for (var place = 0; place < windows.Count && count > 0; place++)
        {
            var (window, left, leftWatts) = windows[place];
            if (Math.Min(left, count) is var filled and > 0 && window.IsFor(_state.Queues, queue, job))
            {
                var drawn = watts * filled / count;
                windows[place] = (window, left - filled, Math.Max(0, leftWatts - drawn));
                (count, watts) = (count - filled, watts - drawn);
            }
        }
    }
}
