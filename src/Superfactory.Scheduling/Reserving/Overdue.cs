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
    /// <summary>Everybody who has to be stopped now, in the order of their numbers.</summary>
    public static ImmutableArray<Overdue> Find(FleetState state, long now)
    {
        SortedDictionary<long, Overdue> found = [];
        foreach (var reservation in state.Reserved.All)
        {
            if (reservation.Window is not null)
            {
                foreach (var hold in reservation.Holds)
                {
                    Clear(state, hold, now, found);
                }
            }
            else if (reservation.StartMilliseconds != long.MaxValue)
            {
                InTheWay(state, reservation, now, found);
            }
        }

        return [.. found.Values];
    }

    /// <summary>Those that were let run ahead of a start and are still there, if it can come true once they are gone.</summary>
    private static void InTheWay(FleetState state, Reservation reservation, long now, SortedDictionary<long, Overdue> found)
    {
        List<RunningJob> stopped = [];
        foreach (var hold in reservation.Holds)
        {
            var open = state.Domains.Open(hold.Domain);
            List<(RunningJob Job, int Count)> late = [];
            foreach (ref readonly var slice in state.SlicesIn(hold.Domain))
            {
                if (slice.Job.EndBy <= reservation.StartMilliseconds && reservation.StartMilliseconds - slice.Job.StopCost <= now)
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
                return;
            }
        }

        foreach (var job in stopped)
        {
            found.TryAdd(job.Request.Job, new Overdue(job.Request.Job, reservation));
        }
    }

    /// <summary>
    /// Those of other queues that a window has no room for beside it: first who was to have ended by then and runs on, then the cheapest. What those leave who are expected to end by then is
    /// not kept for the window, so that others start there: whoever counted on somebody's leaving is not stopped in its place.
    /// </summary>
    private static void Clear(FleetState state, Hold hold, long now, SortedDictionary<long, Overdue> found)
    {
        var (start, queue) = (hold.Of.StartMilliseconds, hold.Of.Queue);
        var needed = hold.Of.EndMilliseconds <= now ? 0 : hold.Count - Math.Max(0, state.Domains.Open(hold.Domain));
        List<RunningJob> others = [];
        foreach (ref readonly var slice in state.SlicesIn(hold.Domain))
        {
            if ((queue is not null && state.Queues.IsUnder(slice.Job.Request.Queue, queue)) || (slice.Job.ExpectedEnd <= start && slice.Job.ExpectedEnd > now))
            {
                needed -= slice.Count;
            }
            else if (!others.Contains(slice.Job))
            {
                others.Add(slice.Job);
            }
        }

        others.Sort((one, other) => (one.ExpectedEnd > start).CompareTo(other.ExpectedEnd > start) is var order && order != 0 ? order : VictimRules.Compare(one, other, now));
        for (var next = 0; needed > 0 && next < others.Count; next++)
        {
            // Who takes less time to stop has not to go yet, but will have gone.
            var job = others[next];
            if (start - job.StopCost <= now)
            {
                found.TryAdd(job.Request.Job, new Overdue(job.Request.Job, hold.Of));
            }

            foreach (ref readonly var slice in state.SlicesOf(job))
            {
                needed -= slice.Domain == hold.Domain ? slice.Count : 0;
            }
        }
    }
}
