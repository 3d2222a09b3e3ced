using System.Collections.Immutable;
using Superfactory.Model.Wan;

namespace Superfactory.Routing.Grants;

/// <summary>
/// What merges take now of the rates that are reserved for them, which goes before everything else: on the routes that are named, and no more than they want, so that what
/// is reserved and not used is everybody's. Immutable.
/// </summary>
internal sealed class ReservedTraffic
{
    private readonly ImmutableArray<(string From, string To, WanPath Path)> _taken;
    private readonly HashSet<(string From, string To)> _links = [];

    /// <summary>Takes it off what links carry and what is wanted.</summary>
    /// <param name="reserved">Rates with their routes; several of a route add up.</param>
    /// <param name="links">The links that are up and known.</param>
    /// <param name="demands">What is wanted.</param>
    /// <param name="least">What stays of a link in any case, in bytes per second.</param>
    public ReservedTraffic(ImmutableArray<WanPath> reserved, ImmutableArray<WanLink> links, ImmutableArray<WanDemand> demands, long least)
    {
        var left = links.ToDictionary(static link => (link.From, link.To), static link => link.BytesPerSecond);
        var wanted = demands.ToDictionary(static demand => (demand.From, demand.To, demand.Class), static demand => demand.BytesPerSecond);
        var taken = ImmutableArray.CreateBuilder<(string, string, WanPath)>();
        foreach (var route in reserved.Where(static path => path.Sites.Length > 1 && path.BytesPerSecond > 0).GroupBy(static path => string.Join('\n', path.Sites), StringComparer.Ordinal).OrderBy(static route => route.Key, StringComparer.Ordinal))
        {
            var sites = route.First().Sites;
            var key = (sites[0], sites[^1], TrafficClass.Merge);
            var rate = Math.Min(route.Sum(static path => Math.Min(path.BytesPerSecond, WanLink.MaxBytesPerSecond)), wanted.GetValueOrDefault(key));
            foreach (var hop in Hops(sites))
            {
                rate = Math.Min(rate, left.GetValueOrDefault(hop) - least);
            }

            if (rate <= 0)
            {
                continue;
            }

            taken.Add((sites[0], sites[^1], new WanPath { Sites = sites, BytesPerSecond = rate }));
            wanted[key] -= wanted[key] == WanDemand.Unlimited ? 0 : rate;
            foreach (var hop in Hops(sites))
            {
                left[hop] -= rate;
                _links.Add(hop);
            }
        }

        _taken = taken.ToImmutable();
        Links = [.. links.Select(link => link with { BytesPerSecond = left[(link.From, link.To)] })];
        Demands = [.. demands.Select(demand => demand with { BytesPerSecond = wanted[(demand.From, demand.To, demand.Class)] })];
    }

    /// <summary>What links carry beside it.</summary>
    public ImmutableArray<WanLink> Links { get; }

    /// <summary>What is wanted beside it.</summary>
    public ImmutableArray<WanDemand> Demands { get; }

    /// <summary>Whether any of it goes over one of a way's links.</summary>
    public bool IsOn(ImmutableArray<string> sites) => Hops(sites).Any(_links.Contains);

    /// <summary>Whether a way is one of its routes.</summary>
    public bool IsRoute(ImmutableArray<string> sites) => _taken.Any(taken => taken.Path.Sites.SequenceEqual(sites));

    /// <summary>A plan with it.</summary>
    public WanPlan With(WanPlan plan) => _taken.IsEmpty ? plan : plan with
    {
        Allocations =
        [
            .. plan.Allocations.Select(With),
            .. _taken.Where(taken => !plan.Allocations.Any(allocation => Is(allocation.Demand, taken))).GroupBy(static taken => (taken.From, taken.To))
                .Select(static pair => new WanAllocation(new WanDemand(pair.Key.From, pair.Key.To, TrafficClass.Merge, 0), pair.Sum(static taken => taken.Path.BytesPerSecond), [.. pair.Select(static taken => taken.Path)])),
        ],
    };

    private WanAllocation With(WanAllocation allocation)
    {
        var own = _taken.Where(taken => Is(allocation.Demand, taken)).Select(static taken => taken.Path).ToList();
        return own.Count == 0 ? allocation : allocation with
        {
            BytesPerSecond = allocation.BytesPerSecond + own.Sum(static path => path.BytesPerSecond),
            Paths =
            [
                .. own.Select(path => path with { BytesPerSecond = path.BytesPerSecond + allocation.Paths.Where(other => other.Sites.SequenceEqual(path.Sites)).Sum(static other => other.BytesPerSecond) }),
                .. allocation.Paths.Where(path => !own.Exists(other => other.Sites.SequenceEqual(path.Sites))),
            ],
        };
    }

    private static bool Is(WanDemand demand, (string From, string To, WanPath Path) taken) => demand.Class == TrafficClass.Merge && demand.From == taken.From && demand.To == taken.To;

    /// <summary>The links of a way, in its order.</summary>
    public static IEnumerable<(string From, string To)> Hops(ImmutableArray<string> sites)
    {
        for (var hop = 1; hop < sites.Length; hop++)
        {
            yield return (sites[hop - 1], sites[hop]);
        }
    }
}
