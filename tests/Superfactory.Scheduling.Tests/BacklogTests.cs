using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>Who of those that wait goes first, and what rounds promise.</summary>
public sealed class BacklogTests
{
    private static readonly Model.Fleet.FleetSpecification _rack = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]");

    [Fact]
    public void Nothing_overtakes_in_a_queue_but_a_greater_priority()
    {
        var backlog = new Backlog(State(Queue("a")));
        Submit(backlog, 1, "a", 40);
        Submit(backlog, 2, "a", 40);
        Submit(backlog, 3, "a", 8);
        Submit(backlog, 4, "a", 16, priority: 1);
        Round(backlog, 0).ShouldBe([4, 1]);
        backlog.Why(2).ShouldBe(new PendingReason.Accelerators(32, "gb200-nvl72", "s"));
        backlog.Why(3).ShouldBe(new PendingReason.Behind(2, 1));
        backlog.End(1, 10).ShouldBeTrue();
        Round(backlog, 10).ShouldBe([2, 3]);
        backlog.Why(2).ShouldBeNull();
    }

    [Fact]
    public void Of_two_queues_the_one_goes_first_that_holds_less_for_its_weight()
    {
        var backlog = new Backlog(State(Queue("a") with { Weight = 3 }, Queue("b")));
        for (var job = 1; job <= 16; job++)
        {
            Submit(backlog, job, job <= 8 ? "a" : "b", 8);
        }

        var started = Round(backlog, 0);
        started.Count(job => job <= 8).ShouldBe(6);
        started.Count(job => job > 8).ShouldBe(2);
    }

    [Fact]
    public void What_was_used_long_ago_is_forgotten()
    {
        var backlog = new Backlog(State(Queue("a"), Queue("b")), halfLifeMilliseconds: 1_000);
        Submit(backlog, 1, "a", 64);
        Round(backlog, 0).ShouldBe([1]);
        backlog.End(1, 1_000);
        Submit(backlog, 2, "a", 64);
        Submit(backlog, 3, "b", 64);
        Round(backlog, 1_000).ShouldBe([3]);
        backlog.End(3, 5_000);
        Submit(backlog, 4, "b", 64);

        // B has used four seconds lately; of a's one second a sixteenth is left.
        Round(backlog, 5_000).ShouldBe([2]);
    }

    [Fact]
    public void Usage_halves_in_a_half_life_whatever_the_steps_it_is_asked_in()
    {
        var (once, often) = (new UsageLedger(1, 256_000), new UsageLedger(1, 256_000));
        foreach (var ledger in new[] { once, often })
        {
            ledger.Hold(0, 1_000_000, 0);
            ledger.Hold(0, -1_000_000, 1_000);
        }

        for (var now = 1_000L; now < 257_000; now += 777)
        {
            often.Of(0, now);
        }

        ((double)once.Of(0, 257_000)).ShouldBe(0.5e9, 1e3);
        ((double)often.Of(0, 257_000)).ShouldBe(0.5e9, 1e3);
        once.Of(0, 256_000_000).ShouldBe(UInt128.Zero);
    }

    [Fact]
    public void A_job_that_gives_way_waits_again_and_comes_back()
    {
        var backlog = new Backlog(State(Queue("owner", 64), Queue("guest")));
        Submit(backlog, 1, "guest", 64);
        Round(backlog, 0).ShouldBe([1]);
        Submit(backlog, 2, "owner", 64);
        Round(backlog, 5).ShouldBe([2]);
        backlog.Why(1).ShouldBe(new PendingReason.Accelerators(64, "gb200-nvl72", "s"));
        backlog.End(2, 9);
        Round(backlog, 9).ShouldBe([1]);
    }

    [Fact]
    public void What_a_victim_leaves_over_is_given_to_whoever_waits_for_it()
    {
        var backlog = new Backlog(State(Queue("owner", 8), Queue("guest"), Queue("small")));
        Submit(backlog, 1, "guest", 64);
        Round(backlog, 0).ShouldBe([1]);
        Submit(backlog, 2, "small", 16);
        Round(backlog, 5).ShouldBeEmpty();
        Submit(backlog, 3, "owner", 8);
        Round(backlog, 5).ShouldBe([3, 2]);
    }

    [Fact]
    public void Jobs_without_a_spare_for_their_lost_node_wait_again_and_go_elsewhere()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: hgx-h100, nodes: 2}}]");
        var state = new FleetState(fleet, QueueTree.Create([new QueueSpecification { Name = "a" }], fleet).Value!);
        var backlog = new Backlog(state);
        Submit(backlog, 1, "a", 8);
        Round(backlog, 0).ShouldBe([1]);
        var at = state.Running[1].Slices[0].Domain;
        backlog.Lose(at, 0, 10)!.Held.ShouldBe([1]);
        Round(backlog, 10).ShouldBe([1]);
        state.Running[1].Slices[0].Domain.ShouldNotBe(at);
        backlog.Lose(state.Running[1].Slices[0].Domain, 0, 20);
        Round(backlog, 20).ShouldBeEmpty();
        backlog.Return(at, 0).ShouldBeTrue();
        Round(backlog, 30).ShouldBe([1]);
    }

    [Fact]
    public void What_waits_can_be_withdrawn_and_a_number_waits_once()
    {
        var backlog = new Backlog(State(Queue("a")));
        Submit(backlog, 1, "a", 64);
        Submit(backlog, 2, "a", 64);
        backlog.Submit(Request(2, "a", 8)).ShouldNotBeNull();
        Round(backlog, 0).ShouldBe([1]);
        backlog.Submit(Request(1, "a", 8)).ShouldNotBeNull();
        backlog.Withdraw(2).ShouldBeTrue();
        backlog.Withdraw(2).ShouldBeFalse();
        backlog.Count.ShouldBe(0);
        backlog.End(2, 0).ShouldBeFalse();
        backlog.Requeue(1, 0).ShouldBeTrue();
        Round(backlog, 1).ShouldBe([1]);
    }

    [Fact]
    public void Every_round_ends_and_what_waits_is_what_was_submitted_and_neither_runs_nor_ended() => Prop.ForAll(
        Gen.Choose(1, int.MaxValue).ToArbitrary(),
        seed =>
        {
            Live(seed);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Theory]
    [InlineData(264437454)]
    public void Jobs_do_not_take_from_each_other_in_a_circle(int seed) => Live(seed);

    private static void Live(int seed)
    {
        var world = new World(seed);
        var backlog = new Backlog(world.State);
        var (ended, accepted) = (0, 0);
        for (var step = 0; step < 60; step++)
        {
            world.Now += world.Next(500);
            if (world.Next(3) == 0 && world.State.Running.Count > 0)
            {
                ended += backlog.End(world.State.Running.Keys.Order().First(), world.Now) ? 1 : 0;
            }
            else
            {
                accepted += backlog.Submit(world.Request()) is null ? 1 : 0;
            }

            // Far more than any of these fleets has room for.
            Round(backlog, world.Now).Count.ShouldBeLessThan(1_000, $"seed {seed}");
            FleetAudit.Check(world.Fleet, world.State).ShouldBeEmpty($"seed {seed}");
            (backlog.Count + world.State.Running.Count + ended).ShouldBe(accepted, $"seed {seed}");
        }
    }

    private static List<long> Round(Backlog backlog, long now)
    {
        List<long> started = [];
        RoundStep step;
        do
        {
            step = backlog.Step(now);
            if (step.Started is { } plan)
            {
                started.Add(plan.Request.Job);
            }
        }
        while (started.Count < 1_000 && !step.IsOver);

        return started;
    }

    private static FleetState State(params QueueSpecification[] queues) => new(_rack, QueueTree.Create([.. queues], _rack).Value!);

    private static QueueSpecification Queue(string name, long guaranteed = 0) => new() { Name = name, Quotas = [new QuotaSpecification("gb200-nvl72", guaranteed)] };

    private static GangRequest Request(long job, string queue, int accelerators, int priority = 0) =>
        new() { Job = job, Queue = queue, AcceleratorsPerIsland = accelerators, Priority = priority };

    private static void Submit(Backlog backlog, long job, string queue, int accelerators, int priority = 0) =>
        backlog.Submit(Request(job, queue, accelerators, priority)).ShouldBeNull();
}
