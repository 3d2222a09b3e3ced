using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Routing.Grants;

namespace Superfactory.Routing.Tests.Grants;

public sealed class GrantPlannerTests
{
    // A number of six leading bits, which is not rounded.
    private const long Rate = 63L << 18;

    [Fact]
    public void A_lone_link_is_never_limited_whatever_waits_for_it()
    {
        var plan = Plan(
            Site("a", Link("b", Rate, Waiting(TrafficClass.Merge), Waiting(TrafficClass.Bulk), Waiting(TrafficClass.Control))),
            Site("b", Link("a", Rate, Waiting(TrafficClass.Merge))));

        plan.Routes.ShouldBeEmpty();
        plan.IsOptimal.ShouldBeTrue();
    }

    [Fact]
    public void A_link_whose_rate_is_unknown_gets_no_grant_and_relays_for_nobody()
    {
        var plan = Plan(
            Site("a", Link("b", 0, Waiting(TrafficClass.Merge)), Link("c", Rate, Waiting(TrafficClass.Merge))),
            Site("b", Link("a", 0), Link("c", Rate)),
            Site("c", Link("a", Rate), Link("b", 0)));

        plan.Routes.ShouldBeEmpty();
    }

    [Fact]
    public void A_link_that_only_carried_heartbeats_counts_as_unknown()
    {
        var plan = Plan(
            Site("a", Link("b", Rate, Waiting(TrafficClass.Merge)), Link("c", 3_000)),
            Site("b", Link("a", Rate), Link("c", Rate)),
            Site("c", Link("a", 3_000), Link("b", Rate)));

        plan.Routes.ShouldBeEmpty();
    }

    [Fact]
    public void A_way_through_more_than_three_other_sites_is_not_taken()
    {
        string[] ring = ["a", "b", "c", "d", "e", "f"];
        var sites = ring.Select((site, index) => Site(
            site, Link(ring[(index + 1) % 6], Rate), Link(ring[(index + 5) % 6], Rate, site == "a" ? [Waiting(TrafficClass.Merge)] : [])));

        Plan([.. sites]).Routes.ShouldBeEmpty();
    }

    [Fact]
    public void Traffic_that_waits_gets_the_way_round_too_no_faster_than_that_way_is()
    {
        var plan = Plan(
            Site("a", Link("b", Rate, Waiting(TrafficClass.Merge)), Link("c", Rate)),
            Site("b", Link("a", Rate), Link("c", Rate)),
            Site("c", Link("a", Rate), Link("b", Rate)));

        Text(plan).ShouldBe([$"a→b Merge: a>b=0 a>c>b={Rate + (Rate / 8)}"]);
    }

    [Fact]
    public void A_way_through_another_site_that_is_not_full_is_limited_by_its_narrowest_link()
    {
        var plan = Plan(
            Site("a", Link("b", 0, connected: false, Flowing(TrafficClass.Bulk, 200_000)), Link("c", Rate)),
            Site("c", Link("b", Rate / 2)));

        Text(plan).ShouldBe([$"a→b Bulk: a>c>b={Rate / 2}"]);
    }

    [Fact]
    public void A_full_link_that_several_sites_use_is_divided_among_them()
    {
        // b → d and c → d go through a, whose own traffic to d wants the same link.
        var plan = Plan(
            Site("a", Link("d", Rate, Waiting(TrafficClass.Merge))),
            Site("b", Link("a", Rate), Link("d", 0, connected: false, Waiting(TrafficClass.Merge))),
            Site("c", Link("a", Rate), Link("d", 0, connected: false, Waiting(TrafficClass.Merge))));
        var third = (Rate / 3) + (Rate / 3 / 8);

        Text(plan).ShouldBe([$"a→d Merge: a>d={third}", $"b→d Merge: b>a>d={third}", $"c→d Merge: c>a>d={third}"]);
    }

    [Fact]
    public void A_cut_link_is_gone_round_and_used_again_when_it_is_back()
    {
        var cut = Plan(Triangle(connected: false));

        Text(cut).ShouldBe([$"a→b Merge: a>c>b={Rate + (Rate / 8)}"]);
        GrantPlanner.Plan(Triangle(connected: true), [], cut).Routes.ShouldHaveSingleItem().Paths[0].Sites.ShouldBe(["a", "b"]);
    }

    [Fact]
    public void What_was_wanted_fades_by_half_with_each_plan_until_it_is_nothing()
    {
        var plan = Plan(Site("a", Link("b", Rate, Flowing(TrafficClass.Merge, 1_000_000))), Site("b"));
        plan.Recent.ShouldHaveSingleItem().BytesPerSecond.ShouldBe(2_000_000);
        ImmutableArray<SiteLinks> quiet = [Site("a", Link("b", Rate, new LinkClassReport { Class = TrafficClass.Merge }))];

        long[] wanted = [.. Enumerable.Range(0, 6).Select(_ => (plan = GrantPlanner.Plan(quiet, [], plan)).Recent.Sum(demand => demand.BytesPerSecond))];

        wanted.ShouldBe([1_000_000, 500_000, 250_000, 125_000, 0, 0]);
    }

    [Fact]
    public void While_merges_take_what_is_reserved_for_them_bulk_of_any_site_keeps_to_what_is_left()
    {
        ImmutableArray<SiteLinks> sites = [Site("a", Link("b", Rate, Waiting(TrafficClass.Merge), Waiting(TrafficClass.Bulk)), Link("c", Rate)), Site("c", Link("a", Rate), Link("b", 0, connected: false, Waiting(TrafficClass.Bulk)))];
        var reserved = Rate / 4 * 3;

        var plan = GrantPlanner.Plan(sites, [Reserved(reserved / 2, "a", "b"), Reserved(reserved - (reserved / 2), "a", "b")], GrantPlan.Empty);

        var bulk = plan.Routes.Where(static route => route.Class == TrafficClass.Bulk).SelectMany(static route => route.Paths).ToList();
        bulk.Count.ShouldBe(2);
        bulk.ShouldAllBe(static path => path.BytesPerSecond > 0);
        (bulk.Sum(static path => path.BytesPerSecond) / 9 * 8).ShouldBeLessThanOrEqualTo(Rate - reserved);
        GrantPlanner.Plan([Site("a", Link("b", Rate, Waiting(TrafficClass.Bulk)))], [Reserved(reserved, "a", "b")], GrantPlan.Empty).Routes.ShouldBeEmpty("what is reserved and not used is everybody's");
    }

    [Fact]
    public void Bulk_of_a_lone_link_is_limited_to_what_merges_leave_there_while_they_take_a_reserved_rate_and_not_otherwise()
    {
        ImmutableArray<SiteLinks> sites = [Site("a", Link("b", Rate, Flowing(TrafficClass.Merge, Rate / 4), Waiting(TrafficClass.Bulk)))];
        var left = Rate / 2;

        Text(GrantPlanner.Plan(sites, [Reserved(Rate / 2, "a", "b")], GrantPlan.Empty)).ShouldBe([$"a→b Bulk: a>b={left + (left / 8)}"]);
        Plan(sites).Routes.ShouldBeEmpty();
    }

    [Fact]
    public void Reserved_rate_goes_its_named_route_and_others_share_what_it_leaves_there()
    {
        // b → d is reserved over a, whose own merges to d have no rate.
        var reserved = Rate / 4 * 3;
        var plan = GrantPlanner.Plan(
            [Site("a", Link("d", Rate, Waiting(TrafficClass.Merge))), Site("b", Link("a", Rate), Link("d", 0, connected: false, Waiting(TrafficClass.Merge)))],
            [Reserved(reserved, "b", "a", "d")],
            GrantPlan.Empty);
        var rest = (Rate - reserved) / 2;

        Text(plan).ShouldBe([$"a→d Merge: a>d={rest + (rest / 8)}", $"b→d Merge: b>a>d={reserved + rest + ((reserved + rest) / 8)}"]);
    }

    [Fact]
    public void Reserved_rate_is_granted_on_a_second_route_though_the_first_has_room()
    {
        var plan = GrantPlanner.Plan([.. TriangleSites(connected: true)], [Reserved(Rate / 4, "a", "c", "b")], GrantPlan.Empty);

        plan.Routes.ShouldHaveSingleItem().Paths.ShouldContain(path => path.Sites.Length == 3 && path.BytesPerSecond >= Rate / 4);
    }

    [Theory]
    [InlineData(1_250_000, 1_190_000)]
    [InlineData(1_000_000, 940_000)]
    [InlineData(250_000, 240_000)]
    public void Bulk_keeps_to_what_merges_leave_of_a_link_that_carries_too_little_to_be_measured(long carries, long measured)
    {
        ImmutableArray<SiteLinks> sites = [Site("a", Link("b", measured, Flowing(TrafficClass.Merge, carries / 4), Waiting(TrafficClass.Bulk)))];
        ImmutableArray<WanLink> reservable = [new("a", "b", carries), new("b", "a", carries)];
        var left = carries / 2;

        Text(GrantPlanner.Plan(sites, [Reserved(carries / 2, "a", "b")], GrantPlan.Empty, reservable)).ShouldBe([$"a→b Bulk: a>b={left + (left / 8)}"]);
        GrantPlanner.Plan(sites, [], GrantPlan.Empty, reservable).Routes.ShouldBeEmpty("nobody has reserved anything");
        GrantPlanner.Plan([Site("a", Link("b", measured, Waiting(TrafficClass.Bulk)))], [Reserved(carries / 2, "a", "b")], GrantPlan.Empty, reservable).Routes.ShouldBeEmpty("what is reserved and not used is everybody's");
    }

    [Theory]
    [InlineData(940_000, 1_000_000)]
    [InlineData(3_000, 12_500_000)]
    [InlineData(3_000, 0)]
    public void Reserved_rate_is_granted_on_its_route_though_the_direct_link_is_up_and_was_never_measured(long measured, long declared)
    {
        const long Reserve = 2_500_000;
        ImmutableArray<SiteLinks> sites = [Site("a", Link("b", measured, Waiting(TrafficClass.Merge)), Link("c", Rate)), Site("b", Link("a", measured), Link("c", Rate)), Site("c", Link("a", Rate), Link("b", Rate))];

        var plan = GrantPlanner.Plan(sites, [Reserved(Reserve, "a", "c", "b")], GrantPlan.Empty, [new("a", "b", declared), new("a", "c", 12_500_000), new("c", "b", 12_500_000)]);

        var route = plan.Routes.ShouldHaveSingleItem();
        (route.From, route.To, route.Class).ShouldBe(("a", "b", TrafficClass.Merge));
        route.Paths.Single(static path => path.Sites.SequenceEqual(["a", "c", "b"])).BytesPerSecond.ShouldBeGreaterThanOrEqualTo(Reserve);
        route.Paths.Any(static path => path.Sites.SequenceEqual(["a", "b"]) && path.BytesPerSecond == 0).ShouldBe(declared > 0, "what it wants beyond that may take the direct link as fast as it goes");
    }

    [Fact]
    public void Reserved_rate_is_granted_where_its_own_route_was_never_measured()
    {
        ImmutableArray<SiteLinks> sites = [Site("a", Link("b", 0, connected: false, Waiting(TrafficClass.Merge)), Link("c", 3_000)), Site("c", Link("b", 0, Waiting(TrafficClass.Bulk)))];
        ImmutableArray<WanLink> reservable = [new("a", "c", 12_500_000), new("c", "b", 12_500_000)];

        var plan = GrantPlanner.Plan(sites, [Reserved(10_000_000, "a", "c", "b")], GrantPlan.Empty, reservable);

        plan.Routes.Single(static route => route.Class == TrafficClass.Merge).Paths.ShouldHaveSingleItem().BytesPerSecond.ShouldBeGreaterThanOrEqualTo(10_000_000);
        plan.Routes.Single(static route => route.Class == TrafficClass.Bulk).Paths.ShouldHaveSingleItem().BytesPerSecond.ShouldBeInRange(1, 2_500_000 / 8 * 9);
    }

    [Fact]
    public void Whole_link_that_is_reserved_leaves_bulk_next_to_nothing_and_not_nothing()
    {
        var plan = GrantPlanner.Plan([Site("a", Link("b", Rate, Waiting(TrafficClass.Merge), Waiting(TrafficClass.Bulk)))], [Reserved(2 * Rate, "a", "b"), Reserved(-5, "a", "b"), Reserved(7, "a")], GrantPlan.Empty);

        var bulk = plan.Routes.Single(static route => route.Class == TrafficClass.Bulk).Paths.ShouldHaveSingleItem();
        bulk.BytesPerSecond.ShouldBe(16 * 1024);
    }

    [Fact]
    public void Reports_that_make_no_sense_make_no_grants_and_no_fault()
    {
        var odd = Link("b", long.MaxValue, new LinkClassReport { Class = (TrafficClass)9, BytesPerSecond = -4, WaitingBytes = 1 }, new LinkClassReport { Class = TrafficClass.Merge, BytesPerSecond = long.MaxValue })
            with { Loss = double.NaN, RoundTripMilliseconds = double.NegativeInfinity };

        Plan(Site("a", odd, odd, Link("a", 5), Link("c", -1) with { Classes = default }), Site("a", odd)).Routes.ShouldBeEmpty();
        Plan([.. Enumerable.Range(0, 300).Select(number => Site($"s{number}", Link($"s{number + 1}", Rate, Waiting(TrafficClass.Merge))))]).IsOptimal.ShouldBeFalse();
    }

    private static SiteLinks[] TriangleSites(bool connected) =>
    [
        Site("a", Link("b", Rate, connected, Waiting(TrafficClass.Merge)), Link("c", Rate)),
        Site("b", Link("a", Rate, connected), Link("c", Rate)),
        Site("c", Link("a", Rate), Link("b", Rate)),
    ];

    private static ImmutableArray<SiteLinks> Triangle(bool connected) => [.. TriangleSites(connected)];

    private static GrantPlan Plan(params ImmutableArray<SiteLinks> sites) => GrantPlanner.Plan(sites, [], GrantPlan.Empty);

    private static WanPath Reserved(long rate, params ImmutableArray<string> sites) => new() { Sites = sites, BytesPerSecond = rate };

    private static SiteLinks Site(string name, params ImmutableArray<LinkReport> links) => new(name, links);

    private static LinkReport Link(string peer, long achievable, params ImmutableArray<LinkClassReport> classes) => Link(peer, achievable, true, classes);

    private static LinkReport Link(string peer, long achievable, bool connected, params ImmutableArray<LinkClassReport> classes) => new()
    {
        Peer = peer,
        Connected = connected,
        BytesSent = 0,
        BytesReceived = 0,
        AchievableBytesPerSecond = achievable,
        RoundTripMilliseconds = 10,
        Classes = classes,
    };

    private static LinkClassReport Waiting(TrafficClass trafficClass) => new() { Class = trafficClass, BytesPerSecond = 1_000_000, WaitingBytes = 5_000_000 };

    private static LinkClassReport Flowing(TrafficClass trafficClass, long rate) => new() { Class = trafficClass, BytesPerSecond = rate };

    private static string[] Text(GrantPlan plan) =>
        [.. plan.Routes.Select(route => $"{route.From}→{route.To} {route.Class}: {string.Join(' ', route.Paths.Select(path => $"{string.Join('>', path.Sites)}={path.BytesPerSecond}"))}")];
}
