namespace Superfactory.Scheduling.Reserving;

/// <summary>What a start leaves those that are reserved beside accelerators and power, which are kept of domains.</summary>
internal static class ReservedRules
{
    /// <summary>Whether a reserved start still has its quota and its rates if a plan comes true and runs on by then.</summary>
    public static bool Leaves(FleetState state, Plan plan, Reservation reserved) =>
        LeavesQuota(state, plan, reserved) && (reserved.Routes.IsEmpty || plan.Reservations.IsEmpty || LeavesRates(state, plan, reserved));

    private static bool LeavesQuota(FleetState state, Plan plan, Reservation reserved)
    {
        var type = reserved.Type;
        var count = plan.Islands.Sum(island => state.TypeOf(island.Domains[0]) == type ? (long)island.Accelerators : 0);
        if (count == 0)
        {
            return true;
        }

        var queue = reserved.QueueNumber;
        if (reserved.IsOwned && plan.IsOwned && plan.Request.Queue == reserved.Queue)
        {
            var owned = state.Quota.Owned(queue, type) + count + Others(state, reserved, queue, ownedOnly: true) - Ended(state, reserved, queue, plan, ownedOnly: true);
            if (owned > state.Quota.Own(queue, type))
            {
                return false;
            }
        }

        // Who is on a guarantee needs no limit.
        for (var above = reserved.IsOwned ? -1 : queue; above >= 0; above = state.Queues.Parents[above])
        {
            var limit = state.Quota.Limit(above, type);
            if (limit != long.MaxValue && state.Queues.IsUnder(plan.Request.Queue, state.Queues.Queues[above].Name)
                && state.Quota.Used(above, type) + count + Others(state, reserved, above, ownedOnly: false) - Ended(state, reserved, above, plan, ownedOnly: false) > limit)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What is reserved at that time for a queue and those under it, this one included.</summary>
    private static long Others(FleetState state, Reservation reserved, int above, bool ownedOnly)
    {
        var sum = 0L;
        foreach (var other in state.Reserved.StartsByJob)
        {
            if (!other.IsLifted && other.Type == reserved.Type && other.Since <= reserved.StartMilliseconds && other.EndMilliseconds > reserved.StartMilliseconds
                && (ownedOnly ? other.IsOwned && other.Queue == reserved.Queue : state.Queues.IsUnder(other.Queue!, state.Queues.Queues[above].Name)))
            {
                sum += other.Accelerators;
            }
        }

        return sum;
    }

    /// <summary>What those of a queue and under it have left by then, or give way with.</summary>
    private static long Ended(FleetState state, Reservation reserved, int above, Plan plan, bool ownedOnly)
    {
        var sum = 0L;
        for (var queue = 0; queue < state.Queues.Queues.Length; queue++)
        {
            if (ownedOnly ? queue != above : !state.Queues.IsUnder(state.Queues.Queues[queue].Name, state.Queues.Queues[above].Name))
            {
                continue;
            }

            foreach (var job in state.JobsOf(queue))
            {
                if (job.Of(reserved.Type) > 0 && (!ownedOnly || job.IsOwned) && ((job.ExpectedEnd <= reserved.StartMilliseconds && !reserved.IsClaim) || plan.Victims.Any(victim => victim.Job == job.Request.Job)))
                {
                    sum += job.Of(reserved.Type);
                }
            }
        }

        return sum;
    }

    private static bool LeavesRates(FleetState state, Plan plan, Reservation reserved)
    {
        var rates = new Dictionary<int, long>();
        foreach (var reservation in plan.Reservations)
        {
            Add(state, rates, [.. reservation.Route.Select(site => state.Layout.SiteNames.IndexOf(site))], reservation.BytesPerSecond);
        }

        foreach (var other in state.Reserved.StartsByJob)
        {
            if (!other.IsLifted && other.Since <= reserved.StartMilliseconds && other.EndMilliseconds > reserved.StartMilliseconds)
            {
                foreach (var (route, rate) in other.Routes)
                {
                    Add(state, rates, route, rate);
                }
            }
        }

        foreach (var job in state.Running.Values)
        {
            if (HasLeft(state, job, reserved, plan))
            {
                foreach (var (route, rate) in job.Routes)
                {
                    Add(state, rates, route, -rate);
                }
            }
        }

        foreach (var (route, _) in reserved.Routes)
        {
            for (var hop = 1; hop < route.Length; hop++)
            {
                if (state.Wan.Reserved(route[hop - 1], route[hop]) + rates.GetValueOrDefault(state.Wan.Direction(route[hop - 1], route[hop])) > state.Wan.Capacity(route[hop - 1], route[hop]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool HasLeft(FleetState state, RunningJob job, Reservation reserved, Plan plan) => !job.Routes.IsEmpty
        && (job.ExpectedEnd <= reserved.StartMilliseconds || (reserved.IsClaim && state.Reserved.GivesWay(reserved, job)) || plan.Victims.Any(victim => victim.Job == job.Request.Job));

    private static void Add(FleetState state, Dictionary<int, long> rates, IReadOnlyList<int> route, long rate)
    {
        for (var hop = 1; hop < route.Count; hop++)
        {
            var direction = state.Wan.Direction(route[hop - 1], route[hop]);
            rates[direction] = rates.GetValueOrDefault(direction) + rate;
        }
    }
}
