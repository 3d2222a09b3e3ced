using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Explaining;

/// <summary>Finds what a gang lacks that has no place, the fewest accelerators first, then the least power, and grants it until the search that places gangs finds one. Not safe for concurrent use.</summary>
internal sealed class LackSearch(FleetState state, GangSearch gangs)
{
    /// <summary>Lacks that only come to light when others are granted, such as a rate between the sites that are taken then: 16 sites have 240 pairs.</summary>
    private const int RoundsMax = 256;

    private readonly IslandSearch _islands = new(state);
    private readonly SplitTable _splits = new();

    /// <summary>Grants what a gang lacks.</summary>
    /// <returns>The plan with which it starts then; one that does not start where no kind of hardware that it accepts has so much.</returns>
    public Plan Place(GangRequest request, WhatIf whatIf)
    {
        var plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMax);
        for (var beyondQuota = 0; beyondQuota < 2 && !plan.Starts; beyondQuota++)
        {
            foreach (var type in GangSearch.Types(request))
            {
                if ((beyondQuota > 0 || HasQuota(request, type)) && Best(request, type) is { } places)
                {
                    foreach (var place in places)
                    {
                        Grant(place, whatIf);
                    }

                    return Rest(request with { Hardware = [HardwareCatalogue.All[type].Name] }, type, places, whatIf);
                }
            }
        }

        return plan;
    }

    /// <summary>Whether a queue may use what a gang needs of a kind, if only there were so many free.</summary>
    private bool HasQuota(GangRequest request, int type)
    {
        var (queue, count) = (state.Queues.Find(request.Queue), (long)request.IslandsMin * request.AcceleratorsPerIsland);
        return state.Quota.IsWithinGuarantee(queue, type, count) || state.Quota.CheckBorrowing(queue, type, count, long.MaxValue / 2) is null;
    }

    /// <summary>Frees every domain.</summary>
    public void FreeAll(WhatIf whatIf)
    {
        for (var domain = 0; domain < state.Layout.Domains.Length; domain++)
        {
            if (state.Grantable(domain) is var count and > 0)
            {
                whatIf.Free(domain, count);
            }
        }
    }

    /// <summary>Grants what a queue lacks for what it uses and so many more.</summary>
    public void GrantQuota(int queue, int type, long count, WhatIf whatIf)
    {
        foreach (var lacks in state.Quota.Lacking(queue, type, count, state.Free(type)).ToList())
        {
            whatIf.Quota(lacks);
        }
    }

    /// <summary>With accelerators and power where the least is lacking: quota, rates, and budgets that several islands share.</summary>
    private Plan Rest(GangRequest request, int type, ImmutableArray<IslandLack> places, WhatIf whatIf)
    {
        var queue = state.Queues.Find(request.Queue);
        var count = (long)request.IslandsMin * request.AcceleratorsPerIsland;
        if (!state.Quota.IsWithinGuarantee(queue, type, count))
        {
            GrantQuota(queue, type, count, whatIf);
        }

        GrantRates([.. places.Select(place => state.Layout.Pools[place.Pool].Site)], request.WanBytesPerSecond, whatIf);
        var plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMax);
        for (var round = 0; round < RoundsMax && !plan.Starts; round++)
        {
            if (!Grant(plan.Reason, whatIf))
            {
                break;
            }

            plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMax);
        }

        return plan;
    }

    private bool Grant(PendingReason? reason, WhatIf whatIf)
    {
        if (reason is PendingReason.Power power)
        {
            var site = state.Layout.SiteNames.IndexOf(power.Budget);
            whatIf.Power(site < 0 ? PowerLevel.Fleet : PowerLevel.Site, Math.Max(0, site), power.Watts);
            return true;
        }

        if (reason is PendingReason.Wan wan)
        {
            var (from, to) = (state.Layout.SiteNames.IndexOf(wan.From), state.Layout.SiteNames.IndexOf(wan.To));
            var hops = state.Wan.Lacking(from, to, wan.BytesPerSecond, beyondAll: true);
            hops.ForEach(hop => whatIf.Link(hop.From, hop.To, hop.Rate));
            return hops.Count > 0;
        }

        return false;
    }

    /// <summary>Grants the rates between sites, each beside those before it.</summary>
    private void GrantRates(ImmutableArray<int> sites, long rate, WhatIf whatIf)
    {
        List<ImmutableArray<int>> routes = [];
        foreach (var from in rate > 0 ? sites : [])
        {
            foreach (var to in sites.Where(to => to != from))
            {
                state.Wan.Lacking(from, to, rate).ForEach(hop => whatIf.Link(hop.From, hop.To, hop.Rate));
                routes.Add(state.Wan.Reserve(from, to, rate));
            }
        }

        routes.ForEach(route => state.Wan.Release(route, rate));
    }

    private void Grant(IslandLack place, WhatIf whatIf)
    {
        foreach (var domain in place.Domains)
        {
            var missing = place.Slice - state.Domains.Free(domain);
            if (missing > 0)
            {
                whatIf.Free(domain, missing);
            }
        }

        foreach (var (level, index, watts) in Short(place.Domains, place.Watts))
        {
            whatIf.Power(level, index, watts);
        }
    }

    /// <summary>The sites at which an island lacks the least, as many as the gang needs; null where not as many could ever have one.</summary>
    private ImmutableArray<IslandLack>? Best(GangRequest request, int type)
    {
        List<IslandLack> sites = [];
        foreach (var pool in state.PoolsOfType[type])
        {
            if (!state.IsOpenTo(request, pool) || Least(pool, request) is not { } place)
            {
                continue;
            }

            var known = sites.FindIndex(other => state.Layout.Pools[other.Pool].Site == state.Layout.Pools[pool].Site);
            if (known < 0)
            {
                sites.Add(place);
            }
            else if (Compare(place, sites[known]) < 0)
            {
                sites[known] = place;
            }
        }

        sites.Sort(Compare);
        return sites.Count < request.IslandsMin ? null : [.. sites.Take(request.IslandsMin)];
    }

    private static int Compare(IslandLack one, IslandLack other)
    {
        var order = one.Missing.CompareTo(other.Missing);
        order = order != 0 ? order : one.Short.CompareTo(other.Short);
        return order != 0 ? order : one.Pool.CompareTo(other.Pool);
    }

    /// <summary>The place in a pool at which the least is lacking; null where an island would not fit if nobody held anything.</summary>
    private IslandLack? Least(int pool, GangRequest request)
    {
        var place = state.Layout.Pools[pool];
        if (_islands.Find(pool, request, 0, 0) is { } found)
        {
            return new IslandLack(pool, found.Slice, [.. found.Domains], found.WattsPerSlice, 0, Short(found.Domains, found.WattsPerSlice).Sum(static each => each.Watts));
        }

        var ways = place.IsCounted ? [1] : _splits.Of(place, request.AcceleratorsPerIsland).ToArray();
        return ways.Select(slices => Least(pool, request, slices)).Where(static way => way is not null).OrderBy(static way => way!.Missing).ThenBy(static way => way!.Short).FirstOrDefault();
    }

    private IslandLack? Least(int pool, GangRequest request, int slices)
    {
        var place = state.Layout.Pools[pool];
        var slice = request.AcceleratorsPerIsland / slices;
        var watts = FleetState.Watts(place.Hardware, slice, request.PeakThousandths);
        List<(int Missing, bool IsShort, int Domain)> domains = [];
        for (var domain = place.First; domain < place.First + place.Count; domain++)
        {
            var missing = Math.Max(0, slice - state.Domains.Free(domain));
            if (missing == 0 || missing <= state.Grantable(domain))
            {
                domains.Add((missing, !state.Power.FitsRack(state.Layout.Domains[domain].Rack, watts), domain));
            }
        }

        domains.Sort();
        IslandLack? best = null;
        foreach (var group in domains.GroupBy(each => slices == 1 ? 0 : GroupOf(each.Domain, request.Within)))
        {
            var chosen = group.Take(slices).ToList();
            if (chosen.Count == slices)
            {
                ImmutableArray<int> taken = [.. chosen.Select(static each => each.Domain).Order()];
                var found = new IslandLack(pool, slice, taken, watts, chosen.Sum(static each => (long)each.Missing), Short(taken, watts).Sum(static each => each.Watts));
                best = best is null || Compare(found, best) < 0 ? found : best;
            }
        }

        return best;
    }

    private int GroupOf(int domain, Within within)
    {
        var rack = state.Layout.Domains[domain].Rack;
        var row = state.Layout.Racks[rack].Row;
        return within switch { Within.Rack => rack, Within.Row => row, Within.Floor => state.Layout.Rows[row].Floor, _ => 0 };
    }

    /// <summary>What each budget lacks for a slice in each of these domains.</summary>
    private IEnumerable<(PowerLevel Level, int Index, long Watts)> Short(IReadOnlyCollection<int> domains, long watts)
    {
        var layout = state.Layout;
        var racks = domains.GroupBy(domain => layout.Domains[domain].Rack).Select(group => (PowerLevel.Rack, group.Key, group.Count()));
        var rows = domains.GroupBy(domain => layout.Racks[layout.Domains[domain].Rack].Row).Select(group => (PowerLevel.Row, group.Key, group.Count()));
        var site = layout.Racks[layout.Domains[domains.First()].Rack].Site;
        foreach (var (level, index, count) in racks.Concat(rows).Append((PowerLevel.Site, site, domains.Count)).Append((PowerLevel.Fleet, 0, domains.Count)))
        {
            if (state.Power.Left(level, index) is var left && count * watts > left)
            {
                yield return (level, index, (count * watts) - left);
            }
        }
    }

    /// <summary>A place for an island, and how many accelerators and watts are lacking there.</summary>
    private sealed record IslandLack(int Pool, int Slice, ImmutableArray<int> Domains, long Watts, long Missing, long Short);
}
