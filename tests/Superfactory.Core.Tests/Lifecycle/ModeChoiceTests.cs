using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What a run merges, and when, that chooses it by itself.</summary>
public sealed class ModeChoiceTests
{
    private const long Slow = 100_000_000;
    private const long Fast = 100_000_000_000;
    private static readonly string[] _sites = ["a", "b"];

    /// <summary>About the demo's model: 0.87 million parameters, 200 ms a step, 20 ms round trip.</summary>
    internal static IslandMeasurement Measured(RunSchedule schedule, long bitsPerSecond, long rounds = 20) => new()
    {
        Schedule = schedule, Rounds = rounds, StepMicroseconds = 200_000, OwnWorkMicroseconds = 0, ParameterBytes = 3_480_000,
        LinkBitsPerSecond = bitsPerSecond, RoundTripMicroseconds = bitsPerSecond == Fast ? 1_000 : 20_000, ShareMillionths = 900_000,
    };

    [Fact]
    public void Run_begins_with_diloco_and_changes_when_every_member_has_measured_and_said_so_in_the_journal()
    {
        var factory = Running();
        factory.Job(1).Epoch!.Schedule.ShouldBe(RunSchedule.First);

        factory.Measure(1, "a", Measured(RunSchedule.First, Fast));
        factory.Job(1).Epoch!.Sealed.ShouldBeFalse("b has not measured");
        factory.Measure(1, "b", Measured(RunSchedule.First, Fast));
        factory.Job(1).Epoch!.Sealed.ShouldBeTrue();
        factory.Promise(1, "a", 3).Promise(1, "b", 3);

        factory.Job(1).Epoch!.Schedule.ShouldBe(new RunSchedule(SyncMode.EveryStep, 1));
        factory.Job(1).Epoch!.Start.ShouldBe(3);
        factory.Job(1).Choice!.Reason.ShouldBe("every-step (99.4 %) is predicted to reach 98 % of the compute-only rate and is the least stale mode.");
        factory.Journal.OfType<IslandMeasured>().Count().ShouldBe(2);
        factory.Journal.FindIndex(record => record is SealOrdered).ShouldBeGreaterThan(factory.Journal.FindLastIndex(record => record is IslandMeasured));
    }

    [Fact]
    public void Link_that_degrades_and_recovers_is_followed()
    {
        var factory = Running();
        Merging(factory, Fast).ShouldBe("every-step");
        Merging(factory, Slow).ShouldBe("diloco every 100");
        Merging(factory, Slow * 3 / 2).ShouldBe("diloco every 100", "every 30 reaches the target, but not by the slack");
        Merging(factory, Slow * 4).ShouldBe("diloco every 30");
        Merging(factory, Fast).ShouldBe("every-step");
    }

    [Fact]
    public void Link_that_hovers_where_two_schedules_are_equally_good_changes_nothing()
    {
        var factory = Running();
        Merging(factory, Slow * 4).ShouldBe("diloco every 30");
        var epoch = factory.Job(1).Epoch!.Number;
        for (var time = 0; time < 20; time++)
        {
            Merging(factory, time % 2 == 0 ? Slow * 12 / 10 : Slow * 5).ShouldBe("diloco every 30");
        }

        factory.Job(1).Epoch!.Number.ShouldBe(epoch);
    }

    [Fact]
    public void What_was_measured_under_another_schedule_or_is_no_news_is_not_taken()
    {
        var factory = Running();
        Merging(factory, Slow * 4);
        var records = factory.Journal.Count;

        factory.After(10_000).Measure(1, "a", Measured(RunSchedule.First, Fast));
        factory.After(10_000).Measure(1, "a", Measured(factory.Job(1).Epoch!.Schedule!, Slow * 4, rounds: 1));
        Each(factory, Slow * 4);
        records += factory.Journal.Count - records;
        factory.After(10_000).Measure(1, "a", Measured(factory.Job(1).Epoch!.Schedule!, Slow * 42 / 10));
        factory.After(1).Measure(1, "a", Measured(factory.Job(1).Epoch!.Schedule!, Fast));

        factory.Journal.Count.ShouldBe(records + 1, "a tenth is no news, and more than that is, after ten seconds");
    }

    [Fact]
    public void Run_that_begins_again_begins_with_what_it_began_with()
    {
        var factory = Running();
        Merging(factory, Fast).ShouldBe("every-step");

        foreach (var site in _sites)
        {
            factory.Report(site, factory.Present(1, site) with { State = GangState.Failed, Reason = "The bridge was lost.", Retriable = true });
        }

        factory.Job(1).Epoch!.Start.ShouldBe(-1);
        factory.Job(1).Epoch!.Schedule.ShouldBe(RunSchedule.First);
        factory.Job(1).Choice.ShouldBeNull();
    }

    [Fact]
    public void Job_that_says_what_it_merges_is_left_alone()
    {
        var factory = new TestFactory().Join("a").Join("b").Submit(_sites).Run(1, _sites);

        Each(factory, Fast, RunSchedule.First);

        factory.Job(1).Epoch!.Schedule.ShouldBeNull();
        factory.Journal.OfType<IslandMeasured>().ShouldBeEmpty();
    }

    private static TestFactory Running()
    {
        var factory = new TestFactory().Join("a").Join("b");
        factory.Do(new SubmitJob(TestFactory.Specification(_sites) with { Sync = new SyncSpecification { Mode = SyncMode.Auto, Every = RunSchedule.First.Every } }));
        return factory.Run(1, _sites);
    }

    private static void Each(TestFactory factory, long bitsPerSecond, RunSchedule? schedule = null)
    {
        foreach (var site in _sites)
        {
            factory.After(10_000).Measure(1, site, Measured(schedule ?? factory.Job(1).Epoch!.Schedule!, bitsPerSecond));
        }
    }

    /// <summary>What the run merges once both islands have measured a link of a rate, and promised where that was asked for.</summary>
    private static string Merging(TestFactory factory, long bitsPerSecond)
    {
        Each(factory, bitsPerSecond);
        if (factory.Job(1).Epoch!.Sealed)
        {
            factory.Promise(1, "a", 5).Promise(1, "b", 5);
        }

        return factory.Job(1).Epoch!.Schedule!.ToString();
    }
}
