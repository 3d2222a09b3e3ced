using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What is reserved of the fleet for a time: who gives way to it, who may use it, how it ends, and what people are told.</summary>
public sealed class WindowTests
{
    private const long Notice = FactoryLimits.DrainNoticeMilliseconds;
    private const long Hour = 3_600_000;

    [Fact]
    public void Site_that_is_reserved_for_maintenance_is_left_in_time_and_given_back_by_itself()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta").Run(1, "atlanta");
        Reserve(factory, new ReserveWindow("pumps", factory.Now + Notice + 60_000, Length: Hour) { Target = "atlanta", Reason = "new pumps" });
        var (from, until) = (factory.Now + Notice + 60_000, factory.Now + Notice + 60_000 + Hour);

        var view = ReservationReader.Read(factory.State, factory.Now).ShouldHaveSingleItem();
        (view.Name, view.State, view.FromUnixMilliseconds, view.UntilUnixMilliseconds, view.Reason).ShouldBe(("pumps", ReservationState.Waiting, from, until, "New pumps."));
        view.Leaves.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            static move => (move.Job, move.Kind).ShouldBe((1, OutageMoveKind.Moves)),
            move => move.AtUnixMilliseconds.ShouldBe(from - Notice),
            static move => move.Islands.ShouldBe(["atlanta"]));
        WhyReader.Read(factory.State, 1, factory.Now)!.Reservations.ShouldBe([new JobReservation("pumps", from, until, from - Notice)]);
        FactoryMoments.Any(factory.State, factory.Now, factory.Now + 59_999).ShouldBeFalse();
        FactoryMoments.Any(factory.State, factory.Now, factory.Now + 60_000).ShouldBeTrue();
        factory.After(59_999).Tick().Job(1).HoldRequested.ShouldBeFalse();
        factory.After(1).Tick();
        factory.ReasonOf(1).ShouldBe("Moves: waits for atlanta to save. Atlanta is being drained: reserved for maintenance as pumps until 1970-01-01 01:22:40Z: new pumps.");
        Save(factory, 1, "atlanta").Report("atlanta");

        factory.State.Outages["atlanta"].State.ShouldBe(OutageState.Drained);
        factory.ReasonOf(1).ShouldContain("Waits for site atlanta: it is drained, reserved for maintenance as pumps until 1970-01-01 01:22:40Z");
        factory.After(Notice).Tick();
        ReservationReader.Read(factory.State, factory.Now).Single().State.ShouldBe(ReservationState.Active);
        factory.After(Hour - 1).Tick().StateOf(1).ShouldBe(JobState.Queued);
        factory.After(1).Tick();

        (factory.State.Windows.Count, factory.State.Outages.Count).ShouldBe((0, 0));
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("atlanta");
        factory.Job(1).Resume!.Checkpoint.ShouldBe(1, "it goes on from what it saved");
        factory.Journal.OfType<WindowEnded>().ShouldHaveSingleItem().Reason.ShouldBe("Its time is over.");
    }

    [Fact]
    public void Nobody_starts_between_two_reservations_of_a_site_for_maintenance_of_which_one_begins_when_the_other_ends()
    {
        var factory = new TestFactory().Join("atlanta");
        var (from, until) = (factory.Now, factory.Now + Hour);
        Reserve(factory, new ReserveWindow("pumps", from, until) { Target = "atlanta" });
        Reserve(factory, new ReserveWindow("cables", until, until + Hour) { Target = "atlanta" });
        factory.Submit("atlanta").After(Hour).Tick();

        factory.State.Windows.Keys.ShouldBe(["cables"]);
        factory.Journal.ShouldNotContain(record => record is JobStarted);
        factory.State.Outages["atlanta"].Reason.ShouldContain("cables");
    }

    [Fact]
    public void Accelerators_that_are_reserved_for_a_queue_are_left_in_time_and_its_jobs_alone_may_use_them()
    {
        var factory = Hero();
        Reserve(factory, new ReserveWindow("hero", factory.Now + Notice, factory.Now + Notice + Hour) { Accelerators = 2, Hardware = "cpu", Queue = "hero" });
        factory.Journal.OfType<JobMoves>().Select(static record => record.Job).ShouldBe([2], "one slot is free, and the youngest loses the least");
        factory.Journal.OfType<JobMoves>().Single().Reason.ShouldBe("Reservation hero has 2 cpu for queue hero from 1970-01-01 00:21:40Z until 1970-01-01 01:21:40Z.");
        ReservationReader.Read(factory.State, factory.Now).Single().Leaves.ShouldHaveSingleItem().Kind.ShouldBe(OutageMoveKind.Stops);

        Save(factory, 2, "atlanta").Report("atlanta", factory.Present(1, "atlanta"));
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.ReasonOf(2).ShouldContain("It would run into reservation hero, 2 cpu for queue hero from 1970-01-01 00:21:40Z until 1970-01-01 01:21:40Z.");
        var need = WhyReader.Read(factory.State, 2, factory.Now)!.Needs.ShouldHaveSingleItem();
        (need.Lacks, need.At, need.OverUnixMilliseconds).ShouldBe((WhyKind.Reserved, "hero", factory.Now + Notice + Hour));
        Submit(factory, "hero");
        Submit(factory, "hero");
        (factory.StateOf(3), factory.StateOf(4)).ShouldBe((JobState.Starting, JobState.Starting));
        WhyReader.Read(factory.State, 3, factory.Now)!.Reservations.ShouldHaveSingleItem().LeavesUnixMilliseconds.ShouldBeNull("it may use it");
        factory.Job(1).HoldRequested.ShouldBeFalse();

        factory.Run(3, "atlanta").Run(4, "atlanta").After(Notice + Hour).Tick();
        factory.State.Windows.ShouldBeEmpty();
        factory.StateOf(3).ShouldNotBe(JobState.Queued, "who runs in it goes on like any other");
        factory.Report("atlanta", factory.Present(1, "atlanta"), TestFactory.Gang(3, GangState.Finished), factory.Present(4, "atlanta"));
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void What_may_be_anywhere_leaves_to_another_reservation_what_that_has_at_one_place_alone()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Join("texas", slots: 2);
        Queues(factory);
        Reserve(factory, new ReserveWindow("anywhere", factory.Now + Notice + 1_000, Length: Hour) { Accelerators = 1, Queue = "hero" });
        Reserve(factory, new ReserveWindow("there", factory.Now + 1_000, Length: Hour) { Target = "atlanta", Accelerators = 2, Queue = "hero" });
        factory.Submit("atlanta").Submit("atlanta");

        (factory.StateOf(1), factory.StateOf(2)).ShouldBe((JobState.Queued, JobState.Queued));
        factory.ReasonOf(1).ShouldContain("It would run into reservation there");
    }

    [Fact]
    public void Job_whose_reserved_start_has_come_does_not_start_into_what_was_reserved_since()
    {
        var factory = new TestFactory().Join("atlanta");
        Queues(factory);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { StartAfter = 2 }));
        factory.Job(1).Reserved!.At.ShouldBe(factory.Now + 2_000);
        factory.After(2_500);
        Reserve(factory, new ReserveWindow("hero", null, Length: Hour) { Target = "atlanta", Queue = "hero" });

        factory.StateOf(1).ShouldBe(JobState.Queued);
        factory.ReasonOf(1).ShouldContain("reservation hero");
    }

    [Fact]
    public void Accelerators_that_are_reserved_for_a_job_are_for_it_alone_though_others_of_its_queue_came_first()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta").Submit("atlanta").Submit("atlanta").Run(1, "atlanta");
        Reserve(factory, new ReserveWindow("mine", null, Length: Hour) { Accelerators = 1, Job = 3 });
        factory.Job(1).HoldRequested.ShouldBeTrue();
        Save(factory, 1, "atlanta").Report("atlanta");

        (factory.StateOf(1), factory.StateOf(2), factory.StateOf(3)).ShouldBe((JobState.Queued, JobState.Queued, JobState.Starting));
        factory.Run(3, "atlanta").Report("atlanta", TestFactory.Gang(3, GangState.Finished));
        factory.Journal.OfType<WindowEnded>().ShouldHaveSingleItem().Reason.ShouldBe("Job 3, which it was for, completed.");
        factory.StateOf(1).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_would_run_into_a_reservation_starts_where_an_hour_is_left_and_not_where_less_is()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2);
        Reserve(factory, new ReserveWindow("pumps", factory.Now + Hour, Length: Hour) { Target = "atlanta" });
        factory.Submit("atlanta");
        factory.StateOf(1).ShouldBe(JobState.Starting);
        var (plan, _) = PlanReader.Read(factory.State, new SubmitJob(TestFactory.Specification("atlanta")), factory.Now);
        plan!.Reservations.ShouldHaveSingleItem().LeavesUnixMilliseconds.ShouldBe(factory.Now + Hour - Notice);
        factory.After(1).Submit("atlanta");

        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.ReasonOf(2).ShouldStartWith("It would run into reservation pumps, atlanta for maintenance from 1970-01-01 01:16:40Z until 1970-01-01 02:16:40Z.");
        factory.Job(2).Reserved!.At.ShouldBe(factory.Now - 1 + (2 * Hour));
        factory.Do(new CancelWindow("pumps"));
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_was_to_have_ended_before_a_reservation_and_runs_on_is_stopped_for_it_then()
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Duration = 600 }));
        factory.Run(1, "atlanta");
        Reserve(factory, new ReserveWindow("hero", factory.Now + 600_000 + Notice - 1_000, Length: Hour) { Target = "atlanta", Queue = "default", Hardware = "cpu" });
        Reserve(factory, new ReserveWindow("other", factory.Now + 2 * Hour, Length: Hour) { Target = "atlanta", Accelerators = 1, Job = 1 });
        factory.Do(new CancelWindow("hero"));
        Queues(factory);
        Reserve(factory, new ReserveWindow("hero", factory.Now + 600_000 + Notice - 1_000, Length: Hour) { Target = "atlanta", Queue = "hero" });

        ReservationReader.Read(factory.State, factory.Now).First().Leaves.ShouldBeEmpty("it has ended by then");
        factory.After(599_999).Tick().Job(1).HoldRequested.ShouldBeFalse();
        FactoryMoments.Any(factory.State, factory.Now, factory.Now + 1).ShouldBeTrue();
        factory.After(1).Tick().Job(1).HoldRequested.ShouldBeTrue();
    }

    [Fact]
    public void Job_that_can_go_on_without_the_island_in_a_reservation_does()
    {
        var factory = new TestFactory().Join("atlanta").Join("wisconsin");
        Queues(factory);
        factory.Do(new SubmitJob(TestFactory.Specification("wisconsin", "atlanta") with { IslandsMin = 1 }));
        factory.Run(1, "wisconsin", "atlanta");
        Reserve(factory, new ReserveWindow("hero", null, Length: Hour) { Target = "atlanta", Queue = "hero" });

        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.Job(1).FindIsland("atlanta")!.Standing.ShouldBe(IslandStanding.Stopping);
        factory.Promise(1, "wisconsin", 7).Report("atlanta");
        factory.ReasonOf(1).ShouldStartWith("Trains at wisconsin. Island atlanta waits for room: reservation hero has atlanta for queue hero from");
        factory.After(Hour).Tick();
        factory.Job(1).FindIsland("atlanta")!.Standing.ShouldBe(IslandStanding.Wanted);
    }

    [Fact]
    public void Start_that_waits_for_others_to_give_way_is_given_up_for_a_reservation()
    {
        var factory = new TestFactory().Join("atlanta");
        Queues(factory);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta")));
        factory.Run(1, "atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Priority = 5 }));
        factory.Job(2).Planned.ShouldNotBeNull();
        Reserve(factory, new ReserveWindow("hero", null, Length: Hour) { Target = "atlanta", Queue = "hero" });

        factory.Job(2).Planned.ShouldBeNull();
        factory.Journal.OfType<StartDropped>().ShouldHaveSingleItem().Reason.ShouldStartWith("Reservation hero has atlanta for queue hero");
    }

    [Fact]
    public void Place_that_somebody_takes_out_of_service_during_its_maintenance_stays_so_after_it()
    {
        var factory = new TestFactory().Join("atlanta");
        Reserve(factory, new ReserveWindow("pumps", null, Length: Hour) { Target = "atlanta" });
        factory.State.Outages["atlanta"].Window.ShouldBe("pumps");
        factory.Do(new ReturnTarget("atlanta"));
        factory.State.Outages["atlanta"].Window.ShouldBe("pumps", "its time is not over");
        factory.Do(new TakeOut("atlanta", OutageState.Failed, null, "smoke"));
        factory.After(Hour).Tick();

        factory.State.Windows.ShouldBeEmpty();
        factory.State.Outages["atlanta"].Reason.ShouldBe("Smoke.");
    }

    [Fact]
    public void Place_that_somebody_drains_by_a_later_time_is_left_for_its_maintenance_and_stays_his()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta").Run(1, "atlanta");
        factory.Do(new TakeOut("atlanta", OutageState.Draining, factory.Now + (9 * Hour), "new switches"));
        Reserve(factory, new ReserveWindow("pumps", factory.Now + Hour, Length: Hour) { Target = "atlanta" });
        factory.After(Hour - Notice - 1).Tick().Job(1).HoldRequested.ShouldBeFalse();
        factory.After(1).Tick().Job(1).HoldRequested.ShouldBeTrue();

        Save(factory, 1, "atlanta").Report("atlanta").After(Notice + Hour).Tick();
        factory.State.Windows.ShouldBeEmpty();
        factory.State.Outages["atlanta"].ShouldSatisfyAllConditions(static outage => outage.Reason.ShouldBe("New switches."), static outage => outage.State.ShouldBe(OutageState.Drained));
    }

    [Fact]
    public void What_is_reserved_survives_a_snapshot_and_is_read_from_what_the_journal_keeps()
    {
        var factory = Hero();
        Reserve(factory, new ReserveWindow("hero", factory.Now + Hour, Length: Hour) { Target = "atlanta", Accelerators = 2, Hardware = "cpu", Queue = "hero", Reason = "the great run" });
        var restored = FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore();
        restored.Windows.Single().Value.ShouldBe(factory.State.Windows.Single().Value);
        restored.LastWindow.ShouldBe(1);

        const string golden = """{"record":"window-reserved","name":"hero","number":1,"from":4600000,"until":8200000,"target":"atlanta","accelerators":2,"hardware":"cpu","queue":"hero","job":0,"reason":"The great run.","at":1000000}""";
        factory.Journal.OfType<WindowReserved>().Single().ToJson().ShouldBe(golden);
        JournalRecord.FromJson(golden).ShouldBe(factory.Journal.OfType<WindowReserved>().Single());
        JournalRecord.FromJson("""{"record":"window-ended","name":"hero","reason":"Its time is over.","at":7}""").ShouldBe(new WindowEnded { At = 7, Name = "hero", Reason = "Its time is over." });
        ((OutageBegan)JournalRecord.FromJson("""{"record":"outage-began","target":"atlanta","state":"draining","by":5,"reason":"Because.","at":5}""")).Window.ShouldBeNull("what was written before there were reservations");
    }

    [Fact]
    public void What_cannot_be_reserved_is_refused_with_what_was_expected()
    {
        var factory = Hero();
        var now = factory.Now;

        Problem(new ReserveWindow("w", now, Length: 1) { Target = "atlenta" }).ShouldBe("There is no site 'atlenta'; expected one of atlanta.");
        Problem(new ReserveWindow("w", now, Length: 1) { Target = "atlanta/f1" }).ShouldStartWith("No fleet file says what is in sites");
        Problem(new ReserveWindow("w!", now, Length: 1) { Target = "atlanta" }).ShouldStartWith("'w!' is no name");
        Problem(new ReserveWindow("w", now - 3_000, Length: 1) { Target = "atlanta" }).ShouldBe("The time from which it is to be has passed, 3 s ago.");
        Problem(new ReserveWindow("w", now + 2, now + 1) { Target = "atlanta" }).ShouldStartWith("It would be over at 1970-01-01 00:16:40Z, before it begins");
        Problem(new ReserveWindow("w", now, now + 5, 5) { Target = "atlanta" }).ShouldBe("Expected either when it is over or how long it is.");
        Problem(new ReserveWindow("w", now) { Target = "atlanta" }).ShouldBe("Expected either when it is over or how long it is.");
        Problem(new ReserveWindow("w", now, Length: 0) { Target = "atlanta" }).ShouldBe("Expected a length of more than nothing.");
        Problem(new ReserveWindow("w", now, Length: long.MaxValue) { Target = "atlanta" }).ShouldBe("Expected a time from 1970 to 9999.");
        Problem(new ReserveWindow("w", -1, Length: 1) { Target = "atlanta" }).ShouldBe("Expected a time from 1970 to 9999.");
        Problem(new ReserveWindow("w", now, Length: 1)).ShouldStartWith("Expected what is to be reserved");
        Problem(new ReserveWindow("w", now, Length: 1) { Target = "atlanta", Accelerators = 2 }).ShouldStartWith("What nobody may use is for maintenance");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "hero" }).ShouldBe("Expected how many accelerators, or where all of them are.");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "heroes", Accelerators = 1 }).ShouldBe("There is no queue 'heroes'; expected default or hero.");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "hero", Job = 1, Accelerators = 1 }).ShouldBe("A reservation is for a queue or for a job, not for both.");
        Problem(new ReserveWindow("w", now, Length: 1) { Job = 9, Accelerators = 1 }).ShouldBe("There is no job 9.");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "hero", Accelerators = -1 }).ShouldStartWith("Expected 1 to");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "hero", Accelerators = 1, Hardware = "cpus" }).ShouldStartWith("There is no hardware 'cpus'");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "hero", Accelerators = 4 }).ShouldBe("Expected at most 3 accelerators in the fleet, but found 4.");
        Problem(new ReserveWindow("w", now, Length: 1) { Queue = "hero", Accelerators = 1, Hardware = "gb200-nvl72" }).ShouldBe("Expected at most 0 gb200-nvl72 in the fleet, but found 1.");
        Reserve(factory, new ReserveWindow("w", now + Hour, Length: Hour) { Queue = "hero", Accelerators = 2 });
        Problem(new ReserveWindow("w", now, Length: 1) { Target = "atlanta" }).ShouldBe("There is a reservation 'w' already: 2 accelerators for queue hero.");
        Problem(new ReserveWindow("x", now + Hour, Length: 1) { Queue = "hero", Accelerators = 2 }).ShouldBe("Expected at most 1 accelerators in the fleet beside reservation w, but found 2.");
        Problem(new ReserveWindow("x", now + Hour, Length: 1) { Target = "atlanta" }).ShouldBe("There would not be enough left for reservation w: 2 accelerators for queue hero.");
        Reserve(factory, new ReserveWindow("m", now + 2 * Hour, Length: Hour) { Target = "atlanta" });
        Problem(new ReserveWindow("x", now + 3 * Hour - 1, Length: 1) { Target = "atlanta" }).ShouldStartWith("Atlanta is reserved as m for maintenance from");
        Problem(new CancelWindow("y")).ShouldBe("There is no reservation 'y'; expected m or w.");
        Problem(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default" }]))).ShouldBe("Queue 'hero' has reservation w.");

        string Problem(FactoryCommand command) => factory.Try(command).Refusal.ShouldNotBeNull().Problems.ShouldHaveSingleItem().Message;
    }

    [Fact]
    public void Number_of_reservations_has_a_limit()
    {
        var factory = new TestFactory().Join("atlanta");
        for (var window = 0; window < FactoryLimits.WindowsMax; window++)
        {
            Reserve(factory, new ReserveWindow($"w{window}", factory.Now + Hour + (window * Hour), Length: Hour) { Target = "atlanta" });
        }

        factory.Try(new ReserveWindow("more", factory.Now, Length: 1) { Target = "atlanta" }).Refusal!.Problems[0].Message.ShouldBe("There are 64 reservations, the most that there may be.");
    }

    [Fact]
    public void Job_that_waits_for_its_window_starts_when_that_is_left_though_another_has_a_start_reserved_after_it()
    {
        var factory = new TestFactory().Join("atlanta");
        Queues(factory);
        Reserve(factory, new ReserveWindow("hero", factory.Now + 600_000 + Notice, Length: Hour) { Target = "atlanta", Queue = "hero" });
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Duration = 500 }));
        factory.Run(1, "atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Duration = 5_000 }));
        factory.Job(2).Reserved!.At.ShouldBe(factory.Now + 600_000 + Notice + Hour);
        Submit(factory, "hero");
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished));

        factory.After(599_999).Tick().StateOf(3).ShouldBe(JobState.Queued);
        factory.After(1).Tick().StateOf(3).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Racks_that_are_reserved_are_left_and_jobs_go_to_others()
    {
        var factory = RackTests.Factory("racks: {hardware: gb200-nvl72, count: 3}");
        RackTests.Submit(factory, 64);
        factory.Run(1, "atlanta");
        var rack = factory.Job(1).Islands[0].Places.Single();
        Reserve(factory, new ReserveWindow("rack", null, Length: Hour) { Target = rack });
        Save(factory, 1, "atlanta").Report("atlanta");

        factory.Job(1).Islands[0].Places.Single().ShouldNotBe(rack);
        Queues(factory);
        Reserve(factory, new ReserveWindow("hero", null, Length: Hour) { Target = "atlanta", Accelerators = 64, Hardware = "gb200-nvl72", Queue = "hero" });
        factory.Job(1).HoldRequested.ShouldBeFalse("there is a free rack");
        RackTests.Submit(factory, 8);
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.ReasonOf(2).ShouldContain("It would run into reservation hero, 64 gb200-nvl72 at atlanta for queue hero");
    }

    /// <summary>Two queues, and a site with three slots of which two jobs hold two.</summary>
    private static TestFactory Hero()
    {
        var factory = new TestFactory().Join("atlanta", slots: 3);
        Queues(factory);
        Submit(factory, "default");
        factory.After(0).Run(1, "atlanta");
        Submit(factory, "default");
        return factory.Run(2, "atlanta");
    }

    private static void Queues(TestFactory factory) => factory.Do(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default" }, new QueueSpecification { Name = "hero" }])));

    private static void Reserve(TestFactory factory, ReserveWindow reserve) => factory.Do(reserve);

    private static void Submit(TestFactory factory, string queue) => factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = queue }));

    private static TestFactory Save(TestFactory factory, long job, string site) =>
        factory.Lie(site, TestFactory.Checkpoint(job, 20, site, factory.Job(job).Epoch!.Number, held: true) with { Islands = [site] });
}
