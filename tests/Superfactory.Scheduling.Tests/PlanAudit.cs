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
        CheckRoles(plan, broken);
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

            var rest = state.Running.Values.Except(victims).Append(job).ToList();
            if (!sameQueue && Kinds(state, [job]).All(kind => Held(state, rest, job.Request.Queue, kind) <= Own(state, job.Request.Queue, kind)))
            {
                broken.Add($"spared: the guarantee of {job.Request.Queue} has room for job {job.Request.Job}");
            }
        }
    }

    /// <summary>All islands that are needed and all gangs of all roles, or nothing.</summary>
    private static void CheckRoles(Plan plan, List<string> broken)
    {
        var request = plan.Request;
        var own = plan.Islands.Count(island => island.Role < 0);
        if (own < request.IslandsMin || own > request.IslandsMax)
        {
            broken.Add($"whole: job {request.Job} would start with {own} islands");
        }

        var sizes = plan.Islands.Where(island => island.Role < 0).Select(island => island.Accelerators).Distinct().ToList();
        if (own > 0 && (sizes.Count != 1 || sizes[0] < (request.AcceleratorsMin == 0 ? request.AcceleratorsPerIsland : request.AcceleratorsMin) || sizes[0] > request.AcceleratorsPerIsland))
        {
            broken.Add($"range: job {request.Job} would start with islands of {string.Join(" and ", sizes)}");
        }

        for (var role = 0; role < request.Roles.Length; role++)
        {
            var gangs = plan.Islands.Where(island => island.Role == role).ToList();
            if (gangs.Count != request.Roles[role].Count || gangs.Any(gang => gang.Accelerators != request.Roles[role].Accelerators))
            {
                broken.Add($"whole: job {request.Job} would start with {gangs.Count} of {request.Roles[role].Count} gangs of {request.Roles[role].Name}, or parts of them");
            }
        }
    }

    private static void CheckQuota(FleetState state, Plan plan, List<RunningJob> victims, List<string> broken)
    {
        foreach (var kind in plan.Islands.Select(island => island.Hardware).Distinct())
        {
            CheckQuota(state, plan, victims, kind, broken);
        }
    }

    private static void CheckQuota(FleetState state, Plan plan, List<RunningJob> victims, string kind, List<string> broken)
    {
        var queues = state.Queues.Queues;
        var count = plan.Islands.Where(island => island.Hardware == kind).Sum(island => (long)island.Accelerators);
        var rest = state.Running.Values.Except(victims).ToList();
        if (plan.IsOwned)
        {
            if (Held(state, rest, plan.Request.Queue, kind, owned: true) + count > Own(state, plan.Request.Queue, kind))
            {
                broken.Add($"owned: job {plan.Request.Job} is beyond the guarantee of {plan.Request.Queue}");
            }

            return;
        }

        for (var queue = queues.Single(each => each.Name == plan.Request.Queue); ; queue = queues.Single(each => each.Name == queue.Parent))
        {
            var quota = Quota(queue, kind);
            var under = queues.Where(each => each.Name == queue.Name || each.Parent == queue.Name).Sum(each => Held(state, rest, each.Name, kind)) + count;
            if (quota?.BorrowingLimit is { } limit && under > quota.Guaranteed + limit)
            {
                broken.Add($"borrowing: {queue.Name} would use {under} of {quota.Guaranteed + limit}");
            }

            if (queue.Parent is null)
            {
                break;
            }
        }

        var kept = queues.Where(each => each.Name != plan.Request.Queue && Quota(each, kind) is { LendingLimit: not null })
            .Sum(each => Math.Max(0, Own(state, each.Name, kind) - Held(state, rest, each.Name, kind, owned: true) - Quota(each, kind)!.LendingLimit!.Value));
        var free = state.Free(kind) + victims.Sum(job => Of(state, job, kind)) - count;
        if (kept > 0 && free < kept)
        {
            broken.Add($"lending: {kept} are not lent, {free} would be left");
        }
    }

    private static QuotaSpecification? Quota(QueueSpecification queue, string kind) => queue.Quotas.FirstOrDefault(quota => quota.Hardware == kind);

    private static IEnumerable<string> Kinds(FleetState state, IEnumerable<RunningJob> jobs) =>
        jobs.SelectMany(job => job.Slices).Select(slice => HardwareCatalogue.All[state.TypeOf(slice.Domain)].Name).Distinct();

    private static long Of(FleetState state, RunningJob job, string kind) =>
        job.Slices.Where(slice => HardwareCatalogue.All[state.TypeOf(slice.Domain)].Name == kind).Sum(slice => (long)slice.Count);

    private static long Held(FleetState state, IEnumerable<RunningJob> jobs, string queue, string kind, bool owned = false) =>
        jobs.Where(job => job.Request.Queue == queue && (!owned || job.IsOwned)).Sum(job => Of(state, job, kind));

    private static long Own(FleetState state, string queue, string kind) =>
        (Quota(state.Queues.Queues.Single(other => other.Name == queue), kind)?.Guaranteed ?? 0)
        - state.Queues.Queues.Where(other => other.Parent == queue).Sum(other => Quota(other, kind)?.Guaranteed ?? 0);
}
