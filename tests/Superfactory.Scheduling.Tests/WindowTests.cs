using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Reserving;
using static Superfactory.Scheduling.Tests.ReservationTests;

namespace Superfactory.Scheduling.Tests;

/// <summary>Windows beside each other, of one kind of hardware, for jobs by their numbers, and those who may run until one begins.</summary>
public sealed class WindowTests
{
    private const long Hour = FleetWindow.WorthwhileMilliseconds;

    private static readonly FleetSpecification _fleet = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72, count: 2}}]");
    private static readonly FleetSpecification _mixed = World.FleetOf("name: f\nsites: [{name: s, rows: [{racks: {hardware: gb200-nvl72}}, {racks: {hardware: hgx-h100, nodes: 1}}]}]");

    [Fact]
    public void Windows_that_overlap_at_one_place_are_cleared_for_all_of_them()
    {
        var (backlog, state) = Of(_fleet, Queue("q"), Queue("one"), Queue("two"));
        Submit(backlog, Request(1, 32, 0), Request(2, 32, 0), Request(3, 32, 0), Request(4, 32, 0));
        Round(backlog, 0).ShouldBe([1, 2, 3, 4]);
        backlog.Reserve(Window(1, "s/f1/r1/k1", "one") with { Accelerators = 32 }).ShouldBeTrue();
        backlog.Reserve(Window(2, "s/f1/r1/k1", "two") with { Accelerators = 32 }).ShouldBeTrue();
        backlog.Reserve(Window(3, "s/f1/r1/k1", "two") with { Accelerators = 1 }).ShouldBeFalse("the others have all of it");

        Round(backlog, 100_000);

        state.Running.Keys.ShouldBe([3, 4], ignoreOrder: true);
    }

    [Fact]
    public void Second_of_two_windows_that_overlap_is_cleared_when_its_own_time_comes()
    {
        var (backlog, state) = Of(_fleet, Queue("q"), Queue("one"), Queue("two"));
        Submit(backlog, Request(1, 32, 0), Request(2, 32, 0));
        Round(backlog, 0).ShouldBe([1, 2]);
        backlog.Reserve(Window(1, "s/f1/r1/k1", "one") with { Accelerators = 32 });
        backlog.Reserve(Window(2, "s/f1/r1/k1", "two") with { Accelerators = 32, FromMilliseconds = 200_000 });

        Round(backlog, 100_000);
        state.Running.Values.Count(static job => job.Slices[0].Domain == 0).ShouldBe(1);
        Round(backlog, 200_000);
        state.Running.Values.Count(static job => job.Slices[0].Domain == 0).ShouldBe(0);
    }

    [Fact]
    public void Job_that_would_run_into_a_window_starts_where_an_hour_is_left_and_is_stopped_in_time()
    {
        var (backlog, state) = Of(_fleet);
        backlog.Reserve(Window(1, "s", null) with { FromMilliseconds = Hour, UntilMilliseconds = 2 * Hour, NoticeMilliseconds = 300_000 }).ShouldBeTrue();
        Submit(backlog, Request(1, 64, 0), Request(2, 64, 7_000) with { MinimumRunMilliseconds = 0 });
        Round(backlog, 0).ShouldBe([1, 2]);

        Round(backlog, Hour - 300_001);
        state.Running.Count.ShouldBe(2);
        Round(backlog, Hour - 300_000);
        state.Running.ShouldBeEmpty();
        backlog.Why(1, Hour).ShouldBe(new PendingReason.Reserved(0, Hour, 1));
        Round(backlog, 2 * Hour).ShouldBe([1, 2]);
    }

    [Fact]
    public void Job_is_not_let_start_before_a_window_that_comes_sooner_than_its_minimum_run()
    {
        var (backlog, _) = Of(_fleet);
        backlog.Reserve(Window(1, "s", null) with { FromMilliseconds = Hour, UntilMilliseconds = 2 * Hour });
        Submit(backlog, Request(1, 64, 0) with { MinimumRunMilliseconds = Hour + 1 }, Request(2, 64, 7_200));

        Round(backlog, 1).ShouldBeEmpty();
        backlog.CancelWindow(1);
        Round(backlog, 1).ShouldBe([1, 2]);
    }

    [Fact]
    public void Window_of_one_kind_of_hardware_in_the_whole_fleet_leaves_the_others()
    {
        var (backlog, _) = Of(_mixed, Queue("q"), Queue("hero"));
        backlog.Reserve(Window(1, null, "hero") with { Hardware = "hgx-h100", Accelerators = 9 }).ShouldBeFalse("there are 8");
        backlog.Reserve(Window(1, null, "hero") with { Hardware = "hgx-h100", Accelerators = 8 }).ShouldBeTrue();

        Submit(backlog, Request(1, 8, 0) with { Hardware = ["hgx-h100"] }, Request(2, 8, 0) with { Queue = "hero", Hardware = ["hgx-h100"] });
        Round(backlog, 50_000).ShouldBe([2]);
        Submit(backlog, Request(3, 64, 0) with { Queue = "hero" });
        Round(backlog, 50_000).ShouldBe([3]);
    }

    [Fact]
    public void Window_for_jobs_by_their_numbers_is_for_nobody_else_of_their_queue()
    {
        var (backlog, state) = Of(_fleet);
        Submit(backlog, Request(1, 64, 0), Request(2, 64, 0));
        Round(backlog, 0).ShouldBe([1, 2]);
        Submit(backlog, Request(100, 64, 0) with { Priority = 0 });
        backlog.Reserve(Window(1, "s", null) with { Accelerators = 64, Jobs = (100, 109) }).ShouldBeTrue();

        Round(backlog, 100_000).ShouldBe([100]);
        state.Running.Count.ShouldBe(2);
        Round(backlog, 150_000).ShouldBeEmpty();
        state.Running.ContainsKey(100).ShouldBeTrue("nobody else's window stops it");
    }

    [Fact]
    public void Job_in_its_window_goes_before_starts_that_are_reserved_there_with_gangs_of_other_shapes_too()
    {
        foreach (var roles in new[] { 0, 1 })
        {
            var (backlog, state) = Of(_mixed, Queue("q"), Queue("hero"));
            Submit(backlog, Request(1, 64, 50));
            Round(backlog, 0).ShouldBe([1]);
            backlog.Reserve(Window(1, "s", "hero")).ShouldBeTrue();
            Submit(backlog, Request(2, 64, 1_000));
            Round(backlog, 0).ShouldBeEmpty();
            backlog.Reserved.Starts.ShouldHaveSingleItem().StartMilliseconds.ShouldBe(900_000);
            backlog.End(1, 50_000);

            Submit(backlog, Request(3, 64, 0) with { Queue = "hero", Roles = roles == 0 ? [] : [new RoleRequest { Name = "rollout", Accelerators = 8, Hardware = ["hgx-h100"] }] });
            Round(backlog, 99_999).ShouldBe([]);
            Round(backlog, 100_000).ShouldBe([3], $"{roles} roles");
        }
    }

    [Fact]
    public void Job_that_runs_longer_than_expected_leaves_nobody_its_place_in_a_window()
    {
        var (backlog, state) = Of(_fleet, Queue("q"), Queue("hero"));
        Submit(backlog, Request(1, 16, 50));
        Round(backlog, 0).ShouldBe([1]);
        backlog.Reserve(Window(1, "s/f1/r1/k1", "hero") with { Accelerators = 48 }).ShouldBeTrue();
        Submit(backlog, Request(2, 64, 0));
        Round(backlog, 0).ShouldBe([2], "in the other rack");

        Submit(backlog, Request(3, 16, 0));
        Round(backlog, 150_000).ShouldBeEmpty();
        state.Running.ContainsKey(1).ShouldBeTrue("it has all that the window leaves");
        backlog.End(1, 160_000);
        Round(backlog, 160_000).ShouldBe([3]);
    }

    [Fact]
    public void Window_that_may_be_anywhere_stops_nobody_where_enough_is_free_elsewhere()
    {
        var (backlog, state) = Of(_mixed, Queue("q"), Queue("hero"));
        Submit(backlog, Request(1, 8, 0) with { Hardware = ["hgx-h100"] }, Request(2, 16, 0), Request(3, 16, 0));
        Round(backlog, 0).ShouldBe([1, 2, 3]);
        backlog.Reserve(Window(1, null, "hero") with { Accelerators = 32 }).ShouldBeTrue();

        Round(backlog, 100_000);
        state.Running.Keys.ShouldBe([1, 2, 3], ignoreOrder: true);
    }

    [Fact]
    public void What_a_job_has_of_two_windows_counts_for_one_of_them()
    {
        var (backlog, _) = Of(_fleet, Queue("q"), Queue("hero"));
        backlog.Reserve(Window(1, "s/f1/r1/k1", "hero") with { Accelerators = 16 }).ShouldBeTrue();
        backlog.Reserve(Window(2, "s/f1/r1/k1", "hero") with { Accelerators = 48 }).ShouldBeTrue();
        Submit(backlog, Request(1, 16, 0) with { Queue = "hero" }, Request(2, 64, 0));
        Round(backlog, 100_000).ShouldBe([1, 2], ignoreOrder: true);

        Submit(backlog, Request(3, 16, 0));
        Round(backlog, 100_000).ShouldBeEmpty();
    }

    [Fact]
    public void Those_who_would_have_to_leave_are_told_long_before()
    {
        var (backlog, state) = Of(_fleet);
        Submit(backlog, Request(1, 64, 50), Request(2, 64, 0));
        Round(backlog, 0).ShouldBe([1, 2]);
        backlog.Reserve(Window(1, "s", null) with { FromMilliseconds = 9 * Hour, UntilMilliseconds = 10 * Hour });

        new Scheduler(state).Overdue(1_000).ShouldBeEmpty();
        new Scheduler(state).InTheWay(1_000).ShouldHaveSingleItem().Job.ShouldBe(2, "the other has ended by then");
    }

    private static FleetWindow Window(long id, string? place, string? queue) => new() { Id = id, Place = place, Queue = queue, FromMilliseconds = 100_000, UntilMilliseconds = 900_000 };

    private static void Submit(Backlog backlog, params GangRequest[] requests) => requests.ToList().ForEach(request => backlog.Submit(request).ShouldBeNull());
}
