using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;

namespace Superfactory.Routing.Grants;

/// <summary>
/// Makes grants from what gateways report. A limit is set only where it is needed: on a way through another site's gateway, which must
/// not be given more than it can pass on, and on a link that is full and used by the traffic of several sites, whose gateways cannot see
/// each other's queues. What a single gateway sends over its own link it shares out itself. Merges have what is reserved for them, on its routes, before anything else is shared
/// out, and while they take it bulk has no more than what is left. Pure; safe to use from any thread.
/// </summary>
public static class GrantPlanner
{
    /// <summary>A link counts as full from this load on, in thousandths of what it carries: measured rates are no better than some percent.</summary>
    private const int FullThousandths = 970;

    /// <summary>
    /// A limit is this part above the rate that was computed, one eighth. A link that is never offered more than it carried before could never be
    /// seen to carry more; so a rate that was taken for too small by half is found again in six plans.
    /// </summary>
    private const int HeadroomDivisor = 8;

    /// <summary>
    /// A link that is said to carry less, in bytes per second, counts as not measured: 10 Mbit/s. One that had only heartbeats and
    /// control messages to carry has shown no more than those.
    /// </summary>
    private const long KnownMin = 1_250_000;

    /// <summary>The most sites on a way, three of them between its ends: every further one adds its own delay and takes part of the rate of one more link.</summary>
    private const int SitesMax = 5;

    /// <summary>The smallest limit, in bytes per second: a message of 16 KiB a second always goes through.</summary>
    private const long LimitMin = 16 * 1024;

    /// <summary>A way that carries less than this part of its traffic is left out: it is not worth the relay's work.</summary>
    private const int SmallestShareDivisor = 50;

    /// <summary>Traffic that does not wait is expected to double at most until the next plan, and to want at least this, 1 Mbit/s.</summary>
    private const long WantedMin = 125_000;

    /// <summary>Makes the grants.</summary>
    /// <param name="sites">What each site's gateway last said; sites that are not heard of any more are left out.</param>
    /// <param name="reserved">What is reserved for merges, rate by rate with its route.</param>
    /// <param name="before">The plan before this one.</param>
    /// <param name="reservable">What rates are reserved against, direction by direction: what links are declared to carry, or were found to. It stands for what was not measured where merges go by a reserved rate.</param>
    /// <returns>The grants; none where the reports cannot be made a problem of, such as of too many sites.</returns>
    public static GrantPlan Plan(ImmutableArray<SiteLinks> sites, ImmutableArray<WanPath> reserved, GrantPlan before, ImmutableArray<WanLink> reservable = default)
    {
        ArgumentNullException.ThrowIfNull(before);
        var reports = Reports(sites);
        var demands = Wanted(reports, before.Recent);
        ImmutableArray<WanPath> taken = [.. Taken(reserved.IsDefault ? [] : reserved, demands)];
        ImmutableArray<WanLink> links = [.. reports.Where(IsKnown).Select(report => report.Link), .. Unmeasured(reports, taken, reservable.IsDefault ? [] : reservable)];
        var known = links.Select(link => (link.From, link.To)).ToHashSet();
        var own = reports.Where(report => report.Up).Select(report => (report.Link.From, report.Link.To)).Except(known).ToHashSet();
        var pairs = taken.Where(path => ReservedTraffic.Hops(path.Sites).All(known.Contains)).Select(path => (path.Sites[0], path.Sites[^1])).ToHashSet();
        var routed = demands.Where(demand => !own.Contains((demand.From, demand.To)) || (demand.Class == TrafficClass.Merge && pairs.Contains((demand.From, demand.To))));
        var first = new ReservedTraffic(taken, links, [.. routed], LimitMin);
        var problem = new WanProblem
        {
            Sites = [.. links.SelectMany(link => new[] { link.From, link.To }).Concat(demands.SelectMany(demand => new[] { demand.From, demand.To })).Distinct(StringComparer.Ordinal)],
            Links = first.Links,
            Demands = first.Demands,
            Floors = ClassFloors.Standard,
        };
        return WanRouter.Route(problem) is { Succeeded: true } outcome
            ? new GrantPlan { Routes = Routes(first.With(outcome.Value), links, first), Recent = demands, IsOptimal = outcome.Value.IsOptimal }
            : new GrantPlan { Recent = demands, IsOptimal = false };
    }

    private static bool IsKnown((WanLink Link, bool Up, LinkReport Report) report) => report.Up && report.Link.BytesPerSecond >= KnownMin;

    /// <summary>The reserved routes between sites whose merges want anything now.</summary>
    private static IEnumerable<WanPath> Taken(ImmutableArray<WanPath> reserved, ImmutableArray<WanDemand> demands)
    {
        var merges = demands.Where(demand => demand.Class == TrafficClass.Merge).Select(demand => (demand.From, demand.To)).ToHashSet();
        return reserved.Where(path => path.Sites.Length > 1 && path.BytesPerSecond > 0 && merges.Contains((path.Sites[0], path.Sites[^1])));
    }

    /// <summary>The links on those routes, and between the same sites directly, that are up and carry too little to be measured by, or so little that it never shows.</summary>
    private static IEnumerable<WanLink> Unmeasured(ImmutableArray<(WanLink Link, bool Up, LinkReport Report)> reports, ImmutableArray<WanPath> taken, ImmutableArray<WanLink> reservable)
    {
        var used = taken.SelectMany(path => ReservedTraffic.Hops(path.Sites).Append((path.Sites[0], path.Sites[^1]))).ToHashSet();
        var rates = reservable.DistinctBy(link => (link.From, link.To)).ToDictionary(link => (link.From, link.To), link => Math.Clamp(link.BytesPerSecond, 0, WanLink.MaxBytesPerSecond));
        return from report in reports
               where report.Up && !IsKnown(report) && used.Contains((report.Link.From, report.Link.To))
               let rate = rates.GetValueOrDefault((report.Link.From, report.Link.To))
               where rate > 0
               select report.Link with { BytesPerSecond = Math.Max(rate, report.Link.BytesPerSecond) };
    }

    private static ImmutableArray<(WanLink Link, bool Up, LinkReport Report)> Reports(ImmutableArray<SiteLinks> sites) =>
    [
        .. from site in sites.DistinctBy(site => site.Site, StringComparer.Ordinal)
           from report in site.Links.DistinctBy(link => link.Peer, StringComparer.Ordinal)
           where report.Peer != site.Site
           select (new WanLink(site.Site, report.Peer, Coarse(Math.Clamp(report.AchievableBytesPerSecond, 0, WanLink.MaxBytesPerSecond)))
           {
               RoundTripMilliseconds = double.IsFinite(report.RoundTripMilliseconds) ? Math.Round(Math.Max(0, report.RoundTripMilliseconds)) : 0,
               Loss = double.IsFinite(report.Loss) ? Math.Round(Math.Clamp(report.Loss, 0, 0.9), 2) : 0,
           }, report.Connected, report),
    ];

    // The six leading bits: what is measured to be 3 % more or less should not turn all grants around.
    private static long Coarse(long number)
    {
        var bits = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)number);
        var dropped = Math.Max(0, bits - 6);
        return number >> dropped << dropped;
    }

    private static ImmutableArray<WanDemand> Wanted(ImmutableArray<(WanLink Link, bool Up, LinkReport Report)> reports, ImmutableArray<WanDemand> recent)
    {
        var faded = recent.Where(demand => demand.BytesPerSecond != WanDemand.Unlimited)
            .ToDictionary(demand => (demand.From, demand.To, demand.Class), demand => demand.BytesPerSecond / 2);
        var wanted = ImmutableArray.CreateBuilder<WanDemand>();
        foreach (var (link, _, report) in reports)
        {
            foreach (var own in report.Classes.IsDefault ? [] : report.Classes.DistinctBy(each => each.Class).Where(each => each.Class <= TrafficClass.Bulk))
            {
                var rate = Math.Clamp(own.BytesPerSecond, 0, WanLink.MaxBytesPerSecond);
                var expected = Math.Max(rate == 0 ? 0 : Math.Max(WantedMin, rate * 2), faded.GetValueOrDefault((link.From, link.To, own.Class)));
                var bytesPerSecond = own.WaitingBytes > 0 ? WanDemand.Unlimited : expected;
                if (bytesPerSecond >= WantedMin)
                {
                    wanted.Add(new WanDemand(link.From, link.To, own.Class, bytesPerSecond));
                }
            }
        }

        return wanted.ToImmutable();
    }

    private static ImmutableArray<WanRoute> Routes(WanPlan plan, ImmutableArray<WanLink> links, ReservedTraffic first)
    {
        var loads = new LinkLoads(plan, links);
        return
        [
            .. plan.Allocations.Select(allocation => Route(allocation, loads, first)).OfType<WanRoute>()
                .OrderBy(route => route.From, StringComparer.Ordinal).ThenBy(route => route.To, StringComparer.Ordinal).ThenBy(route => route.Class),
        ];
    }

    private static WanRoute? Route(WanAllocation allocation, LinkLoads loads, ReservedTraffic first)
    {
        var isMerge = allocation.Demand.Class == TrafficClass.Merge;
        ImmutableArray<WanPath> paths =
        [
            .. allocation.Paths.Where(path => (isMerge && first.IsRoute(path.Sites)) || (path.Sites.Length <= SitesMax && path.BytesPerSecond >= allocation.BytesPerSecond / SmallestShareDivisor))
                .Select(path => path with { BytesPerSecond = Limit(path, allocation.Demand.From, loads, isHeldBack: allocation.Demand.Class == TrafficClass.Bulk && first.IsOn(path.Sites)) }),
        ];
        var isWhatItHasAnyway = paths is [{ Sites.Length: 2, BytesPerSecond: 0 }] or [];
        return isWhatItHasAnyway ? null : new WanRoute { From = allocation.Demand.From, To = allocation.Demand.To, Class = allocation.Demand.Class, Paths = paths };
    }

    private static long Limit(WanPath path, string sender, LinkLoads loads, bool isHeldBack)
    {
        var (full, shared, least) = (false, false, long.MaxValue);
        for (var hop = 1; hop < path.Sites.Length; hop++)
        {
            var link = (path.Sites[hop - 1], path.Sites[hop]);
            full |= loads.IsFull(link, FullThousandths);
            shared |= loads.IsFull(link, FullThousandths) && loads.HasOtherSender(link, sender);
            least = Math.Min(least, loads.Capacity(link));
        }

        var granted = Math.Max(LimitMin, path.BytesPerSecond + (path.BytesPerSecond / HeadroomDivisor));
        return path.Sites.Length == 2 ? (shared || isHeldBack ? granted : 0) : full || isHeldBack ? granted : least;
    }
}
