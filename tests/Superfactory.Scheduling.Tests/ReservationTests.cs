using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Tests;

/// <summary>Starts that are reserved, who goes ahead of them, what moves them, and windows.</summary>
public sealed class ReservationTests
{
    private static readonly FleetSpecification _rack = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]");
    private static readonly FleetSpecification _two = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72, count: 2}}]");

    [Fact]
    public void The_first_that_waits_has_a_start_and_shorter_jobs_go_ahead_of_it()
    {
        var (backlog, _) = Of(_rack);
        Submit(backlog, Request(1, 40, 100));
        Submit(backlog, Request(2, 64, 50));
        Submit(backlog, Request(3, 16, 101));
        Submit(backlog, Request(4, 8, 100));
        Round(backlog, 0).ShouldBe([1, 4]);

        Start(backlog, 2).ShouldBe(100_000);
        backlog.Why(3, 0).ShouldBe(new PendingReason.Reserved(2, 100_000));
        backlog.Why(2, 0).ShouldBe(new PendingReason.Accelerators(48, "gb200-nvl72", "s/f1/r1/k1"));
        backlog.End(4, 60_000);
        Round(backlog, 60_000).ShouldBeEmpty();
        backlog.End(1, 90_000);
        Round(backlog, 90_000).ShouldBe([2]);
    }

    [Fact]
    public void Starts_follow_each_other_and_a_job_without_a_duration_has_nothing_reserved_behind_it()
    {
        var (backlog, _) = Of(_rack);
        Submit(backlog, Request(1, 64, 100));
        Submit(backlog, Request(2, 64, 50));
        Submit(backlog, Request(3, 64, 0));
        Submit(backlog, Request(4, 64, 20));
        Round(backlog, 0).ShouldBe([1]);
        Start(backlog, 2).ShouldBe(100_000);
        Start(backlog, 3).ShouldBe(150_000);
        Start(backlog, 4).ShouldBeNull("nobody knows when job 3 ends");
    }

    [Fact]
    public void Who_runs_longer_than_expected_ahead_of_a_start_is_stopped_in_time_for_it()
    {
        var (backlog, state) = Of(_rack);
        Submit(backlog, Request(1, 40, 100));
        Submit(backlog, Request(2, 64, 50));
        Submit(backlog, Request(3, 8, 60) with { StopCostMilliseconds = 10_000 });
        Round(backlog, 0).ShouldBe([1, 3]);
        state.Running[3].EndBy.ShouldBe(100_000);
        Round(backlog, 89_999).ShouldBeEmpty();
        state.Running.ContainsKey(3).ShouldBeTrue("it is over by half a minute, and in nobody's way yet");

        var step = backlog.Step(90_000);

        step.Stopped.ShouldHaveSingleItem().Job.ShouldBe(3);
        Round(backlog, 90_000).ShouldBeEmpty();
        backlog.End(1, 100_000);
        Round(backlog, 100_000).ShouldBe([2]);
        backlog.Why(3).ShouldNotBeNull("it waits again");
    }

    [Fact]
    public void A_start_moves_when_somebody_it_waits_for_runs_longer_and_the_move_says_so()
    {
        var (backlog, _) = Of(_rack);
        Submit(backlog, Request(1, 64, 100));
        Submit(backlog, Request(2, 64, 50));
        Round(backlog, 0);
        List<StartMoved> moves = [];
        Round(backlog, 100_000, moves).ShouldBeEmpty();

        moves.ShouldBe([new StartMoved(2, 100_000, 160_000, MoveCause.Overrun)]);
        Start(backlog, 2).ShouldBe(160_000);
    }

    [Fact]
    public void A_start_moves_for_a_greater_priority_of_its_queue_and_not_for_one_of_another()
    {
        var (backlog, state) = Of(_two, Queue("q"), Queue("other"), Queue("third"));
        Submit(backlog, Request(1, 64, 100) with { Queue = "other" });
        Submit(backlog, Request(2, 64, 100) with { Queue = "other" });
        Round(backlog, 0).ShouldBe([1, 2]);
        Submit(backlog, Request(3, 128, 50));
        List<StartMoved> moves = [];
        Round(backlog, 0, moves).ShouldBeEmpty();
        Start(backlog, 3).ShouldBe(100_000);
        Submit(backlog, Request(4, 64, 10) with { Queue = "third", Priority = 9 });
        Round(backlog, 1_000, moves).ShouldBeEmpty();
        Start(backlog, 3).ShouldBe(100_000, "another queue's priority says nothing here");
        Start(backlog, 4).ShouldBe(150_000);
        moves.Clear();

        Submit(backlog, Request(5, 64, 30) with { Priority = 1 });
        Round(backlog, 2_000, moves).ShouldBeEmpty();
        Start(backlog, 5).ShouldBe(100_000);
        Start(backlog, 3)!.Value.ShouldBeGreaterThan(100_000);
        moves.ShouldContain(move => move.Job == 3 && move.From == 100_000 && move.Cause == MoveCause.HigherPriority);
        moves.Clear();

        backlog.End(1, 3_000);
        backlog.End(2, 3_000);
        Round(backlog, 3_000, moves).ShouldContain(5);
        state.Running.ContainsKey(5).ShouldBeTrue();
    }

    [Fact]
    public void A_lost_rack_moves_the_start_that_was_to_have_it()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: hgx-h100, nodes: 2, spares: 0}}]");
        var (backlog, state) = Of(fleet);
        Submit(backlog, Request(1, 8, 100));
        Submit(backlog, Request(2, 8, 200));
        Submit(backlog, Request(3, 8, 50));
        Round(backlog, 0).ShouldBe([1, 2]);
        Start(backlog, 3).ShouldBe(100_000);
        List<StartMoved> moves = [];
        var domain = state.Running[1].Slices[0].Domain;
        backlog.Lose(domain, 0, 1_000);
        Round(backlog, 1_000, moves);

        // Job 1 waits again before job 3.
        moves.ShouldContain(move => move.Job == 3 && move.From == 100_000 && move.To > 100_000 && move.Cause == MoveCause.Failure);
        Start(backlog, 1).ShouldBe(200_000);
    }

    [Fact]
    public void An_owner_takes_what_was_reserved_for_who_borrows()
    {
        var (backlog, _) = Of(_rack, Queue("guest"), Queue("owner", 64));
        Submit(backlog, Request(1, 40, 100) with { Queue = "guest" });
        Submit(backlog, Request(2, 64, 50) with { Queue = "guest" });
        Round(backlog, 0).ShouldBe([1]);
        Start(backlog, 2).ShouldBe(100_000);
        Submit(backlog, Request(3, 24, 500) with { Queue = "owner" });
        List<StartMoved> moves = [];
        Round(backlog, 1_000, moves).ShouldBe([3]);
        moves.ShouldBe([new StartMoved(2, 100_000, 501_000, MoveCause.Reclaim)]);
    }

    [Fact]
    public void Job_that_fits_but_would_take_quota_that_is_kept_for_a_start_says_whose()
    {
        var (backlog, state) = Of(_two, Queue("q") with { Quotas = [new QuotaSpecification("gb200-nvl72", 0, BorrowingLimit: 64)] });
        Submit(backlog, Request(1, 40, 100));
        Submit(backlog, Request(2, 64, 50));
        Round(backlog, 0).ShouldBe([1]);
        Start(backlog, 2).ShouldBe(100_000);

        new Scheduler(state).Decide(Request(3, 8, 500), 0).ShouldSatisfyAllConditions(
            static plan => plan.Starts.ShouldBeFalse(),
            static plan => plan.Reason.ShouldBe(new PendingReason.Reserved(2, 100_000)));
        new Scheduler(state).Lacking(Request(3, 8, 500), 0).ShouldBe(new PendingReason.Reserved(2, 100_000));
        new Scheduler(state).Decide(Request(3, 8, 100), 0).Starts.ShouldBeTrue("it has ended by then");
    }

    [Fact]
    public void A_window_for_maintenance_keeps_its_place_and_who_is_still_there_is_stopped_before_it()
    {
        var (backlog, state) = Of(_two);
        Submit(backlog, Request(1, 64, 0) with { StopCostMilliseconds = 5_000 });
        Round(backlog, 0).ShouldBe([1]);
        backlog.Reserve(new FleetWindow { Id = 1, Place = "s", FromMilliseconds = 100_000, UntilMilliseconds = 200_000 }).ShouldBeTrue();
        backlog.Reserve(new FleetWindow { Id = 2, Place = "nowhere", FromMilliseconds = 100_000, UntilMilliseconds = 200_000 }).ShouldBeFalse();
        Submit(backlog, Request(2, 8, 200));
        Submit(backlog, Request(3, 8, 99));
        Round(backlog, 0).ShouldBe([3]);
        Start(backlog, 2).ShouldBe(200_000);
        backlog.Why(2, 0).ShouldBe(new PendingReason.Reserved(0, 100_000, 1));

        Round(backlog, 95_000);
        state.Running.Keys.ShouldBe([3]);
        Round(backlog, 100_000);
        state.Running.ShouldBeEmpty();
        backlog.CancelWindow(1).ShouldBeTrue();
        Round(backlog, 150_000).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void A_window_for_a_queue_is_for_its_jobs_alone()
    {
        var (backlog, state) = Of(_two, Queue("q"), Queue("hero"));
        backlog.Reserve(new FleetWindow { Id = 1, Place = "s", Accelerators = 64, Queue = "hero", FromMilliseconds = 100_000, UntilMilliseconds = 900_000 }).ShouldBeTrue();
        Submit(backlog, Request(1, 64, 0));
        Submit(backlog, Request(2, 64, 0));
        Submit(backlog, Request(3, 8, 50));
        Round(backlog, 0).ShouldBe([1, 3]);
        Submit(backlog, Request(4, 64, 700) with { Queue = "hero" });
        Round(backlog, 60_000).ShouldBeEmpty();
        backlog.End(3, 70_000);
        Round(backlog, 70_000).ShouldBe([4]);
        state.Running.Keys.ShouldBe([1, 4], ignoreOrder: true);
    }

    internal static (Backlog Backlog, FleetState State) Of(FleetSpecification fleet, params QueueSpecification[] queues)
    {
        var state = new FleetState(fleet, QueueTree.Create(queues.Length == 0 ? [Queue("q")] : [.. queues], fleet).Value!);
        return (new Backlog(state), state);
    }

    internal static QueueSpecification Queue(string name, long guaranteed = 0) => new() { Name = name, Quotas = [new QuotaSpecification("gb200-nvl72", guaranteed)] };

    internal static GangRequest Request(long job, int accelerators, int seconds) => new() { Job = job, Queue = "q", AcceleratorsPerIsland = accelerators, DurationMilliseconds = seconds * 1000L };

    internal static List<long> Round(Backlog backlog, long now, List<StartMoved>? moves = null)
    {
        List<long> started = [];
        for (var steps = 0; steps < 2_000; steps++)
        {
            var step = backlog.Step(now);
            moves?.AddRange(step.Moved);
            if (step.Started is { } plan)
            {
                started.Add(plan.Request.Job);
            }

            if (step.IsOver)
            {
                return started;
            }
        }

        throw new InvalidOperationException("The round does not end.");
    }

    private static long? Start(Backlog backlog, long job) => backlog.Reserved.TryFind(job, out var reservation) ? reservation.StartMilliseconds : null;

    private static void Submit(Backlog backlog, GangRequest request) => backlog.Submit(request).ShouldBeNull();
}
