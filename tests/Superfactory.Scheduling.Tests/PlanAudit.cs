using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Tests;

/// <summary>Says what a plan breaks, from nothing but who runs and what queues are promised. Asked before the plan comes true; shares no ledger with the scheduler.</summary>
internal static class PlanAudit
{
    /// <summary>Everything that is broken; empty where nothing is.</summary>
    public static List<string> Check(FleetState state, Plan plan, long now)
    {
        List<string> broken = [];
        if (plan.Starts == (plan.Reason is not null))
        {
            broken.Add("reason: a job starts or says why it does not, and never both");
        }

        if (!plan.Starts)
        {
            return broken;
        }

        var victims = plan.Victims.Select(victim => state.Running[victim.Job]).ToList();
        CheckVictims(state, plan, victims, now, broken);
        CheckQuota(state, plan, victims, broken);
        return broken;
    }

    private static void CheckVictims(FleetState state, Plan plan, List<RunningJob> victims, long now, List<string> broken)
    {
        foreach (var job in victims)
        {
            var sameQueue = job.Request.Queue == plan.Request.Queue;
            var minimum = Math.Min(job.Request.MinimumRunMilliseconds, 15 * 60 * 1000);
            if (now - job.StartMilliseconds < minimum)
            {
                broken.Add($"minimum: job {job.Request.Job} has not run its minimum");
            }

            var mayTake = sameQueue ? job.Request.Priority < plan.Request.Priority && (plan.IsOwned || !job.IsOwned) : plan.IsOwned && !job.IsOwned;
            if (!mayTake)
            {
                broken.Add($"victim: job {plan.Request.Job} may not take from job {job.Request.Job}");
            }

            var left = state.Running.Values.Where(other => other.Request.Queue == job.Request.Queue && !victims.Contains(other)).Sum(other => (long)other.Accelerators);
            if (!sameQueue && left + job.Accelerators <= Own(state, job.Request.Queue))
            {
                broken.Add($"spared: the guarantee of {job.Request.Queue} has room for job {job.Request.Job}");
            }
        }
    }

    private static void CheckQuota(FleetState state, Plan plan, List<RunningJob> victims, List<string> broken)
    {
        var queues = state.Queues.Queues;
        var count = plan.Islands.Sum(island => (long)island.Accelerators);
        var rest = state.Running.Values.Except(victims).ToList();
        if (plan.IsOwned)
        {
            if (Held(rest, plan.Request.Queue, owned: true) + count > Own(state, plan.Request.Queue))
            {
                broken.Add($"owned: job {plan.Request.Job} is beyond the guarantee of {plan.Request.Queue}");
            }

            return;
        }

        for (var queue = queues.Single(each => each.Name == plan.Request.Queue); ; queue = queues.Single(each => each.Name == queue.Parent))
        {
            var quota = queue.Quotas.FirstOrDefault();
            var under = queues.Where(each => each.Name == queue.Name || each.Parent == queue.Name).Sum(each => Held(rest, each.Name)) + count;
            if (quota?.BorrowingLimit is { } limit && under > quota.Guaranteed + limit)
            {
                broken.Add($"borrowing: {queue.Name} would use {under} of {quota.Guaranteed + limit}");
            }

            if (queue.Parent is null)
            {
                break;
            }
        }

        var kept = queues.Where(each => each.Name != plan.Request.Queue && each.Quotas is [{ LendingLimit: not null }, ..])
            .Sum(each => Math.Max(0, Own(state, each.Name) - Held(rest, each.Name, owned: true) - each.Quotas[0].LendingLimit!.Value));
        var free = state.Free(plan.Islands[0].Hardware) + victims.Sum(job => (long)job.Accelerators) - count;
        if (kept > 0 && free < kept)
        {
            broken.Add($"lending: {kept} are not lent, {free} would be left");
        }
    }

    private static long Held(IEnumerable<RunningJob> jobs, string queue, bool owned = false) =>
        jobs.Where(job => job.Request.Queue == queue && (!owned || job.IsOwned)).Sum(job => (long)job.Accelerators);

    private static long Own(FleetState state, string queue) =>
        (state.Queues.Queues.Single(other => other.Name == queue).Quotas.FirstOrDefault()?.Guaranteed ?? 0)
        - state.Queues.Queues.Where(other => other.Parent == queue).Sum(other => other.Quotas.FirstOrDefault()?.Guaranteed ?? 0);
}
