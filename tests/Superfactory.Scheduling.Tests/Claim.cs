using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Tests;

/// <summary>
/// A request within its queue's guarantee that would start if all who may ever give way to it did, and until when it has to have started: when the last of them
/// has run the minimum, 15 minutes at most. What saving takes comes on top of it where jobs are real.
/// </summary>
internal sealed record Claim(GangRequest Request, long Until)
{
    private const long MinimumMax = 15 * 60 * 1000;

    /// <summary>The claim of a request that is submitted now; null where it is none.</summary>
    public static Claim? Of(FleetState state, GangRequest request, long now)
    {
        state.Spare(now);
        var possible = state.Running.Values.Where(job => job.IsOwned
            ? job.Request.Queue == request.Queue && job.Request.Priority < request.Priority
            : !job.IsSpared && (job.Request.Queue != request.Queue || job.Request.Priority < request.Priority)).OrderBy(job => job.Request.Job).ToList();
        var owned = possible.Where(job => job.IsOwned).Sum(job => (long)job.Accelerators);
        var queue = state.Queues.Find(request.Queue);
        possible.ForEach(state.Detach);
        var plan = new GangSearch(state).Find(request, guaranteedOnly: false, request.IslandsMin);
        possible.ForEach(state.Restore);

        // Within the guarantee as it is: what only its own lower jobs would make room for in it is not a claim against others.
        var within = plan.Starts && plan.IsOwned && (owned == 0 || state.Quota.IsWithinGuarantee(queue, state.Running.Count == 0 ? 0 : possible[0].Type, (long)request.IslandsMin * request.AcceleratorsPerIsland));
        return within ? new Claim(request, possible.Select(job => Math.Max(now, job.StartMilliseconds + Math.Min(job.Request.MinimumRunMilliseconds, MinimumMax))).DefaultIfEmpty(now).Max()) : null;
    }

    /// <summary>Whether it ought to run and does not.</summary>
    public bool IsOverdue(FleetState state, long now) => now >= Until && !state.Running.ContainsKey(Request.Job);
}
