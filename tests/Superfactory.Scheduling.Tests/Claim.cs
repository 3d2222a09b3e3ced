using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Tests;

/// <summary>
/// A request within its queue's guarantee that would start if all who may ever give way to it did, and until when it has to have started: when the last of them
/// has run the minimum, 15 minutes at most. What saving takes comes on top of it where jobs are real.
/// </summary>
/// <param name="Request">The request.</param>
/// <param name="Until">Until when it has to have started.</param>
/// <param name="From">Those that may give way to it.</param>
internal sealed record Claim(GangRequest Request, long Until, IReadOnlyList<long> From)
{
    private const long MinimumMax = 15 * 60 * 1000;

    /// <summary>The claim of a request that is submitted now; null where it is none.</summary>
    /// <param name="state">The fleet.</param>
    /// <param name="request">The request.</param>
    /// <param name="now">The time.</param>
    /// <param name="besideStarts">Whether what is reserved for owners of other queues stays theirs.</param>
    public static Claim? Of(FleetState state, GangRequest request, long now, bool besideStarts = true)
    {
        state.Spare(now);
        var possible = state.Running.Values.Where(job => job.IsOwned
            ? job.Request.Queue == request.Queue && job.Request.Priority < request.Priority
            : !job.IsSpared && (job.Request.Queue != request.Queue || job.Request.Priority < request.Priority)).OrderBy(job => job.Request.Job).ToList();
        var owned = possible.Where(job => job.IsOwned).Sum(job => (long)job.Accelerators);
        var queue = state.Queues.Find(request.Queue);

        // What is reserved for owners of other queues stays theirs; all else makes room.
        var lifted = state.Reserved.Starts.Where(each => !besideStarts || !each.IsOwned || each.Queue == request.Queue).ToList();
        lifted.ForEach(each => state.Reserved.Lift(each, true));
        possible.ForEach(state.Detach);
        var plan = new GangSearch(state).Find(request, guaranteedOnly: false, request.IslandsMin);
        possible.ForEach(state.Restore);
        lifted.ForEach(each => state.Reserved.Lift(each, false));

        // Within the guarantee as it is: what only its own lower jobs would make room for in it is not a claim against others.
        var within = plan.Starts && plan.IsOwned && (owned == 0 || state.Quota.IsWithinGuarantee(queue, state.Running.Count == 0 ? 0 : possible[0].Type, (long)request.IslandsMin * request.AcceleratorsPerIsland));
        return within ? new Claim(request, possible.Select(job => Math.Max(now, job.StartMilliseconds + Math.Min(job.Request.MinimumRunMilliseconds, MinimumMax))).DefaultIfEmpty(now).Max(), [.. possible.Select(static job => job.Request.Job)]) : null;
    }

    /// <summary>Whether it ought to run and does not.</summary>
    public bool IsOverdue(FleetState state, long now) => now >= Until && !state.Running.ContainsKey(Request.Job);
}
