using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>What jobs read decides which of the places they may have they get, and nothing else.</summary>
public sealed class LocalityTests
{
    private static readonly FleetSpecification _three = World.FleetOf("name: f\nsites: [{name: a, racks: {hardware: gb200-nvl72}}, {name: b, racks: {hardware: gb200-nvl72}}, {name: c, racks: {hardware: gb200-nvl72}}]");

    [Fact]
    public void Sites_come_in_the_order_that_the_job_prefers_then_by_bytes_to_copy_then_as_without()
    {
        var state = State(_three);
        state.Apply(new Scheduler(state).Decide(Request(1), 0), 0);

        var checkpoint = new JobInput("checkpoint 1", 10, ["c"]);
        Sites(state, Request(2)).ShouldBe(["a"], "the fullest with room");
        Sites(state, Request(2) with { Inputs = [checkpoint] }).ShouldBe(["c"]);
        Sites(state, Request(2) with { Inputs = [checkpoint], PreferredSites = ["b"] }).ShouldBe(["b"]);
        Sites(state, Request(2) with { Inputs = [checkpoint with { Sites = ["b", "c"] }] }).ShouldBe(["b"], "the first of those that are as good");
        Sites(state, Request(2) with { Inputs = [checkpoint with { Sites = ["a", "c"] }] }).ShouldBe(["a"], "the fullest of those that have it");
        Sites(state, Request(2) with { Inputs = [checkpoint, new JobInput("corpus", 11, ["b"])] }).ShouldBe(["b"], "10 bytes to copy, not 11 or 21");
        Sites(state, Request(2) with { Inputs = [checkpoint, new JobInput("corpus", 10, ["b"]), new JobInput("words", 0, ["c"])] }).ShouldBe(["c"], "what has no size known counts too");
        Sites(state, Request(2) with { Inputs = [checkpoint with { Bytes = long.MaxValue }, new JobInput("corpus", long.MaxValue, ["b"]), new JobInput("words", 5, ["b", "c"])] }).ShouldBe(["a"], "no more than the most can be compared");
        Sites(state, Request(2) with { Inputs = [checkpoint with { Sites = ["elsewhere"] }] }).ShouldBe(["a"]);
        Sites(state, Request(2) with { IslandsMin = 2, IslandsMax = 2, Inputs = [checkpoint] }).ShouldBe(["c", "a"]);
        Sites(state, Request(2) with { Spread = true, Inputs = [checkpoint with { Sites = ["a"] }] }).ShouldBe(["a"]);
        new Scheduler(state).Decide(Request(2) with { Inputs = [checkpoint with { Bytes = -1 }] }, 0).Reason.ShouldBe(new PendingReason.Never("what it reads has 0 bytes or more, not less"));
    }

    [Fact]
    public void A_placement_says_how_much_has_to_be_copied()
    {
        var request = Request(1) with { IslandsMin = 2, IslandsMax = 2, Inputs = [new JobInput("checkpoint 1", 3_100_000_000, ["c"])] };
        var plan = new Scheduler(State(_three)).Decide(request, 0);

        plan.Islands.Select(island => (island.Site, island.Score.ToCopy)).ShouldBe([("c", 0L), ("a", 3_100_000_000L)]);
        plan.Islands.Select(island => island.Score.ToString()).ShouldBe(["1 floor, 1 row, 1 clean domain opened, 56 left beside it", "1 floor, 1 row, 1 clean domain opened, 56 left beside it, 3.1 GB to copy"]);
    }

    [Fact]
    public void A_job_whose_roles_find_room_elsewhere_alone_starts_though_its_islands_are_not_where_they_would_rather_be()
    {
        // The gang may be at c alone, beside no island of 60, which would rather be there and is placed first.
        var request = Request(1) with
        {
            AcceleratorsPerIsland = 60, Inputs = [new JobInput("checkpoint 1", 10, ["c"])], Roles = [new RoleRequest { Name = "rollout", Accelerators = 8, Sites = ["c"] }],
        };
        var plan = new Scheduler(State(_three)).Decide(request, 0);

        plan.Islands.Select(island => (island.Role, island.Site)).ShouldBe([(-1, "a"), (0, "c")]);
        plan.Request.ShouldBeSameAs(request);
    }

    [Fact]
    public void The_rate_that_a_job_waits_for_is_the_same_wherever_its_checkpoint_lies()
    {
        var state = State(World.FleetOf("name: f\nsites: [{name: a, racks: {hardware: gb200-nvl72}}, {name: b, racks: {hardware: gb200-nvl72}}]\nlinks: [{between: [a, b], bandwidth: 8mbit, rtt: 20ms}]"));
        var request = Request(1) with { IslandsMin = 2, IslandsMax = 2, WanBytesPerSecond = 2_000_000 };

        new Scheduler(state).Decide(request, 0).Reason.ShouldBe(new PendingReason.Wan(2_000_000, "a", "b"));
        new Scheduler(state).Decide(request with { Inputs = [new JobInput("checkpoint 1", 10, ["b"])] }, 0).Reason.ShouldBe(new PendingReason.Wan(2_000_000, "a", "b"));
    }

    [Fact]
    public void What_jobs_read_never_decides_whether_they_start_or_with_how_many_islands_or_who_gives_way()
    {
        var (compared, moved) = (0, 0);
        for (var seed = 1; seed <= 400; seed++)
        {
            var world = new World(seed, small: true, mixed: seed % 2 == 0);
            world.Live(30, static _ => { });
            for (var more = 0; more < 8; more++)
            {
                var (plain, names) = (world.Request(), world.Fleet.Sites.Select(site => site.Name).ToList());
                var reads = plain with { Inputs = [new JobInput("one", world.Next(100), [names[world.Next(names.Count)]]), new JobInput("other", world.Next(100), [names[world.Next(names.Count)]])] };
                var (without, with) = (world.Scheduler.Decide(plain, world.Now), world.Scheduler.Decide(reads, world.Now));

                (with.Starts, with.Islands.Length, with.IsOwned, with.Victims.IsEmpty).ShouldBe((without.Starts, without.Islands.Length, without.IsOwned, without.Victims.IsEmpty), $"seed {seed}: {reads}");
                compared += with.Starts ? 1 : 0;
                moved += with.Starts && !with.Islands.Select(island => island.Site).SequenceEqual(without.Islands.Select(island => island.Site)) ? 1 : 0;
                if (more == 7 && with.Starts)
                {
                    world.State.Apply(with, world.Now);
                    FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}: {reads}");
                }
            }
        }

        compared.ShouldBeGreaterThan(500);
        moved.ShouldBeGreaterThan(50);
    }

    [Fact]
    public void Looking_where_what_a_job_reads_lies_allocates_nothing()
    {
        var scheduler = new Scheduler(State(_three));
        var plain = Request(1) with { IslandsMin = 2, IslandsMax = 2 };

        Allocated(scheduler, plain with { Inputs = [new JobInput("checkpoint 1", 10, ["a", "b"]), new JobInput("corpus", 10, ["b", "a"])] }).ShouldBe(Allocated(scheduler, plain));
    }

    /// <summary>The bytes that a decision allocates, the least of many: what is compiled on the way, and when, is left out.</summary>
    private static long Allocated(Scheduler scheduler, GangRequest request)
    {
        var least = long.MaxValue;
        for (var time = 0; time < 200; time++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            scheduler.Decide(request, 0);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static FleetState State(FleetSpecification fleet) => new(fleet, QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!);

    private static GangRequest Request(long job) => new() { Job = job, Queue = "q", AcceleratorsPerIsland = 8 };

    private static IEnumerable<string> Sites(FleetState state, GangRequest request) => new Scheduler(state).Decide(request, 0).Islands.Select(static island => island.Site);
}
