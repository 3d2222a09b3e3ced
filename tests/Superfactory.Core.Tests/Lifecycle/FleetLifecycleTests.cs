using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Queues, priorities, and who gives way to whom, from the records to the sites' instructions.</summary>
public sealed class FleetLifecycleTests
{
    [Fact]
    public void Job_of_a_lower_priority_saves_gives_way_and_comes_back()
    {
        var factory = GivingWay();

        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.ReasonOf(2).ShouldBe("Starts at atlanta as soon as job 1 has given way.");
        factory.ReasonOf(1).ShouldBe("Gives way to job 2: waits for atlanta and wisconsin to save.");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Checkpoints!.Hold.ShouldBeTrue();

        foreach (var site in new[] { "atlanta", "wisconsin" })
        {
            factory.Lie(site, TestFactory.Checkpoint(1, 20, site, held: true));
        }

        factory.StateOf(1).ShouldBe(JobState.Waiting);
        factory.ReasonOf(1).ShouldBe("It gives way to job 2, has saved, and is being stopped.");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
        factory.StateOf(2).ShouldBe(JobState.Queued, "the slot is not free before the site says so");
        factory.Report("atlanta").Report("wisconsin");

        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.Job(2).Islands.ShouldHaveSingleItem().Site.ShouldBe("atlanta");
        factory.StateOf(1).ShouldBe(JobState.Queued);
        factory.ReasonOf(1).ShouldBe("It gave way to job 2. Waits for a free slot at atlanta: job 2 comes first.");

        factory.Report("atlanta", TestFactory.Gang(2, GangState.Finished));
        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.Job(1).Islands.ShouldAllBe(island => island.Incarnation == 2);
        var told = InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldHaveSingleItem().Checkpoints!;
        told.From.ShouldNotBeNull().Name.ShouldContain("00000020");
        told.Hold.ShouldBeFalse();
    }

    [Fact]
    public void Island_that_is_reclaimed_stops_the_others_go_on_and_it_comes_back()
    {
        var factory = Reclaimed();

        factory.ReasonOf(2).ShouldBe("Starts at atlanta as soon as job 1 has given way.");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
        InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldHaveSingleItem().Epoch.Sealed.ShouldBeTrue("the others are told at once");
        factory.Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.Promise(1, "wisconsin", 7);

        factory.StateOf(1).ShouldBe(JobState.Running);
        factory.ReasonOf(1).ShouldStartWith("Trains at wisconsin. Island atlanta waits for room: it gives way to job 2.");
        factory.Job(1).Epoch!.Members.ShouldHaveSingleItem().Island.ShouldBe("wisconsin");

        factory.Report("atlanta", TestFactory.Gang(2, GangState.Finished));
        var back = factory.Job(1).FindIsland("atlanta")!;
        (back.Standing, back.Incarnation, back.Withheld).ShouldBe((IslandStanding.Wanted, 2, null));
        factory.Job(1).Epoch!.Learners.ShouldHaveSingleItem().ShouldBe(new RunMember("atlanta", 2));
        factory.Run(1, "atlanta").Level(1, "atlanta").Promise(1, "wisconsin", 9);
        factory.Job(1).Epoch!.Members.Length.ShouldBe(2);
    }

    [Fact]
    public void Nobody_has_what_another_would_leave_for_a_job_whose_checkpoint_is_still_on_its_way()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Join("wisconsin", gateway: "127.0.0.1:9002");
        factory.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, PreferredSites = ["wisconsin"], Priority = 1, Checkpoint = new CheckpointSpecification { Copies = 1 } }));
        factory.Run(1, "wisconsin");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 2 }));
        factory.Run(2, "atlanta").Submit("atlanta");
        factory.Do(new TakeOut("wisconsin", OutageState.Draining, null));
        factory.Lie("wisconsin", TestFactory.Checkpoint(1, 20, "wisconsin", held: true) with { Islands = ["wisconsin"] }).Report("wisconsin");

        factory.State.OpenCopies.Count.ShouldBe(1);
        factory.Journal.ShouldNotContain(record => record is StartPlanned || record is JobGivesWay, "job 2 stays until the checkpoint is there");
        factory.StateOf(3).ShouldBe(JobState.Queued);

        factory.Arrive();
        factory.Journal.OfType<StartPlanned>().Select(record => (record.Job, string.Join(' ', record.Awaited))).ShouldBe([(1, "2"), (3, "")]);
        factory.Lie("atlanta", TestFactory.Checkpoint(2, 7, "atlanta", held: true) with { Islands = ["atlanta"] }).Report("atlanta");
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1, 3]);
    }

    [Fact]
    public void Job_whose_island_was_reclaimed_may_end_without_it()
    {
        var factory = Reclaimed().Report("atlanta").Promise(1, "wisconsin", 7);

        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Finished));

        factory.StateOf(1).ShouldBe(JobState.Completed);
        factory.ReasonOf(1).ShouldBe("Everything planned is merged. Atlanta was left out before the end, so its own result is not known.");
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_ends_while_its_reclaimed_island_stops_keeps_the_slot_until_that_is_confirmed()
    {
        var factory = Reclaimed().Promise(1, "wisconsin", 7);
        factory.Do(new CancelJob(1));

        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1]);
        factory.Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_starts_with_the_islands_that_have_room_and_the_others_join_later()
    {
        var factory = new TestFactory().Join("atlanta").Join("wisconsin").Submit("atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta", "wisconsin") with { IslandsMin = 1 }));

        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.Job(2).Epoch!.Members.ShouldHaveSingleItem().Island.ShouldBe("wisconsin");
        factory.Job(2).Epoch!.Islands.ShouldBe(["atlanta", "wisconsin"]);
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Job.ShouldBe(1);
        factory.Run(2, "wisconsin").Report("atlanta", TestFactory.Gang(1, GangState.Finished));
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Job.ShouldBe(2);
    }

    [Fact]
    public void Job_of_the_same_priority_takes_nothing_and_one_that_has_not_run_its_minimum_stays()
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { MinimumRun = 60 }));
        factory.Run(1, "atlanta").Submit("atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Priority = 1 }));

        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.ReasonOf(3).ShouldBe("Waits for a free slot at atlanta: job 1 comes first.");
        factory.ReasonOf(2).ShouldBe("Waits for a free slot at atlanta: jobs 1 and 3 come first.");
        factory.After(59_999).Tick().Job(1).GaveWayTo.ShouldBe(0);
        factory.After(1).Tick().Job(1).GaveWayTo.ShouldBe(3);
    }

    [Fact]
    public void Planned_start_is_dropped_where_its_site_is_lost_and_the_job_is_placed_anew()
    {
        var factory = GivingWay().Lose("atlanta");

        factory.Job(2).Planned.ShouldBeNull();
        factory.ReasonOf(2).ShouldStartWith("Waits for site atlanta");
    }

    [Fact]
    public void Queue_that_may_borrow_no_more_says_so_and_other_queues_go_on()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4);
        factory.Do(new ApplyQueues(new QueueSet([
            new QueueSpecification { Name = "default", Quotas = [new QuotaSpecification("cpu", 0, BorrowingLimit: 1)] }, new QueueSpecification { Name = "research" }])));
        factory.Submit("atlanta").Submit("atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = "research" }));

        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.ReasonOf(2).ShouldBe("It needs 1 more quota of cpu on default.");
        factory.StateOf(3).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Paused_queue_starts_nothing_until_it_goes_on()
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new SetPaused("default", true));
        factory.Submit("atlanta");

        factory.ReasonOf(1).ShouldBe("Queue default is paused: 'superfactory queue resume default' lets its jobs start.");
        factory.Try(new SetPaused("default", true)).Refusal!.Kind.ShouldBe(RefusalKind.Conflict);
        factory.Try(new SetPaused("deafult", true)).Refusal!.Kind.ShouldBe(RefusalKind.NotFound);
        factory.Do(new SetPaused("default", false));
        factory.StateOf(1).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_gets_a_greater_priority_has_others_give_way()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta").Run(1, "atlanta").Submit("atlanta");
        factory.Do(new ReprioritizeJob(2, 7));

        factory.Job(1).GaveWayTo.ShouldBe(2);
        factory.Try(new ReprioritizeJob(2, 1001)).Refusal!.Kind.ShouldBe(RefusalKind.Invalid);
        factory.Try(new ReprioritizeJob(9, 1)).Refusal!.Kind.ShouldBe(RefusalKind.NotFound);
    }

    [Fact]
    public void Plan_says_what_submission_then_does_and_changes_nothing()
    {
        var factory = new TestFactory().Join("atlanta").Join("wisconsin").Submit("atlanta", "wisconsin").Run(1, "atlanta", "wisconsin");
        var before = factory.State;
        var high = new SubmitJob(TestFactory.Specification("atlanta") with { Priority = 1 });

        var (plan, _) = PlanReader.Read(factory.State, high, factory.Now);

        (plan!.Outcome, plan.Reason, plan.Owned, plan.Accelerators, plan.PeakWatts).ShouldBe((PlanOutcome.StartsAfter, "Starts at atlanta as soon as job 1 has given way.", false, 1, 50));
        plan.GiveWay.ShouldHaveSingleItem().Job.ShouldBe(1);
        var (waits, _) = PlanReader.Read(factory.State, new SubmitJob(TestFactory.Specification("atlanta")), factory.Now);
        (waits!.Outcome, waits.Reason).ShouldBe((PlanOutcome.Waits, "Waits for a free slot at atlanta: job 1 comes first."));
        PlanReader.Read(factory.State, new SubmitJob(TestFactory.Specification("nowhere")), factory.Now).Refusal.ShouldNotBeNull();
        factory.State.ShouldBeSameAs(before);
        factory.Do(high);
        factory.Job(2).Planned!.Sites.ShouldBe(plan.Sites);
        PlanReader.Read(Reclaimed().State, new SubmitJob(TestFactory.Specification("wisconsin")), factory.Now).Plan!.Before.ShouldBeEmpty();
    }

    [Fact]
    public void Queues_that_do_not_fit_are_refused()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Submit("atlanta");

        factory.Try(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default", Quotas = [new QuotaSpecification("cpu", 3)] }]), "q.yaml"))
            .Refusal!.Problems[0].ToString().ShouldContain("3 of cpu are guaranteed, but the fleet offers 2");
        factory.Try(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "other" }]))).Refusal!.Problems[0].Message.ShouldBe("Queue 'default' has jobs that have not ended, the first of them job 1.");
        factory.Try(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = "defalt" })).Refusal!.Problems[0].Hint.ShouldBe("Did you mean 'default'?");
        factory.Try(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 3 })).Refusal!.Problems[0].Message.ShouldBe("Site 'atlanta' has 2 slots: an island of 3 never fits there, one of 2 would.");
    }

    /// <summary>A job at two sites is told to save because one of a greater priority wants one of them.</summary>
    internal static TestFactory GivingWay()
    {
        var factory = new TestFactory().Join("atlanta").Join("wisconsin").Submit("atlanta", "wisconsin").Run(1, "atlanta", "wisconsin");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Priority = 1 }));
        return factory;
    }

    /// <summary>A queue takes back what is guaranteed to it, one island of a job that can go on without it.</summary>
    internal static TestFactory Reclaimed()
    {
        var factory = new TestFactory().Join("atlanta").Join("wisconsin");
        factory.Do(new ApplyQueues(new QueueSet([
            new QueueSpecification { Name = "default" }, new QueueSpecification { Name = "research", Quotas = [new QuotaSpecification("cpu", 1)] }])));
        factory.Do(new SubmitJob(TestFactory.Specification("wisconsin", "atlanta") with { IslandsMin = 1 }));
        factory.Run(1, "atlanta", "wisconsin");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = "research" }));
        return factory;
    }
}
