using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

public sealed class JobLifecycleTests
{
    [Fact]
    public void Job_is_submitted_placed_and_given_its_first_epoch_in_one_decision()
    {
        var factory = new TestFactory().Join("wisconsin").Join("atlanta");

        var records = factory.Do(new SubmitJob(TestFactory.Specification("wisconsin", "atlanta")));

        records.Select(record => record.GetType().Name).ShouldBe(["JobSubmitted", "JobStarted", "EpochDecided"]);
        records.OfType<JobStarted>().Single().Scheduler.ShouldBe("fleet/11");
        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.ReasonOf(1).ShouldBe("Starts at wisconsin and atlanta: wisconsin and atlanta have not joined yet.");
    }

    [Fact]
    public void Job_says_which_island_has_not_joined_yet_and_runs_when_all_have()
    {
        var factory = Started().Run(1, "wisconsin");
        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.ReasonOf(1).ShouldBe("Starts at wisconsin and atlanta: atlanta has not joined yet.");

        factory.Run(1, "atlanta");

        factory.StateOf(1).ShouldBe(JobState.Running);
        factory.ReasonOf(1).ShouldBe("Trains at wisconsin and atlanta.");
    }

    [Fact]
    public void Job_completes_when_every_island_finished_with_the_same_model()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta");
        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Finished));
        factory.StateOf(1).ShouldBe(JobState.Running);

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished));

        factory.StateOf(1).ShouldBe(JobState.Completed);
        factory.ReasonOf(1).ShouldBe("Everything planned is merged.");
        factory.State.OpenJobs.ShouldBeEmpty();
        factory.State.StoppingJobs.ShouldBeEmpty();
    }

    [Fact]
    public void Job_fails_when_the_islands_ended_with_different_models()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta");

        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Finished, hash: "aaaaaaaaaaaaaaaa"));
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished, hash: "bbbbbbbbbbbbbbbb"));

        factory.StateOf(1).ShouldBe(JobState.Failed);
        factory.ReasonOf(1).ShouldBe("The islands ended with different models: wisconsin has parameters aaaaaaaaaaaa, atlanta has bbbbbbbbbbbb.");
    }

    [Fact]
    public void Job_fails_with_the_gangs_reason_when_starting_again_could_not_help()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta");

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Failed, reason: "The loss of atlanta is NaN at step 12."));

        factory.StateOf(1).ShouldBe(JobState.Failed);
        factory.ReasonOf(1).ShouldBe("The loss of atlanta is NaN at step 12.");
        InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldBeEmpty();
    }

    [Fact]
    public void Gang_that_failed_in_a_way_that_a_new_start_could_help_is_started_again_three_times()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta");
        for (var incarnation = 1; incarnation <= FactoryLimits.IslandRestartsMax; incarnation++)
        {
            factory.Report("atlanta", TestFactory.Gang(1, GangState.Failed, incarnation, "The bridge of atlanta was lost.", retriable: true));
            factory.Job(1).Islands[1].Incarnation.ShouldBe(incarnation + 1);
            factory.Job(1).Epoch!.Sealed.ShouldBe(incarnation == 1, "the others go on without it, and wait for none of its incarnations");
            factory.Promise(1, "wisconsin", 5);
            factory.ReasonOf(1).ShouldStartWith("Trains at wisconsin.");
            factory.Run(1, "atlanta");
        }

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Failed, 4, "The bridge of atlanta was lost.", retriable: true));

        factory.StateOf(1).ShouldBe(JobState.Failed);
        factory.ReasonOf(1).ShouldBe("Island atlanta was started again 3 times and failed each time. The last time: The bridge of atlanta was lost.");
    }

    [Fact]
    public void Island_that_the_run_outran_is_started_again_as_often_as_that_happens()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta");
        for (var incarnation = 1; incarnation <= 2 * FactoryLimits.IslandRestartsMax; incarnation++)
        {
            factory.Report("atlanta", TestFactory.Gang(1, GangState.Failed, incarnation, "The run went on without atlanta.", retriable: true) with { Outrun = true });
            factory.Promise(1, "wisconsin", 5).Run(1, "atlanta");
        }

        factory.ReasonOf(1).ShouldStartWith("Trains at wisconsin.");
        factory.Job(1).Islands[1].Failures.ShouldBe(0, "nothing failed");
    }

    [Fact]
    public void Report_of_an_older_incarnation_changes_nothing()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta");
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Failed, 1, "Lost.", retriable: true));

        factory.Do(new ReportGangs("atlanta", "s1", [TestFactory.Gang(1, GangState.Finished, 1)])).ShouldBeEmpty();
    }

    [Fact]
    public void Report_that_only_repeats_is_no_record()
    {
        var factory = Started().Run(1, "wisconsin");

        factory.Do(new ReportGangs("wisconsin", "s1", [TestFactory.Gang(1, GangState.Running)])).ShouldBeEmpty();
    }

    [Fact]
    public void Cancelled_job_keeps_its_slots_until_each_site_confirms()
    {
        var factory = Started().Run(1, "wisconsin", "atlanta").Submit("wisconsin", "atlanta");

        factory.Do(new CancelJob(1));

        factory.StateOf(1).ShouldBe(JobState.Cancelled);
        factory.State.StoppingJobs.ShouldBe([1L]);
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Running));
        factory.Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Stopped));
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Queued_job_can_be_cancelled_and_an_ended_one_can_not()
    {
        var factory = Started().Submit("wisconsin");
        factory.Do(new CancelJob(2));
        factory.StateOf(2).ShouldBe(JobState.Cancelled);

        factory.Try(new CancelJob(2)).Refusal!.Problems[0].Message.ShouldBe("Job 2 has already ended: it was cancelled.");
        factory.Try(new CancelJob(3)).Refusal!.Kind.ShouldBe(RefusalKind.NotFound);
    }

    [Fact]
    public void Job_with_unknown_or_repeated_sites_is_refused_whole()
    {
        var factory = new TestFactory().Join("wisconsin").Join("atlanta");

        var refusal = factory.Try(new SubmitJob(TestFactory.Specification("wisconsn", "atlanta", "atlanta", "mars"), "job.yaml")).Refusal!;

        refusal.Kind.ShouldBe(RefusalKind.Invalid);
        refusal.Problems.Select(problem => problem.ToString()).ShouldBe(
        [
            "job.yaml: sites: There is no site 'wisconsn'; expected one of atlanta, wisconsin. Did you mean 'wisconsin'?",
            "job.yaml: sites: Site 'atlanta' is named twice; a job has one island at a site.",
            "job.yaml: sites: There is no site 'mars'; expected one of atlanta, wisconsin. Start its agent with 'superfactory site' first.",
        ]);
    }

    private static TestFactory Started() => new TestFactory().Join("wisconsin").Join("atlanta").Submit("wisconsin", "atlanta");
}
