using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Scheduling.Placing;

/// <summary>
/// Finds places for all islands of a gang at once, each at a site of its own, all of one kind of hardware, within budgets of power, quota and the rates
/// between them. Leaves the state as it was. Not safe for concurrent use.
/// </summary>
internal sealed class GangSearch
{
    /// <summary>The sets of sites that are tried for the rates between them: all sets of 4 among 8.</summary>
    private const int SetsMax = 70;

    private static readonly Comparison<IslandCandidate> _byScore = static (left, right) => left.Score.CompareTo(right.Score) is var order && order != 0 ? order : left.Pool.CompareTo(right.Pool);

    private readonly FleetState _state;
    private readonly IslandSearch _islands;
    private readonly WaitingPlans _waiting = new();
    private readonly List<IslandCandidate> _candidates = [];

    /// <summary>A search of that state.</summary>
    public GangSearch(FleetState state) => (_state, _islands) = (state, new IslandSearch(state));

    /// <summary>The kinds that a request accepts, in its order of preference.</summary>
    public static AcceptedTypes Types(GangRequest request) => new(request);

    /// <summary>Finds a place; a plan that waits, with the first kind's reason, where there is none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="guaranteedOnly">Whether it may use nothing but what its queue is guaranteed.</param>
    /// <param name="islandsMax">The most islands, at most the request's.</param>
    public Plan Find(GangRequest request, bool guaranteedOnly, int islandsMax)
    {
        PendingReason? reason = null;
        var queue = _state.Queues.Find(request.Queue);
        foreach (var type in Types(request))
        {
            if (_state.PoolsOfType[type].IsEmpty)
            {
                continue;
            }

            if (FindOfType(request, queue, type, guaranteedOnly, islandsMax, out var lacks) is { } plan)
            {
                return plan;
            }

            reason ??= lacks;
        }

        return _waiting.Of(request, reason);
    }

    private Plan? FindOfType(GangRequest request, int queue, int type, bool guaranteedOnly, int islandsMax, out PendingReason? lacks)
    {
        PendingReason? quota = null;
        var islands = islandsMax;
        for (; islands >= request.IslandsMin; islands--)
        {
            var count = (long)islands * request.AcceleratorsPerIsland;
            if (_state.Quota.IsWithinGuarantee(queue, type, count))
            {
                break;
            }

            quota = guaranteedOnly
                ? new PendingReason.Quota(count - (_state.Quota.Own(queue, type) - _state.Quota.Owned(queue, type)), request.Queue, HardwareCatalogue.All[type].Name)
                : _state.Quota.CheckBorrowing(queue, type, count, _state.Free(type));
            if (quota is null)
            {
                break;
            }
        }

        lacks = islands < request.IslandsMin ? quota : Gather(request, type);
        if (islands < request.IslandsMin || lacks is not null)
        {
            return null;
        }

        if (_candidates.Count > 1)
        {
            _candidates.Sort(_byScore);
        }

        var plan = Choose(request, queue, type, Math.Min(islands, _candidates.Count));
        lacks = plan.Reason;
        return plan.Starts ? plan : null;
    }

    /// <summary>Fills the candidates, the best place of each site.</summary>
    /// <returns>Null where they are enough; else what is missing at the site that lacks the least among those that have no place.</returns>
    private PendingReason? Gather(GangRequest request, int type)
    {
        _candidates.Clear();
        var (least, at) = (long.MaxValue, -1);
        PendingReason.Power? power = null;
        foreach (var pool in _state.PoolsOfType[type])
        {
            var site = _state.Layout.Pools[pool].Site;
            if (!_state.IsOpenTo(request, pool))
            {
                continue;
            }

            var preference = request.PreferredSites.IsEmpty ? -1 : request.PreferredSites.IndexOf(_state.Layout.SiteNames[site]);
            var toCopy = request.Inputs.IsEmpty ? 0 : JobInput.ToCopy(request.Inputs, _state.Layout.SiteNames[site]);
            var candidate = _islands.Find(pool, request, preference < 0 ? request.PreferredSites.Length : preference, toCopy);
            if (candidate is null)
            {
                var missing = Math.Max(1, request.AcceleratorsPerIsland - _islands.Found);
                (least, at) = missing < least ? (missing, site) : (least, at);
                power = _islands.PowerShort is { } watts && (power is null || watts.Watts < power.Watts) ? watts : power;
                continue;
            }

            Keep(candidate, site);
        }

        if (_candidates.Count >= request.IslandsMin)
        {
            return null;
        }

        var hardware = HardwareCatalogue.All[type].Name;
        return power is not null ? power : at < 0
            ? _waiting.Lacks(request.AcceleratorsPerIsland, hardware, "another site")
            : _waiting.Lacks(least, hardware, _state.Layout.SiteNames[at], request.Within);
    }

    private void Keep(IslandCandidate candidate, int site)
    {
        // Two pools of one kind at one site differ in nodes' slots: the better one stands for the site.
        for (var other = 0; other < _candidates.Count; other++)
        {
            if (_state.Layout.Pools[_candidates[other].Pool].Site == site)
            {
                _candidates[other] = candidate.Score < _candidates[other].Score ? candidate : _candidates[other];
                return;
            }
        }

        _candidates.Add(candidate);
    }

    /// <summary>The first set of sites, the best first and the larger sets before the smaller, that power and links allow.</summary>
    private Plan Choose(GangRequest request, int queue, int type, int islandsMax)
    {
        PendingReason? reason = null;
        var tried = 0;
        for (var size = islandsMax; size >= request.IslandsMin; size--)
        {
            var set = new int[size];
            for (var place = 0; place < size; place++)
            {
                set[place] = place;
            }

            do
            {
                var plan = TrySet(request, queue, type, set);
                if (plan.Starts)
                {
                    return plan;
                }

                reason ??= plan.Reason;
            }
            while (++tried < SetsMax && Next(set, _candidates.Count));
        }

        return new Plan { Request = request, Reason = reason };
    }

    /// <summary>The next set in lexicographic order; false after the last.</summary>
    private static bool Next(int[] set, int count)
    {
        var place = set.Length - 1;
        while (place >= 0 && set[place] == count - set.Length + place)
        {
            place--;
        }

        if (place < 0)
        {
            return false;
        }

        set[place]++;
        for (var after = place + 1; after < set.Length; after++)
        {
            set[after] = set[after - 1] + 1;
        }

        return true;
    }

    private Plan TrySet(GangRequest request, int queue, int type, int[] set)
    {
        long watts = 0;
        foreach (var place in set)
        {
            var candidate = _candidates[place];
            var site = _state.Layout.Pools[candidate.Pool].Site;
            var needed = candidate.WattsPerSlice * candidate.Domains.Length;
            watts += needed;
            if (needed > _state.Power.Left(PowerLevel.Site, site))
            {
                return new Plan { Request = request, Reason = new PendingReason.Power(needed - _state.Power.Left(PowerLevel.Site, site), _state.Layout.SiteNames[site]) };
            }
        }

        if (watts > _state.Power.Left(PowerLevel.Fleet, 0))
        {
            return new Plan { Request = request, Reason = new PendingReason.Power(watts - _state.Power.Left(PowerLevel.Fleet, 0), "the fleet") };
        }

        var reservations = Reserve(request, set, out var missing);
        if (missing is not null)
        {
            return new Plan { Request = request, Reason = missing };
        }

        var islands = new IslandPlan[set.Length];
        for (var place = 0; place < set.Length; place++)
        {
            islands[place] = Island(_candidates[set[place]]);
        }

        return new Plan
        {
            Request = request, Reservations = reservations, Islands = ImmutableCollectionsMarshal.AsImmutableArray(islands),
            IsOwned = _state.Quota.IsWithinGuarantee(queue, type, (long)set.Length * request.AcceleratorsPerIsland),
        };
    }

    private IslandPlan Island(IslandCandidate candidate) => new()
    {
        Site = _state.Layout.SiteNames[_state.Layout.Pools[candidate.Pool].Site], Hardware = _state.Layout.Pools[candidate.Pool].Hardware.Name,
        Slice = candidate.Slice, Domains = ImmutableCollectionsMarshal.AsImmutableArray(candidate.Domains), Score = candidate.Score, Pool = candidate.Pool,
    };

    /// <summary>The routes between all islands, each way; the ledger is left as it was.</summary>
    private ImmutableArray<WanReservation> Reserve(GangRequest request, int[] set, out PendingReason? missing)
    {
        missing = null;
        if (request.WanBytesPerSecond == 0 || set.Length < 2)
        {
            return [];
        }

        // By site, so that which island comes first decides neither a route nor which one is missed.
        int[] sites = [.. set.Select(place => _state.Layout.Pools[_candidates[place].Pool].Site).Order()];
        List<ImmutableArray<int>> routes = [];
        foreach (var source in sites)
        {
            foreach (var target in sites)
            {
                if (source == target || missing is not null)
                {
                    continue;
                }

                var route = _state.Wan.Reserve(source, target, request.WanBytesPerSecond);
                if (route.IsEmpty)
                {
                    missing = new PendingReason.Wan(request.WanBytesPerSecond, _state.Layout.SiteNames[source], _state.Layout.SiteNames[target]);
                }
                else
                {
                    routes.Add(route);
                }
            }
        }

        foreach (var route in routes)
        {
            _state.Wan.Release(route, request.WanBytesPerSecond);
        }

        return missing is not null ? [] : [.. routes.Select(route => new WanReservation(_state.Wan.Names(route), request.WanBytesPerSecond))];
    }
}
