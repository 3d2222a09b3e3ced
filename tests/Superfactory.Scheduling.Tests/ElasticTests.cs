using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Placing;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>Jobs whose islands may have fewer accelerators than the most.</summary>
public sealed class ElasticTests
{
    private const long Now = 10_000_000;

    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 192)]
    [InlineData(3, 64)]
    public void An_island_gets_as_many_as_there_is_room_for(int taken, int expected)
    {
        var (state, scheduler) = Make("racks: {hardware: gb200-nvl72, count: 4}");
        Take(state, scheduler, taken);

        var plan = scheduler.Decide(Request(64, 256), Now);

        plan.Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(expected);
        plan.Request.ShouldBe(Request(64, 256), "what starts, and waits again, is the job and not the size that it got");
        state.Apply(plan, Now)!.Accelerators.ShouldBe(expected);
    }

    [Theory]
    [InlineData(64, 256, "256 192 128 64")]
    [InlineData(4, 6, "6 4")]
    [InlineData(1, 8, "8 7 6 5 4 3 2 1")]
    [InlineData(3, 3, "3")]
    [InlineData(64, 2048, "2048 1920 1792 1664 1536 1408 1280 1152 1024 896 768 640 512 384 256 128 64")]
    public void Sizes_go_down_by_what_divides_the_most_and_the_least(int least, int most, string expected) => string.Join(' ', ElasticSizes.Of(least, most)).ShouldBe(expected);

    [Fact]
    public void Sizes_are_few_however_wide_the_range_is()
    {
        foreach (var (least, most) in new[] { (1, 1_000_000), (1, FleetSpecification.AcceleratorsMax), (7, 999_983), (1, 2) })
        {
            var sizes = ElasticSizes.Of(least, most).ToList();
            sizes.Count.ShouldBeLessThanOrEqualTo(ElasticSizes.TriesMax + 1);
            (sizes[0], sizes[^1]).ShouldBe((most, least));
            sizes.ShouldBeUnique();
            sizes.ShouldBe(sizes.OrderDescending());
        }
    }

    [Fact]
    public void Nobody_gives_way_for_more_than_the_least()
    {
        var (state, scheduler) = Make("racks: {hardware: gb200-nvl72, count: 2}", new QuotaSpecification("gb200-nvl72", 128));
        Take(state, scheduler, 2, "guest");

        var plan = scheduler.Decide(Request(64, 128), Now);

        plan.Victims.ShouldHaveSingleItem();
        plan.IsOwned.ShouldBeTrue();
        plan.Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(64);
    }

    [Fact]
    public void Nobody_gives_way_where_the_least_has_room()
    {
        var (state, scheduler) = Make("racks: {hardware: gb200-nvl72, count: 2}", new QuotaSpecification("gb200-nvl72", 128));
        Take(state, scheduler, 1, "guest");

        var plan = scheduler.Decide(Request(32, 128), Now);

        plan.Victims.ShouldBeEmpty();
        plan.Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(64);
    }

    [Fact]
    public void Quota_power_and_rates_are_of_the_size_that_it_gets()
    {
        var (limited, scheduler) = Make("racks: {hardware: gb200-nvl72, count: 4}", new QuotaSpecification("gb200-nvl72", 0, 130));
        limited.Apply(scheduler.Decide(Request(64, 256), Now), Now)!.Accelerators.ShouldBe(128);

        // 42.4 kW idle, and 1.65 kW for each that works: 18 of them fit, in steps of four 16.
        var (fed, other) = Make("rows: {power: 73kW, racks: {hardware: gb200-nvl72, count: 2}}");
        fed.Apply(other.Decide(Request(4, 64), Now), Now)!.Accelerators.ShouldBe(16);
    }

    [Fact]
    public void Many_small_islands_are_taken_where_they_have_more_together_and_the_fewest_where_as_many()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: a, racks: {hardware: gb200-nvl72, count: 2}}, {name: b, racks: {hardware: gb200-nvl72}}]");
        var scheduler = new Scheduler(new FleetState(fleet, QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!));
        int[] Sizes(int least, int most, Within within) => [.. scheduler.Decide(Request(least, most) with { IslandsMin = 1, IslandsMax = 2, Within = within }, Now).Islands.Select(island => island.Accelerators)];

        Sizes(64, 128, Within.Site).ShouldBe([128], "as many as two of 64");
        Sizes(32, 128, Within.Rack).ShouldBe([64, 64], "more than one of 96, which fits in no rack");
        Sizes(48, 192, Within.Row).ShouldBe([96]);
    }

    [Fact]
    public void A_start_is_reserved_for_the_least_and_it_gets_more_where_there_is_more_by_then()
    {
        var (state, scheduler) = Make("racks: {hardware: gb200-nvl72, count: 2}");
        for (var job = 1; job <= 2; job++)
        {
            state.Apply(scheduler.Decide(new GangRequest { Job = job, Queue = "guest", AcceleratorsPerIsland = 64, DurationMilliseconds = 60_000 * job }, Now), Now).ShouldNotBeNull();
        }

        var request = Request(64, 128);
        scheduler.Decide(request, Now).Reason.ShouldBe(new PendingReason.Accelerators(64, "gb200-nvl72", "s"));
        var reserved = scheduler.Reserve(request, Now).ShouldNotBeNull();
        (reserved.StartMilliseconds, reserved.Islands[0].Accelerators).ShouldBe((Now + 60_000, 64));
        state.Stop(1);
        scheduler.Decide(request, Now + 60_000).Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(64);
        state.Stop(2);
        scheduler.Decide(request, Now + 60_000).Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(128);
    }

    [Fact]
    public void What_is_reserved_for_another_is_not_taken_for_more_than_the_least()
    {
        var (state, scheduler) = Make("racks: {hardware: gb200-nvl72, count: 2}");
        state.Apply(scheduler.Decide(new GangRequest { Job = 1, Queue = "guest", AcceleratorsPerIsland = 64, DurationMilliseconds = 60_000 }, Now), Now).ShouldNotBeNull();
        scheduler.Reserve(new GangRequest { Job = 2, Queue = "guest", AcceleratorsPerIsland = 96 }, Now).ShouldNotBeNull().StartMilliseconds.ShouldBe(Now + 60_000);

        // The other start needs 48 of each rack.
        scheduler.Decide(Request(4, 64), Now).Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(16);
    }

    [Fact]
    public void A_job_that_waits_is_told_what_its_least_lacks_and_refused_only_where_that_never_fits()
    {
        var (state, scheduler) = Make("racks: {hardware: gb200-nvl72}");
        Take(state, scheduler, 1);
        scheduler.Lacking(Request(16, 64), Now).ShouldBe(new PendingReason.Accelerators(16, "gb200-nvl72", "s/f1/r1/k1"));
        scheduler.Refuse(Request(64, 128)).ShouldBeNull();
        scheduler.Refuse(Request(65, 128))!.ToString().ShouldContain("an island of 65 fits nowhere; one of 64 would");
        scheduler.Refuse(Request(65, 64))!.ToString().ShouldContain("at most 64, not 65 at the least");
        scheduler.Refuse(Request(-1, 64)).ShouldNotBeNull();
        scheduler.Refuse(Request(8, 16) with { Roles = [new RoleRequest { Name = "r", Accelerators = 4 }] })!.ToString().ShouldContain("a job with roles has islands of one size");
    }

    private static (FleetState State, Scheduler Scheduler) Make(string racks, QuotaSpecification? quota = null)
    {
        var fleet = World.FleetOf($"name: f\nsites: [{{name: s, {racks}}}]");
        var queues = QueueTree.Create([new QueueSpecification { Name = "q", Quotas = quota is null ? [] : [quota] }, new QueueSpecification { Name = "guest" }], fleet);
        queues.Problems.ShouldBeEmpty();
        var state = new FleetState(fleet, queues.Value!);
        return (state, new Scheduler(state));
    }

    private static void Take(FleetState state, Scheduler scheduler, int racks, string queue = "q")
    {
        for (var job = 1; job <= racks; job++)
        {
            state.Apply(scheduler.Decide(new GangRequest { Job = job, Queue = queue, AcceleratorsPerIsland = 64 }, Now - 1), Now - 1).ShouldNotBeNull();
        }
    }

    private static GangRequest Request(int least, int most) => new() { Job = 9, Queue = "q", AcceleratorsPerIsland = most, AcceleratorsMin = least };
}
