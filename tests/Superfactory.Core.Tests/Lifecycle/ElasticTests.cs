using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
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
    public void Island_of_a_range_gives_way_whole_and_comes_back_with_what_there_is_then()
    {
        var factory = new TestFactory().Join("atlanta", slots: 8);
        factory.Do(new SubmitJob(Elastic(2, 8, "atlanta")));
        factory.Run(1, "atlanta");
        factory.Job(1).AcceleratorsHeld.ShouldBe(8);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 5, Priority = 1 }));
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 20, "atlanta", held: true) with { Islands = ["atlanta"] });
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(8, "it holds what it had until its site says that it has stopped");
        factory.Report("atlanta");

        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1, 2]);
        factory.Job(1).Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(2);
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
