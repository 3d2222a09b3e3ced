using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Starts that are reserved for jobs that wait, who goes ahead of them, what moves them, and what people are told.</summary>
public sealed class ReservedStartTests
{
    [Fact]
    public void Job_that_waits_has_a_start_reserved_and_shorter_ones_go_ahead_of_it()
    {
        var factory = Waiting();
        var end = factory.Job(1).PlacedAt + 600_000;

        factory.Job(2).Reserved.ShouldNotBeNull().At.ShouldBe(end);
        factory.Journal.OfType<StartReserved>().First().Reason.ShouldBe("It starts at atlanta at 1970-01-01 00:26:40Z at the latest.");
        factory.ReasonOf(2).ShouldBe("Waits for a free slot at atlanta: job 1 comes first. It starts at atlanta at 1970-01-01 00:26:40Z at the latest.");
        factory.StateOf(3).ShouldBe(JobState.Queued);
        factory.ReasonOf(3).ShouldStartWith("It would run into what is reserved for job 2 from 1970-01-01 00:26:40Z on.");
        Submit(factory, accelerators: 1, duration: 500);

        factory.StateOf(4).ShouldBe(JobState.Starting, "it has ended when job 1 has, and could be stopped in time");
        factory.Job(4).EndBy.ShouldBe(end);
        factory.Job(2).Reserved!.At.ShouldBe(end);
    }

    [Fact]
    public void Job_that_went_ahead_and_runs_longer_saves_and_stops_in_time()
    {
        var factory = Waiting();
        Submit(factory, accelerators: 1, duration: 500);
        factory.Run(4, "atlanta");

        factory.After(569_999).Tick().Job(4).GaveWayTo.ShouldBe(0);
        factory.After(1).Tick().Job(4).GaveWayTo.ShouldBe(2);

        factory.ReasonOf(4).ShouldBe("Gives way to job 2: waits for atlanta to save.");
        factory.Job(1).GaveWayTo.ShouldBe(0, "it did not go ahead of anybody");
    }

    [Fact]
    public void Start_moves_when_a_job_that_it_waits_for_runs_longer_and_says_so()
    {
        var factory = Waiting();

        factory.After(600_000).Tick();

        factory.Job(2).Reserved!.At.ShouldBe(factory.Now + 60_000);
        factory.Journal.OfType<StartReserved>().Last(record => record.Job == 2).Reason.ShouldBe(
            "Those that it waits for run longer than was expected. It starts at atlanta at 1970-01-01 00:27:40Z at the latest, not at 1970-01-01 00:26:40Z.");
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished));
        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.Job(2).Reserved.ShouldBeNull();
    }

    [Fact]
    public void Start_that_is_reserved_survives_a_snapshot_and_moves_when_its_site_is_lost()
    {
        var factory = Waiting();
        FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore().Jobs[2].Reserved!.At.ShouldBe(factory.Job(2).Reserved!.At);

        factory.Lose("atlanta");

        factory.Job(2).Reserved.ShouldBeNull();
        factory.Journal.OfType<StartReserved>().Last(record => record.Job == 2).Reason.ShouldBe("Site atlanta is not there any more. No time is known for its start any more.");
    }

    [Fact]
    public void Job_does_not_start_before_it_may()
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { StartAfter = 60 }));

        factory.ReasonOf(1).ShouldStartWith("It starts at 1970-01-01 00:17:40Z at the earliest.");
        WhyReader.Read(factory.State, 1, factory.Now)!.Needs.Select(static need => (need.Lacks, need.UntilUnixMilliseconds)).ShouldBe([(WhyKind.Time, 1_060_000)]);
        factory.After(59_999).Tick().StateOf(1).ShouldBe(JobState.Queued);
        factory.After(1).Tick().StateOf(1).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Why_says_what_would_let_a_job_start_and_when_it_does()
    {
        var factory = Waiting();

        var first = WhyReader.Read(factory.State, 2, factory.Now)!;
        var need = first.Needs.ShouldHaveSingleItem();
        (need.Lacks, need.Missing, need.Hardware, need.At, first.Place).ShouldBe((WhyKind.Accelerators, 3, "cpu", "atlanta", 1));
        (first.StartsUnixMilliseconds, first.EndsUnixMilliseconds).ShouldBe((1_600_000, 1_700_000));
        need.Jobs.ShouldBe([1]);
        var second = WhyReader.Read(factory.State, 3, factory.Now)!;
        (second.Needs.ShouldHaveSingleItem().Lacks, second.Place).ShouldBe((WhyKind.Reserved, 2));
        second.Needs[0].Jobs.ShouldBe([2]);
        WhyReader.Read(factory.State, 1, factory.Now)!.EndsUnixMilliseconds.ShouldBe(1_600_000);
        WhyReader.Read(factory.State, 99, factory.Now).ShouldBeNull();
        factory.Do(new SetPaused("default", true));
        WhyReader.Read(factory.State, 2, factory.Now)!.Needs.Select(static need => need.Lacks).ShouldBe([WhyKind.Paused, WhyKind.Accelerators]);
    }

    [Fact]
    public void Plan_says_when_and_where_a_job_would_start_and_whether_that_is_too_late()
    {
        var factory = Waiting();
        var before = factory.State;

        var (plan, _) = PlanReader.Read(factory.State, new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 4, Duration = 100, Deadline = 300 }), factory.Now);

        plan!.Outcome.ShouldBe(PlanOutcome.Waits);
        plan.Sites.ShouldBe(["atlanta"]);
        plan.StartsUnixMilliseconds!.Value.ShouldBeGreaterThan(1_700_000);
        plan.EndsUnixMilliseconds.ShouldBe(plan.StartsUnixMilliseconds + 100_000);
        plan.EndsUnixMilliseconds!.Value.ShouldBeGreaterThan(plan.DeadlineUnixMilliseconds!.Value);
        plan.PeakWatts.ShouldBeGreaterThan(0);
        factory.State.ShouldBeSameAs(before);
    }

    /// <summary>Of four slots job 1 has three for ten minutes, job 2 wants all four, and job 3 one for longer than that.</summary>
    private static TestFactory Waiting()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4);
        Submit(factory, accelerators: 3, duration: 600);
        factory.Run(1, "atlanta");
        Submit(factory, accelerators: 4, duration: 100);
        Submit(factory, accelerators: 1, duration: 1000);
        return factory;
    }

    private static void Submit(TestFactory factory, int accelerators, int duration) =>
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = accelerators, Duration = duration }));
}
