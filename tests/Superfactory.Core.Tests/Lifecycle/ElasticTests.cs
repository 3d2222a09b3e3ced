using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Jobs whose islands may have fewer accelerators than the most, from the records to the sites' instructions.</summary>
public sealed class ElasticTests
{
    [Fact]
    public void Island_starts_with_as_many_as_there_is_room_for_and_its_site_is_told_how_many()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 3 }));
        factory.Do(new SubmitJob(Elastic(2, 8, "atlanta")));

        factory.Journal.OfType<JobStarted>().Select(static record => record.Accelerators?["atlanta"]).ShouldBe([null, 4]);
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldBe("Placed at atlanta on 4 each.");
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(7);
        InstructionsReader.Read(factory.State, "atlanta").Gangs.Select(static gang => gang.Accelerators).ShouldBe([null, 4]);
        JournalRecord.FromJson(factory.Journal.OfType<JobStarted>().Last().ToJson()).ShouldBeOfType<JobStarted>().Accelerators!["atlanta"].ShouldBe(4);

        // What is left is one slot: another of that range waits, and is told what its least lacks.
        factory.Do(new SubmitJob(Elastic(2, 8, "atlanta")));
        factory.ReasonOf(3).ShouldBe("Waits for a free slot at atlanta: jobs 1 and 2 come first.");
        WhyReader.NeedsOf(factory.State, factory.Job(3), factory.Now).ShouldHaveSingleItem().Missing.ShouldBe(1);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = "default", Priority = 1 }));
        factory.StateOf(4).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Island_gives_up_what_it_can_go_on_without_before_anybody_stops()
    {
        var factory = new TestFactory().Join("atlanta", slots: 12);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 4 }));
        factory.Do(new SubmitJob(Elastic(2, 8, "atlanta")));
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 3, Priority = 1 }));

        // Four of the eight: the steps are of two.
        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.Journal.OfType<StartPlanned>().Select(static record => (record.Job, record.Accelerators?["atlanta"])).ShouldBe([(3, null), (2, 4)]);
        factory.ReasonOf(2).ShouldBe("Gives way to job 3: waits for atlanta to save.");
        factory.ReasonOf(3).ShouldBe("Starts at atlanta as soon as job 2 has given way.");
        factory.Journal.OfType<JobGivesWay>().ShouldHaveSingleItem().Reason.ShouldBe("Its island atlanta gives 4 of its 8 accelerators to job 3.");

        // Nobody gets between.
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 2 }));
        factory.Lie("atlanta", TestFactory.Checkpoint(2, 20, "atlanta", held: true) with { Islands = ["atlanta"] }).Report("atlanta", TestFactory.Gang(1, GangState.Running));
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1, 2, 3]);
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(11);
        (factory.Job(2).Islands[0].Accelerators, factory.Job(2).Resume!.Checkpoint).ShouldBe((4, 1));
        InstructionsReader.Read(factory.State, "atlanta").Gangs.Single(static gang => gang.Job == 2).Accelerators.ShouldBe(4);
        factory.StateOf(4).ShouldBe(JobState.Queued);
    }

    [Fact]
    public void Island_gives_up_parts_while_the_others_go_on_and_comes_back_with_what_it_kept()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8).Join("wisconsin", slots: 8);
        factory.Do(new SubmitJob(Elastic(2, 8, "atlanta", "wisconsin")));
        factory.Run(1, "atlanta", "wisconsin");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 4, Priority = 1 }));

        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.Job(1).FindIsland("wisconsin")!.Standing.ShouldBe(IslandStanding.Wanted);
        factory.Journal.OfType<IslandReclaimed>().Select(static record => (record.Island, record.Keeps)).ShouldBe([("atlanta", 4)]);
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
        factory.Promise(1, "wisconsin", 7);
        factory.ReasonOf(1).ShouldStartWith("Trains at wisconsin. Island atlanta starts again with 4 accelerators: its island atlanta gives 4 of its 8 accelerators to job 2.");
        factory.Report("atlanta");

        factory.StateOf(2).ShouldBe(JobState.Starting);
        var back = factory.Job(1).FindIsland("atlanta")!;
        (back.Standing, back.Incarnation, back.Accelerators, back.Withheld, back.Kept).ShouldBe((IslandStanding.Wanted, 2, 4, null, null));
        factory.Run(1, "atlanta").Level(1, "atlanta").Promise(1, "wisconsin", 9);
        factory.Job(1).Epoch!.Members.Length.ShouldBe(2);
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(8);
    }

    [Fact]
    public void Island_gets_more_once_it_is_idle_and_nobody_waits_and_it_has_run_for_a_while()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 5 }));
        factory.Do(new SubmitJob(Elastic(1, 8, "atlanta")));
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Job(2).Islands[0].Accelerators.ShouldBe(3);
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished), TestFactory.Gang(2, GangState.Running));
        factory.Job(2).HoldRequested.ShouldBeFalse("it has run for less than ten times what a restart is counted to cost");
        factory.After(299_000).Tick().Journal.OfType<JobMoves>().ShouldBeEmpty();

        factory.After(1_000).Tick();
        factory.Journal.OfType<JobMoves>().ShouldHaveSingleItem().Reason.ShouldBe("There is room for 8 accelerators at atlanta, where it has 3.");
        factory.Lie("atlanta", TestFactory.Checkpoint(2, 20, "atlanta", held: true) with { Islands = ["atlanta"] }).Report("atlanta");
        factory.Job(2).Islands[0].Accelerators.ShouldBe(8);
        factory.Run(2, "atlanta").After(900_000).Tick();
        factory.Journal.OfType<JobMoves>().Count().ShouldBe(1);
    }

    [Fact]
    public void Island_gets_no_more_while_somebody_waits_or_where_that_would_be_borrowed()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default", Quotas = [new QuotaSpecification("cpu", 4)] }, new QueueSpecification { Name = "guest" }])));
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 6, Queue = "guest" }));
        factory.Do(new SubmitJob(Elastic(1, 8, "atlanta")));
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Job(2).Islands[0].IsOwned.ShouldBeTrue();
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 8, Queue = "guest" }));
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished), TestFactory.Gang(2, GangState.Running)).After(600_000).Tick();
        factory.Journal.OfType<JobMoves>().ShouldBeEmpty("job 3 waits");

        factory.Do(new CancelJob(3));
        factory.Journal.OfType<JobMoves>().ShouldHaveSingleItem().Reason.ShouldBe("There is room for 4 accelerators at atlanta, where it has 2.");
    }

    [Fact]
    public void Island_of_one_job_grows_while_the_others_go_on()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8).Join("wisconsin", slots: 8);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 4 }));
        factory.Do(new SubmitJob(Elastic(4, 8, "atlanta", "wisconsin")));
        factory.Run(1, "atlanta").Run(2, "atlanta", "wisconsin");
        factory.Job(2).Islands.Select(static island => island.Accelerators).ShouldBe([4, 4]);

        factory.After(300_000).Tick();
        factory.Journal.OfType<IslandReclaimed>().Select(static record => (record.Island, record.Keeps, record.To)).ShouldBe([("wisconsin", 8, FactoryJob.Nobody)]);
        factory.Promise(2, "atlanta", 7).Report("wisconsin");
        factory.Job(2).Islands.Select(static island => island.Accelerators).ShouldBe([4, 8]);
    }

    [Fact]
    public void Racks_that_are_given_up_are_whole()
    {
        var factory = RackTests.Factory("racks: {hardware: gb200-nvl72, count: 4}");
        factory.Do(new SubmitJob(Elastic(64, 256, "atlanta") with { Hardware = ["gb200-nvl72"] }));
        factory.Run(1, "atlanta");
        factory.Job(1).Islands[0].Places.Length.ShouldBe(4);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Hardware = ["gb200-nvl72"], Accelerators = 128, Priority = 1 }));
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 20, "atlanta", held: true) with { Islands = ["atlanta"] }).Report("atlanta");

        factory.Job(1).Islands[0].Accelerators.ShouldBe(128);
        factory.Job(1).Islands[0].Places.Length.ShouldBe(2);
        factory.Job(1).Islands[0].Places.Intersect(factory.Job(2).Islands[0].Places).ShouldBeEmpty();
    }

    [Fact]
    public void Job_that_moves_while_it_is_to_start_again_with_less_is_placed_anew()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new SubmitJob(Elastic(2, 8, "atlanta")));
        factory.Run(1, "atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 4, Priority = 1 }));
        factory.Job(1).Planned.ShouldNotBeNull();
        factory.Do(new TakeOut("atlanta", OutageState.Draining, null));
        factory.Job(1).Planned.ShouldBeNull();
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 20, "atlanta", held: true) with { Islands = ["atlanta"] }).Report("atlanta");
        factory.StateOf(1).ShouldBe(JobState.Queued);
        factory.Do(new ReturnTarget("atlanta"));
        factory.Job(1).Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(4);
    }

    [Fact]
    public void Island_that_was_left_out_comes_back_with_what_there_is_then()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4).Join("wisconsin", slots: 4);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 3 }));
        factory.Do(new SubmitJob(Elastic(2, 4, "atlanta", "wisconsin") with { IslandsMin = 1 }));
        factory.Job(2).Islands.Select(static island => island.Accelerators).ShouldBe([0, 4]);
        factory.Run(1, "atlanta").Run(2, "wisconsin");

        factory.Do(new SubmitJob(TestFactory.Specification("atlanta")));
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished), TestFactory.Gang(3, GangState.Running));

        var restarted = factory.Journal.OfType<IslandRestarted>().ShouldHaveSingleItem();
        (restarted.Island, restarted.Accelerators).ShouldBe(("atlanta", 2));
        factory.Job(2).AcceleratorsHeld.ShouldBe(6);
    }

    [Fact]
    public void Job_behind_one_that_waits_takes_no_more_than_its_least_of_what_is_left()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 4 }));
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 6 }));
        factory.Do(new SubmitJob(Elastic(1, 8, "atlanta")));

        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.StateOf(3).ShouldBe(JobState.Queued, "all that is free is claimed");
    }

    [Fact]
    public void Plan_says_with_how_many_a_job_would_start()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 5 }));
        var (plan, refusal) = PlanReader.Read(factory.State, new SubmitJob(Elastic(1, 8, "atlanta")), factory.Now);

        refusal.ShouldBeNull();
        plan!.Accelerators.ShouldBe(3);
        factory.Try(new SubmitJob(Elastic(9, 16, "atlanta"))).Refusal!.Problems[0].Message.ShouldContain("an island of 9 never fits there, one of 8 would");
    }

    private static JobSpecification Elastic(int least, int most, params string[] sites) => TestFactory.Specification(sites) with { Accelerators = most, AcceleratorsMin = least };
}
