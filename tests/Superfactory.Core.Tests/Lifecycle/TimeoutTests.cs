using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Starts that take too long, and runs that find no replacement for what they lost.</summary>
public sealed class TimeoutTests
{
    private const int Start = 300_000, Replace = 600_000;

    [Fact]
    public void Job_whose_island_has_not_started_in_time_releases_all_and_is_placed_again_after_a_pause()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta", "texas").Run(1, "texas");
        factory.After(Start - 1).Tick().StateOf(1).ShouldBe(JobState.Starting);
        factory.After(1).Tick();

        factory.Journal.OfType<StartTimedOut>().ShouldHaveSingleItem().Islands.ShouldBe(["atlanta"]);
        InstructionsReader.Read(factory.State, "texas").Gangs.ShouldBeEmpty("an island alone is not held on to");
        factory.State.JobsHoldingSlots("texas").ShouldBe([1], "it may still run");
        factory.Report("atlanta").Report("texas");
        factory.ReasonOf(1).ShouldBe("It was stopped to be placed anew. Atlanta had not started within 5 min. Is tried again in 30 s.");
        factory.After(29_999).Tick().StateOf(1).ShouldBe(JobState.Queued);
        factory.After(1).Tick().StateOf(1).ShouldBe(JobState.Starting);
        factory.Job(1).Islands.ShouldAllBe(island => island.Incarnation == 2);
    }

    [Fact]
    public void Pauses_double_up_to_a_limit_and_begin_anew_once_a_start_succeeds()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta");
        var pauses = new List<long>();
        for (var attempt = 0; attempt < 7; attempt++)
        {
            factory.After(Start).Tick();
            pauses.Add(factory.Journal.OfType<StartTimedOut>().Last().Until - factory.Now);
            factory.Report("atlanta").After((int)pauses[^1]).Tick().StateOf(1).ShouldBe(JobState.Starting);
        }

        pauses.ShouldBe([30_000, 60_000, 120_000, 240_000, 480_000, FactoryLimits.StartPauseMillisecondsMax, FactoryLimits.StartPauseMillisecondsMax]);
        factory.Run(1, "atlanta").Job(1).FailedStarts.ShouldBe(0);
    }

    [Fact]
    public void Job_of_any_sites_goes_elsewhere_after_a_start_that_was_given_up()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").SubmitAnywhere(1);
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("atlanta");
        factory.After(Start).Tick().Report("atlanta").After(FactoryLimits.StartPauseMilliseconds).Tick();

        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
    }

    [Fact]
    public void Slot_at_a_site_that_is_away_stays_charged_until_it_says_that_the_gang_has_stopped()
    {
        var factory = LeftBehind();

        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas", "the job does not wait for the site");
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1]);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Name = "other" }));
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Running));
        factory.StateOf(2).ShouldBe(JobState.Queued, "the old gang runs");
        factory.Report("atlanta");
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([2]);
    }

    [Fact]
    public void Slot_that_stays_charged_is_free_once_another_process_of_its_agent_says_hello()
    {
        var factory = LeftBehind().Join("atlanta", "s2");

        factory.State.JobsHoldingSlots("atlanta").ShouldBeEmpty();
        factory.State.StoppingJobs.ShouldBeEmpty();
    }

    [Fact]
    public void Run_that_lost_an_island_goes_on_for_a_while_then_saves_and_is_placed_anew()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").Join("wisconsin").SubmitAnywhere(2).Run(1, "atlanta", "texas").Lose("atlanta");
        factory.Miss(1, "texas", "atlanta").Promise(1, "texas", 5).Miss(1, "texas", "atlanta").After(FactoryLimits.PromiseMillisecondsMax).Tick();
        factory.Job(1).Epoch!.Members.ShouldHaveSingleItem().Island.ShouldBe("texas");
        factory.Journal.OfType<IslandsShort>().ShouldHaveSingleItem().IsShort.ShouldBeTrue();
        factory.After((int)(factory.Job(1).ShortSince + Replace - 1 - factory.Now)).Tick().Job(1).HoldRequested.ShouldBeFalse();
        factory.After(1).Tick();

        factory.ReasonOf(1).ShouldBe("Moves: waits for texas to save. It had 1 of the 2 islands that it needs for 10 min.");
        factory.Lie("texas", TestFactory.Checkpoint(1, 20, "texas", epoch: 2, held: true) with { Islands = ["texas"] }).Report("texas");
        factory.Job(1).Islands.Select(island => island.Site).ShouldBe(["texas", "wisconsin"], "atlanta is still away");
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1], "what is away stays charged");
    }

    [Fact]
    public void Run_whose_island_comes_back_in_time_is_left_alone()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta", "texas").Run(1, "atlanta", "texas").Lose("atlanta").Miss(1, "texas", "atlanta")
            .Promise(1, "texas", 5).Miss(1, "texas", "atlanta").After(FactoryLimits.PromiseMillisecondsMax).Tick().After(Replace / 2).Join("atlanta", "s2");

        factory.Journal.OfType<IslandsShort>().Select(record => record.IsShort).ShouldBe([true, false]);
        factory.After(Replace).Tick().Job(1).HoldRequested.ShouldBeFalse();
    }

    [Fact]
    public void Island_that_only_the_others_hear_is_not_lost()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta", "texas").Run(1, "atlanta", "texas").Lose("atlanta").Report("texas", TestFactory.Gang(1, GangState.Running)).After(2 * Replace).Tick();

        factory.Journal.OfType<IslandsShort>().ShouldBeEmpty();
        factory.Job(1).HoldRequested.ShouldBeFalse();
    }

    [Fact]
    public void Run_that_may_go_on_with_fewer_islands_or_for_any_time_does()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas", slots: 2);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta", "texas") with { IslandsMin = 1 }));
        factory.Run(1, "atlanta", "texas").Lose("atlanta").After(2 * Replace).Tick();

        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.Journal.OfType<IslandsShort>().ShouldBeEmpty();
    }

    [Fact]
    public void Run_that_nobody_is_heard_of_goes_back_to_its_checkpoint_elsewhere_and_what_the_old_islands_save_later_is_not_its()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").SubmitAnywhere(1).Run(1, "atlanta");
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 9, "atlanta") with { Islands = ["atlanta"] }).Arrive();
        factory.Lose("atlanta").After(Replace).Tick();

        factory.Job(1).Resume.ShouldNotBeNull().Checkpoint.ShouldBe(1);
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
        factory.Do(new ReportGangs("atlanta", factory.State.Sites["atlanta"].Session, [])
        {
            Checkpoints = [TestFactory.Checkpoint(1, 9, "atlanta") with { Islands = ["atlanta"] }, TestFactory.Checkpoint(1, 50, "atlanta") with { Islands = ["atlanta"] }],
        });
        factory.Job(1).Checkpoints.Single(checkpoint => checkpoint.Round == 50).Abandoned.ShouldBeTrue();
    }

    /// <summary>A job whose only island did not start, at a site that was lost, and that was placed elsewhere.</summary>
    internal static TestFactory LeftBehind() => new TestFactory().Join("atlanta").Join("texas").SubmitAnywhere(1).Lose("atlanta").After(Start).Tick().After(FactoryLimits.StartPauseMilliseconds).Tick();
}
