using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Preempting;

/// <summary>
/// Finds who gives way for a request that is within its queue's guarantee, or outranks others of its own queue: borrowed before owned, the cheapest first by
/// what is lost. Works on the state and leaves it as it was. Not safe for concurrent use.
/// </summary>
internal sealed class VictimSearch(FleetState state, GangSearch gangs)
{
    private readonly VictimRules _rules = new(state);
    private readonly DomainCosts _costs = new(state);
    private readonly SplitTable _splits = new();
    private readonly List<(Int128 Cost, int Pool, int[] Domains)> _sites = [];
    private readonly List<RunningJob> _possible = [];
    private readonly HashSet<long> _chosen = [];
    private readonly List<RunningJob> _stopped = [];

    /// <summary>Whether anybody might give way for a request, whatever is free; false is certain.</summary>
    public bool MayFind(GangRequest request)
    {
        var queue = state.Queues.Find(request.Queue);
        foreach (var type in GangSearch.Types(request))
        {
            if (state.HasBelow(queue, request.Priority) || state.Quota.IsWithinGuarantee(queue, type, (long)request.IslandsMin * request.AcceleratorsPerIsland))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds a plan with victims; null where none would help.</summary>
    public Plan? Find(GangRequest request, long now)
    {
        var queue = state.Queues.Find(request.Queue);
        foreach (var type in GangSearch.Types(request))
        {
            var guaranteed = state.Quota.IsWithinGuarantee(queue, type, (long)request.IslandsMin * request.AcceleratorsPerIsland);
            if (!guaranteed && !state.HasBelow(queue, request.Priority))
            {
                continue;
            }

            state.Spare(now);
            _rules.Prepare(request, queue, type, guaranteed, now);
            if ((guaranteed || _rules.HasOwn) && FindOfType(request, type, now) is { } plan)
            {
                return plan;
            }
        }

        return null;
    }

    /// <summary>
    /// Who gives way, so that a place which was found before is free: the cheapest first, ever twice as many, and then everybody goes on who can. Those are asked first who have something of the place, and others
    /// only where it is free and power, rates or quota are short.
    /// </summary>
    /// <param name="plan">The place, on the guarantee of its queue.</param>
    /// <param name="type">The kind of its hardware.</param>
    /// <param name="now">The time.</param>
    /// <param name="fits">Whether it is free.</param>
    /// <param name="found">Called when that was looked for, before it is looked at who can go on.</param>
    /// <returns>The plan with its victims; null where not even all who may give way leave the place free.</returns>
    public Plan? Clear(Plan plan, int type, long now, Func<bool> fits, Action found)
    {
        state.Spare(now);
        _rules.Prepare(plan.Request, state.Queues.Find(plan.Request.Queue), type, guaranteed: true, now);
        _stopped.Clear();
        _chosen.Clear();
        var isFree = fits();
        if (!isFree && GatherIn(plan, now))
        {
            isFree = StopUntil(fits);
            if (!isFree && HasRoom(plan))
            {
                GatherPossible(now);
                isFree = StopUntil(fits);
            }
        }

        found();
        if (isFree)
        {
            KeepWhoCanStay(plan, now);
        }

        return Restored(isFree, plan, plan.Request, now);
    }

    /// <summary>Everybody who may be stopped in the domains of a place, the cheapest first.</summary>
    /// <returns>Whether these would leave it free.</returns>
    private bool GatherIn(Plan plan, long now)
    {
        _possible.Clear();
        foreach (var island in plan.Islands)
        {
            foreach (var domain in island.Domains)
            {
                var free = state.Domains.Free(domain);
                foreach (ref readonly var slice in state.SlicesIn(domain))
                {
                    if (_rules.MayStop(slice.Job))
                    {
                        free += slice.Count;
                        _possible.Add(slice.Job);
                    }
                }

                if (free < island.Slice)
                {
                    return false;
                }
            }
        }

        _possible.Sort((one, other) => VictimRules.Compare(one, other, now));
        return true;
    }

    /// <summary>Whether nobody else has anything of a place.</summary>
    private bool HasRoom(Plan plan)
    {
        foreach (var island in plan.Islands)
        {
            foreach (var domain in island.Domains)
            {
                if (state.Domains.Free(domain) < island.Slice)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Stops who may be stopped, ever twice as many, until a place is free or nobody is left.</summary>
    private bool StopUntil(Func<bool> fits)
    {
        var isFree = false;
        for (int next = 0, batch = 1; !isFree && next < _possible.Count; batch *= 2, isFree = fits())
        {
            for (var end = Math.Min(_possible.Count, next + batch); next < end; next++)
            {
                Stop(_possible[next]);
            }
        }

        return isFree;
    }

    /// <summary>Whether a plan that was found with some stopped may come true.</summary>
    private bool IsAllowed(Plan plan)
    {
        if (!plan.Starts || plan.IsOwned)
        {
            return plan.Starts;
        }

        foreach (var job in _stopped)
        {
            if (job.IsOwned)
            {
                return false;
            }
        }

        return true;
    }

    private Plan? FindOfType(GangRequest asked, int type, long now)
    {
        _stopped.Clear();
        _chosen.Clear();
        if (!ChooseDomains(asked, type, now))
        {
            return null;
        }

        var request = asked.Hardware.Length == 1 ? asked : asked with { Hardware = [HardwareCatalogue.All[type].Name] };
        var plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMin);
        if (!IsAllowed(plan))
        {
            plan = StopMore(request, plan, now);
        }

        var allowed = IsAllowed(plan);
        if (allowed)
        {
            KeepWhoCanStay(plan, now);
        }

        return Restored(allowed, plan, asked, now);
    }

    /// <summary>Has everybody run as before.</summary>
    private Plan? Restored(bool isFound, Plan plan, GangRequest asked, long now)
    {
        foreach (var job in _stopped)
        {
            state.Restore(job);
        }

        return !isFound ? null : plan with
        {
            Request = asked,
            Victims = [.. _stopped.OrderBy(static job => job.Number).Select(job => new Victim(job.Number, job.IsOwned, job.Loss(now)))],
        };
    }

    /// <summary>Clearing domains was not enough, for power or rates or quota: more of them, twice as many each time, the cheapest first.</summary>
    private Plan StopMore(GangRequest request, Plan plan, long now)
    {
        GatherPossible(now);
        var batch = 1;
        for (var next = 0; !IsAllowed(plan) && next < _possible.Count;)
        {
            for (var end = Math.Min(_possible.Count, next + batch); next < end; next++)
            {
                Stop(_possible[next]);
            }

            batch *= 2;
            plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMin);
        }

        return plan;
    }

    /// <summary>Everybody who may be stopped, the cheapest first.</summary>
    private void GatherPossible(long now)
    {
        _possible.Clear();
        for (var queue = _rules.FirstQueue; queue <= _rules.LastQueue; queue++)
        {
            foreach (var job in state.JobsOf(queue))
            {
                if (_rules.MayStop(job))
                {
                    _possible.Add(job);
                }
            }
        }

        _possible.Sort((one, other) => VictimRules.Compare(one, other, now));
    }

    private void Stop(RunningJob job)
    {
        if (_chosen.Add(job.Number))
        {
            state.Detach(job);
            _stopped.Add(job);
        }
    }

    /// <summary>
    /// Clears, at as many sites as the request needs at least, the domains in which the least is lost.
    /// </summary>
    /// <returns>False where too few sites would have room even without anybody who may be stopped.</returns>
    private bool ChooseDomains(GangRequest request, int type, long now)
    {
        var sites = _sites;
        sites.Clear();
        foreach (var pool in state.PoolsOfType[type])
        {
            if (!state.IsOpenTo(request, pool) || Cheapest(pool, request, now, out var cost) is not { } domains)
            {
                continue;
            }

            // Two pools of one kind at one site differ in nodes' slots: the cheaper one stands for the site.
            var known = 0;
            while (known < sites.Count && state.Layout.Pools[sites[known].Pool].Site != state.Layout.Pools[pool].Site)
            {
                known++;
            }

            if (known == sites.Count)
            {
                sites.Add((cost, pool, domains));
            }
            else if (cost < sites[known].Cost)
            {
                sites[known] = (cost, pool, domains);
            }
        }

        if (sites.Count < request.IslandsMin)
        {
            return false;
        }

        sites.Sort(static (left, right) => left.Cost.CompareTo(right.Cost) is var order && order != 0 ? order : left.Pool.CompareTo(right.Pool));
        for (var site = 0; site < request.IslandsMin; site++)
        {
            var domains = sites[site].Domains;
            foreach (var domain in domains)
            {
                Clear(domain, request.AcceleratorsPerIsland / domains.Length, now);
            }
        }

        return true;
    }

    /// <summary>The domains of a pool that cost the least to clear, in the fewest equal slices; null where even all possible victims leave too little.</summary>
    private int[]? Cheapest(int pool, GangRequest request, long now, out Int128 cost)
    {
        var place = state.Layout.Pools[pool];
        cost = 0;
        if (place.IsCounted)
        {
            return _costs.Cheapest(pool, 1, request.AcceleratorsPerIsland, Within.Site, _rules, now, out cost);
        }

        foreach (var slices in _splits.Of(place, request.AcceleratorsPerIsland))
        {
            if (_costs.Cheapest(pool, slices, request.AcceleratorsPerIsland / slices, request.Within, _rules, now, out cost) is { } domains)
            {
                return domains;
            }
        }

        return null;
    }

    private void Clear(int domain, int slice, long now)
    {
        foreach (var job in _costs.InDomain(domain, _rules, now))
        {
            if (state.Domains.Free(domain) >= slice)
            {
                return;
            }

            Stop(job);
        }
    }

    /// <summary>With the gang in its place, lets everybody go on whose accelerators, power, rates and quota are still there; the dearest first.</summary>
    private void KeepWhoCanStay(Plan plan, long now)
    {
        var gang = state.Start(plan, now, isTrial: true);
        _stopped.Sort((one, other) => VictimRules.Compare(one, other, now));
        for (var last = _stopped.Count - 1; last >= 0; last--)
        {
            if (!state.CanRestore(_stopped[last]))
            {
                continue;
            }

            // What the gang borrows must still be its to borrow, and what is reserved must still be there.
            state.Restore(_stopped[last]);
            if ((gang.IsOwned || state.Quota.CheckBorrowing(gang.Queue, gang.Type, 0, state.Free(gang.Type)) is null) && state.LeavesReserved(_stopped[last], gang))
            {
                _stopped.RemoveAt(last);
            }
            else
            {
                state.Detach(_stopped[last]);
            }
        }

        state.TakeBack(gang.Number);
    }
}
