using System.Collections.Immutable;
using Superfactory.Scheduling.Preempting;

namespace Superfactory.Scheduling.Reserving;

/// <summary>A job that has to be stopped in time for what is reserved. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="For">What it is in the way of.</param>
public sealed record Overdue(long Job, Reservation For);

/// <summary>Finds who is in the way of what is reserved and starts soon.</summary>
internal static class OverdueSearch
{
    private static readonly Comparison<Hold> _byStart = static (one, other) =>
        one.Of.StartMilliseconds.CompareTo(other.Of.StartMilliseconds) is var order && order != 0 ? order : one.Of.Window!.Id.CompareTo(other.Of.Window!.Id);

    /// <summary>Everybody who has to be stopped now, in the order of their numbers.</summary>
    /// <param name="state">The fleet.</param>
    /// <param name="now">The time.</param>
    /// <param name="comesTrue">Whether a start comes true at its time once some are gone.</param>
    /// <param name="ahead">Those too who have to be stopped for a window within so many milliseconds.</param>
    public static ImmutableArray<Overdue> Find(FleetState state, long now, Func<Reservation, IReadOnlyCollection<RunningJob>, bool> comesTrue, long ahead = 0)
    {
        SortedDictionary<long, Overdue> found = [];
        var until = ahead > long.MaxValue - now ? long.MaxValue : now + ahead;
        foreach (var domain in state.Reserved.Windows.SelectMany(static window => window.Holds).Select(static hold => hold.Domain).Distinct().Order())
        {
            List<Hold> windows = [.. state.Reserved.Of(domain).Where(hold => hold.Of.Window is not null && hold.Of.EndMilliseconds > now)];
            windows.Sort(_byStart);
            foreach (var hold in windows)
            {
                Clear(state, hold, windows, now, until, found);
            }
        }

        foreach (var reservation in state.Reserved.StartsByJob.ToList())
        {
            if (!reservation.IsClaim && reservation.StartMilliseconds != long.MaxValue)
            {
                var stopped = InTheWay(state, reservation, now);
                if (stopped.Count > 0 && comesTrue(reservation, [.. stopped.Concat(found.Keys.Select(job => state.Running[job])).Distinct()]))
                {
                    stopped.ForEach(job => found.TryAdd(job.Request.Job, new Overdue(job.Request.Job, reservation)));
                }
            }
        }

        return [.. found.Values];
    }

    /// <summary>
    /// Those that were let run ahead of a start and are still there, if its places are free once they are gone. Who would go before it again was let run ahead of another: it is not stopped for what it could have at once.
    /// </summary>
    private static List<RunningJob> InTheWay(FleetState state, Reservation reservation, long now)
    {
        List<RunningJob> stopped = [];
        foreach (var hold in reservation.Holds)
        {
            var open = state.Domains.Open(hold.Domain);
            List<(RunningJob Job, int Count)> late = [];
            foreach (ref readonly var slice in state.SlicesIn(hold.Domain))
            {
                if (slice.Job.EndBy <= reservation.StartMilliseconds && !Scheduler.GoesBefore(state, slice.Job.Request, reservation) && reservation.StartMilliseconds - slice.Job.StopCost <= now)
                {
                    late.Add((slice.Job, slice.Count));
                }
                else if (slice.Job.ExpectedEnd <= reservation.StartMilliseconds && slice.Job.ExpectedEnd > now)
                {
                    open += slice.Count;
                }
            }

            // What the youngest have is enough where not all have to go.
            late.Sort(static (one, other) => other.Job.Request.Job.CompareTo(one.Job.Request.Job));
            for (var next = 0; open < hold.Count && next < late.Count; next++)
            {
                stopped.Add(late[next].Job);
                open += late[next].Count;
            }

            if (open < hold.Count)
            {
                return [];
            }
        }

        return stopped;
    }

    /// <summary>
    /// Those of others that windows have no room for beside them when one of them begins: first who was to have ended by then and runs on, then the cheapest. What those leave who are expected to end by
    /// then is not kept for the window, so that others start there: whoever counted on somebody's leaving is not stopped in its place.
    /// </summary>
    private static void Clear(FleetState state, Hold hold, List<Hold> windows, long now, long until, SortedDictionary<long, Overdue> found)
    {
        var start = hold.Of.StartMilliseconds;
        List<Hold> active = [.. windows.Where(each => each.Of.StartMilliseconds <= start && each.Of.EndMilliseconds > Math.Max(start, now))];
        var needed = state.Reserved.Unfilled(hold.Domain, [.. active.Select(static each => (each.Of.Window!, each.Count, 0L))], [], long.MaxValue, long.MaxValue).Count - Math.Max(0L, state.Domains.Open(hold.Domain));

        List<RunningJob> others = [];
        foreach (ref readonly var slice in state.SlicesIn(hold.Domain))
        {
            var job = slice.Job;
            if (active.Exists(each => each.Of.Window!.IsFor(state.Queues, job.Request.Queue, job.Number)))
            {
                continue;
            }

            if ((job.ExpectedEnd <= start && job.ExpectedEnd > now) || found.ContainsKey(job.Number))
            {
                needed -= slice.Count;
            }
            else if (!others.Contains(job))
            {
                others.Add(job);
            }
        }

        others.Sort((one, other) => (one.ExpectedEnd > start).CompareTo(other.ExpectedEnd > start) is var order && order != 0 ? order : VictimRules.Compare(one, other, now));
        for (var next = 0; needed > 0 && next < others.Count; next++)
        {
            // Who takes less time to stop has not to go yet, but will have gone.
            var job = others[next];
            if (start - Math.Max(job.StopCost, hold.Of.Window!.NoticeMilliseconds) <= until)
            {
                found.TryAdd(job.Request.Job, new Overdue(job.Request.Job, hold.Of));
            }

            needed -= CountOf(state, job, hold.Domain);
        }
    }

    private static long CountOf(FleetState state, RunningJob job, int domain)
    {
        var count = 0L;
        foreach (ref readonly var slice in state.SlicesOf(job))
        {
            count += slice.Domain == domain ? slice.Count : 0;
        }

        return count;
    }
}
