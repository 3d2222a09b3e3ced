using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Wan;

namespace Superfactory.Routing.Tests;

/// <summary>What holds for every problem. A failure prints the seed of the run and of the problem.</summary>
public sealed class RoutingLawTests
{
    private static readonly Arbitrary<int> _seeds = Gen.Choose(0, int.MaxValue - 1).ToArbitrary();

    [Fact]
    public void No_link_carries_more_than_its_capacity_nor_anything_when_it_is_down() => Holds(problem =>
    {
        var load = new Dictionary<(string, string), long>();
        foreach (var path in Routed(problem).Allocations.SelectMany(allocation => allocation.Paths))
        {
            foreach (var hop in path.Sites.Zip(path.Sites.Skip(1)))
            {
                load[hop] = load.GetValueOrDefault(hop) + path.BytesPerSecond;
            }
        }

        var links = problem.Links.ToDictionary(link => (link.From, link.To));
        return load.All(entry => links.TryGetValue(entry.Key, out var link) && link.Up && entry.Value <= link.BytesPerSecond);
    });

    [Fact]
    public void Paths_lead_from_sender_to_receiver_through_no_site_twice_and_make_up_the_rate() => Holds(problem =>
        Routed(problem).Allocations.Zip(problem.Demands).All(entry =>
            entry.First.Demand == entry.Second
            && entry.First.BytesPerSecond <= entry.Second.BytesPerSecond
            && entry.First.BytesPerSecond == entry.First.Paths.Sum(path => path.BytesPerSecond)
            && entry.First.Paths.All(path =>
                path.BytesPerSecond > 0 && path.Sites[0] == entry.Second.From && path.Sites[^1] == entry.Second.To && path.Sites.Distinct().Count() == path.Sites.Length)));

    [Fact]
    public void The_same_problem_in_another_order_has_the_same_plan() => Holds(problem =>
    {
        var random = new Random(problem.Demands.Length);
        var order = Enumerable.Range(0, problem.Demands.Length).OrderBy(_ => random.Next()).ToArray();
        var other = problem with
        {
            Sites = [.. problem.Sites.OrderBy(_ => random.Next())],
            Links = [.. problem.Links.OrderBy(_ => random.Next())],
            Demands = [.. order.Select(index => problem.Demands[index])],
        };
        var (one, two) = (Routed(problem).Allocations, Routed(other).Allocations);
        return Enumerable.Range(0, order.Length).All(index => Text(one[order[index]]) == Text(two[index]));
    });

    [Fact]
    public void The_same_problem_has_the_same_plan_every_time() => Holds(problem =>
        Routed(problem).Allocations.Select(Text).SequenceEqual(Routed(problem).Allocations.Select(Text)));

    [Fact]
    public void The_least_rate_of_unlimited_demands_never_falls_when_a_link_carries_more() => Holds(problem =>
    {
        // Max-min fairness raises the least first; others may fall when a link grows. Only that law is monotone.
        var unlimited = problem with { Demands = [.. problem.Demands.Where(demand => demand.Class == TrafficClass.Merge).Select(demand => demand with { BytesPerSecond = WanDemand.Unlimited })] };
        if (unlimited.Demands.IsEmpty || unlimited.Links.IsEmpty)
        {
            return true;
        }

        var larger = unlimited with { Links = [.. unlimited.Links.Select((link, index) => index == 0 ? link with { BytesPerSecond = link.BytesPerSecond * 2 } : link)] };
        return Least(larger) >= Least(unlimited) - 2;
    });

    [Fact]
    public void A_class_gets_the_same_whatever_a_class_behind_it_wants() => Holds(problem =>
    {
        var strict = problem with { Floors = ClassFloors.None };
        var alone = strict with { Demands = [.. strict.Demands.Where(demand => demand.Class == TrafficClass.Control)] };
        var together = Routed(strict).Allocations.Where(allocation => allocation.Demand.Class == TrafficClass.Control);
        return Routed(alone).Allocations.Zip(together).All(entry => Math.Abs(entry.First.BytesPerSecond - entry.Second.BytesPerSecond) <= 2 + (entry.First.BytesPerSecond / 1_000_000));
    });

    [Fact]
    public void A_search_that_is_cut_short_still_fits_the_links_and_says_so()
    {
        var problem = Topology.Published.Single(topology => topology.Name == "geant").Problem(1, 200, [TrafficClass.Merge, TrafficClass.Bulk], ClassFloors.Standard);
        var plan = WanRouter.Route(problem, workMax: 2000).Value.ShouldNotBeNull();

        plan.IsOptimal.ShouldBeFalse();
        Routed(problem).IsOptimal.ShouldBeTrue();
        foreach (var link in problem.Links)
        {
            plan.Allocations.SelectMany(allocation => allocation.Paths)
                .Where(path => path.Sites.Zip(path.Sites.Skip(1)).Contains((link.From, link.To))).Sum(path => path.BytesPerSecond)
                .ShouldBeLessThanOrEqualTo(link.BytesPerSecond);
        }
    }

    private static long Least(WanProblem problem)
    {
        var rates = Routed(problem).Allocations.Where(allocation => allocation.BytesPerSecond > 0).Select(allocation => allocation.BytesPerSecond).ToArray();
        return rates.Length == 0 ? 0 : rates.Min();
    }

    private static void Holds(Func<WanProblem, bool> law) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(_seeds, seed => law(Problem(seed))));

    private static WanPlan Routed(WanProblem problem) => WanRouter.Route(problem).Value.ShouldNotBeNull();

    private static string Text(WanAllocation allocation) =>
        $"{allocation.Demand} {allocation.BytesPerSecond} {string.Join(' ', allocation.Paths.Select(path => string.Join('>', path.Sites) + "=" + path.BytesPerSecond))}";

    // Sparse and dense graphs, equal and different capacities, dead links, one-way links, sites that nothing leads to.
    private static WanProblem Problem(int seed)
    {
        var random = new Random(seed);
        var sites = Enumerable.Range(0, random.Next(2, 10)).Select(number => $"site-{number}").ToArray();
        var equal = random.Next(3) == 0;
        var density = random.Next(1, 10);
        var links =
            (from a in sites from b in sites where a != b && random.Next(10) < density
             select new WanLink(a, b, equal ? 125_000_000 : random.NextInt64(0, 1_250_000_000)) { Up = random.Next(8) > 0, RoundTripMilliseconds = random.Next(100), Loss = random.Next(3) / 100.0 }).ToImmutableArray();
        var demands =
            (from a in sites from b in sites from trafficClass in new[] { TrafficClass.Control, TrafficClass.Merge, TrafficClass.Bulk }
             where a != b && random.Next(10) < 3
             select new WanDemand(a, b, trafficClass, random.Next(3) == 0 ? WanDemand.Unlimited : random.NextInt64(0, 300_000_000))).ToImmutableArray();
        return new WanProblem { Sites = [.. sites], Links = links, Demands = demands, Floors = random.Next(2) == 0 ? ClassFloors.None : ClassFloors.Standard };
    }
}
