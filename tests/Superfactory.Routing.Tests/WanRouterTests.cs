using Superfactory.Model.Wan;

namespace Superfactory.Routing.Tests;

public sealed class WanRouterTests
{
    private const long Rate = 12_500_000;

    private static readonly string[] _corners = ["a", "b", "c"];

    [Fact]
    public void Demand_without_limit_takes_the_direct_link_and_the_way_round() =>
        Paths(Triangle(new WanDemand("a", "b", TrafficClass.Merge, WanDemand.Unlimited)), 0).ShouldBe(["a>b=12500000", "a>c>b=12500000"]);

    [Fact]
    public void Demand_that_the_direct_link_carries_takes_it_alone() =>
        Paths(Triangle(new WanDemand("a", "b", TrafficClass.Merge, 10_000_000)), 0).ShouldBe(["a>b=10000000"]);

    [Fact]
    public void Demand_goes_round_a_link_that_is_down()
    {
        var problem = Triangle(new WanDemand("a", "b", TrafficClass.Merge, WanDemand.Unlimited));
        problem = problem with { Links = [.. problem.Links.Select(link => link is { From: "a", To: "b" } ? link with { Up = false } : link)] };

        Paths(problem, 0).ShouldBe(["a>c>b=12500000"]);
    }

    [Fact]
    public void Demand_for_a_site_that_nothing_leads_to_gets_nothing()
    {
        var problem = Triangle(new WanDemand("a", "d", TrafficClass.Merge, WanDemand.Unlimited));

        Paths(problem with { Sites = ["a", "b", "c", "d"] }, 0).ShouldBeEmpty();
    }

    [Fact]
    public void Equal_demands_share_a_link_equally_and_what_a_small_one_leaves()
    {
        var problem = new WanProblem
        {
            Sites = ["a", "b", "c", "d"],
            Links = [new WanLink("a", "d", Rate), new WanLink("b", "a", Rate), new WanLink("c", "a", Rate)],
            Demands =
            [
                new WanDemand("a", "d", TrafficClass.Merge, WanDemand.Unlimited), new WanDemand("b", "d", TrafficClass.Merge, WanDemand.Unlimited),
                new WanDemand("c", "d", TrafficClass.Merge, 2_500_000),
            ],
        };

        Rates(problem).ShouldBe([5_000_000, 5_000_000, 2_500_000]);
    }

    [Fact]
    public void A_class_behind_gets_what_is_left_and_its_floor_where_floors_are_kept()
    {
        var problem = new WanProblem
        {
            Sites = ["a", "b"],
            Links = [new WanLink("a", "b", Rate)],
            Demands =
            [
                new WanDemand("a", "b", TrafficClass.Bulk, WanDemand.Unlimited), new WanDemand("a", "b", TrafficClass.Control, WanDemand.Unlimited),
                new WanDemand("a", "b", TrafficClass.Merge, WanDemand.Unlimited),
            ],
        };

        Rates(problem).ShouldBe([0, Rate, 0]);
        Rates(problem with { Floors = ClassFloors.Standard }).ShouldBe([Rate / 25, Rate * 46 / 100, Rate / 2]);
        Rates(problem with { Floors = ClassFloors.Standard, Demands = problem.Demands.RemoveAt(1) }).ShouldBe([Rate / 25, Rate * 96 / 100]);
    }

    [Fact]
    public void Of_two_ways_that_carry_the_same_the_nearer_is_taken()
    {
        var problem = new WanProblem
        {
            Sites = ["a", "b", "c", "d"],
            Links =
            [
                new WanLink("a", "b", Rate) { RoundTripMilliseconds = 10 }, new WanLink("b", "d", Rate) { RoundTripMilliseconds = 10 },
                new WanLink("a", "c", Rate) { RoundTripMilliseconds = 10, Loss = 0.5 }, new WanLink("c", "d", Rate) { RoundTripMilliseconds = 10 },
            ],
            Demands = [new WanDemand("a", "d", TrafficClass.Merge, Rate / 2)],
        };

        Paths(problem, 0).ShouldBe(["a>b>d=6250000"]);
    }

    [Fact]
    public void Everything_that_is_wrong_with_a_problem_is_told_at_once()
    {
        var outcome = WanRouter.Route(new WanProblem
        {
            Sites = ["a", "b", "a"],
            Links = [new WanLink("a", "x", 1), new WanLink("a", "b", -1), new WanLink("a", "b", 1) { Loss = 2 }],
            Demands = [new WanDemand("a", "a", TrafficClass.Merge, 1), new WanDemand("b", "a", TrafficClass.Bulk, -5), new WanDemand("b", "a", TrafficClass.Bulk, 5)],
            Floors = new ClassFloors(500, 500, 1),
        });

        outcome.Succeeded.ShouldBeFalse();
        outcome.Problems.Select(problem => problem.Message).ShouldBe(
        [
            "Site 'a' is listed 2 times; each site is listed once.",
            "Link a → x names site 'x', which is not among the sites.",
            "Link a → b carries -1 bytes/s; expected 0 to 125000000000000.",
            "Link a → b is listed more than once; give the sum of what they carry.",
            "Link a → b has a round trip of 0 ms and a loss of 2; expected 0 ms or more, and 0 to 1.",
            "Demand a → a leads to where it begins; expected two different sites.",
            "Demand b → a wants -5 bytes/s; expected 0 or more.",
            "Demand b → a of class Bulk is listed more than once; give the sum of what they want.",
            "The classes' floors are thousandths of a link, each 0 or more and together at most 1000.",
        ]);
    }

    [Fact]
    public void Nothing_wanted_gives_an_empty_plan() =>
        WanRouter.Route(new WanProblem { Sites = [], Links = [], Demands = [] }).Value.ShouldNotBeNull().Allocations.ShouldBeEmpty();

    private static WanProblem Triangle(WanDemand demand) => new()
    {
        Sites = [.. _corners],
        Links = [.. from a in _corners from b in _corners where a != b select new WanLink(a, b, Rate) { RoundTripMilliseconds = 10 }],
        Demands = [demand],
    };

    private static long[] Rates(WanProblem problem) => [.. WanRouter.Route(problem).Value.ShouldNotBeNull().Allocations.Select(allocation => allocation.BytesPerSecond)];

    private static string[] Paths(WanProblem problem, int demand) =>
        [.. WanRouter.Route(problem).Value.ShouldNotBeNull().Allocations[demand].Paths.Select(path => string.Join('>', path.Sites) + "=" + path.BytesPerSecond)];
}
