using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Arrays: many jobs in one record, each with a state of its own.</summary>
public sealed class ArrayTests
{
    [Fact]
    public void Array_is_one_record_and_a_job_for_each_element_with_its_own_seed_and_state()
    {
        var factory = Submitted(3, slots: 2);

        factory.Journal.OfType<JobSubmitted>().ShouldHaveSingleItem();
        factory.State.Jobs.Values.Select(job => job.Array).ShouldBe([new ArrayPlace(1, 0, 3), new ArrayPlace(1, 1, 3), new ArrayPlace(1, 2, 3)]);
        factory.State.Jobs.Values.Select(job => job.Specification.Seed).ShouldBe([7, 8, 9]);
        factory.State.Jobs.Values.Select(job => factory.StateOf(job.Id)).ShouldBe([JobState.Starting, JobState.Starting, JobState.Queued]);
        var gangs = InstructionsReader.Read(factory.State, "atlanta").Gangs;
        gangs.Select(gang => gang.Array!.Element).ShouldBe([0, 1]);
        gangs.ShouldAllBe(gang => gang.Specification.Count == 1, "a gang is told of one job");

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished), TestFactory.Gang(2, GangState.Running));
        factory.State.Jobs.Values.Select(job => factory.StateOf(job.Id)).ShouldBe([JobState.Completed, JobState.Running, JobState.Starting]);
        factory.Submit("atlanta").State.LastJob.ShouldBe(4);
        factory.Job(4).Array.ShouldBeNull();
    }

    [Fact]
    public void All_elements_that_have_not_ended_are_held_released_and_cancelled_together()
    {
        var factory = Submitted(3, slots: 1);
        factory.Do(new CancelJob(2));
        factory.Do(new HoldJob(3, WholeArray: true));
        factory.State.Jobs.Values.Select(job => factory.StateOf(job.Id)).ShouldBe([JobState.Held, JobState.Cancelled, JobState.Held]);
        factory.Report("atlanta").Do(new ReleaseJob(1, WholeArray: true));
        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.Do(new CancelJob(1, WholeArray: true));
        factory.State.OpenJobs.ShouldBeEmpty();
        factory.Try(new CancelJob(1, WholeArray: true)).Refusal!.Kind.ShouldBe(RefusalKind.Conflict);
        factory.Submit("atlanta").Try(new CancelJob(4, WholeArray: true)).Refusal!.Problems[0].Message.ShouldBe("Job 4 is no element of an array.");
    }

    [Fact]
    public void Array_that_cannot_be_taken_whole_is_refused_whole()
    {
        var factory = new TestFactory().Join("atlanta");
        Refused(TestFactory.Specification("atlanta") with { Count = JobSpecification.ElementsMax + 1 }).ShouldBe("An array has 1 to 1000 elements, not 1001.");
        Refused(TestFactory.Specification("atlanta") with { Count = 3, Seed = int.MaxValue - 2 }).ShouldStartWith("The last element's seed");
        factory.State.LastJob.ShouldBe(0);

        string Refused(JobSpecification job) => factory.Try(new SubmitJob(job)).Refusal!.Problems[0].Message;
    }

    [Fact]
    public void Plan_of_an_array_says_what_becomes_of_its_first_element() =>
        PlanReader.Read(new TestFactory().Join("atlanta").State, new SubmitJob(TestFactory.Specification("atlanta") with { Count = 3 }), 1_000_000).Plan!.Outcome.ShouldBe(PlanOutcome.Starts);

    [Fact]
    public void Reason_of_one_behind_many_names_the_first_of_them()
    {
        var factory = Submitted(12, slots: 1);

        factory.ReasonOf(12).ShouldBe("Waits for a free slot at atlanta: jobs 1, 2, 3, 4, 5, 6, 7, 8 and more come first.");
    }

    private static TestFactory Submitted(int count, int slots)
    {
        var factory = new TestFactory().Join("atlanta", slots: slots);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Count = count, Seed = 7 }));
        return factory;
    }
}
