using FsCheck;
using FsCheck.Fluent;
using Superfactory.Core.Records;

namespace Superfactory.Core.Tests.Properties;

/// <summary>
/// While nobody commands anything and sites do as they are told, jobs give way to each other finitely often, however long time passes; a counter-example is printed with its seed. And the check catches what it is
/// there for.
/// </summary>
public sealed class QuietFactoryTests
{
    private const int Steps = 40, Ticks = 40, QuietTicks = 10;

    // From half a minute to half a day, each a fifth longer than the one before it.
    private const double TickMilliseconds = 30_000, Longer = 1.2;

    [Fact]
    public void Jobs_give_way_to_each_other_finitely_often_as_time_passes()
    {
        var gaveWay = 0;
        Prop.ForAll(Gen.Choose(1, int.MaxValue).ToArbitrary(), seed =>
        {
            var life = new Life(seed);
            Restless(life).ShouldBeEmpty($"seed {seed}");
            gaveWay += life.Journal.Count(static record => record is JobGivesWay or IslandReclaimed);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
        TestContext.Current.SendDiagnosticMessage($"{gaveWay} gave way");
        gaveWay.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void Islands_of_a_range_of_accelerators_grow_and_shrink_finitely_often_as_time_passes()
    {
        var (resized, larger) = (0, 0);
        foreach (var seed in Enumerable.Range(1, 30))
        {
            var life = PlantedPromiseTests.Elastic(seed);
            Restless(life).ShouldBeEmpty($"seed {seed}");
            resized += life.Journal.Count(PlantedPromiseTests.IsResized);
            larger += life.Journal.Count(static record => record is IslandReclaimed { Keeps: not null, To: FactoryJob.Nobody } || (record is JobMoves moves && moves.Reason.StartsWith("There is room", StringComparison.Ordinal)));
        }

        TestContext.Current.SendDiagnosticMessage($"{resized} started again with more or fewer, {larger} with more");
        larger.ShouldBeGreaterThan(0);
        resized.ShouldBeGreaterThan(larger + 10);
    }

    [Fact]
    public void Islands_that_give_back_what_they_were_given_are_found() => Enumerable.Range(1, 40).ShouldContain(static seed => Restless(PlantedPromiseTests.Elastic(seed, Forgets)).Count > 0);

    /// <summary>The bug: an island that was given more has what it had before, and so is given it again.</summary>
    private static FactoryState Forgets(FactoryState state, JournalRecord record)
    {
        state = Factory.Apply(state, record);
        return record is JobStarted { Accelerators: not null } or IslandRestarted { Accelerators: not null } && state.Jobs[((PlanRecord)record).Job] is var job
            ? state.WithJob(job with { Islands = [.. job.Islands.Select(static island => island is { HoldsSlot: true, Places.Length: < 2 } ? island with { Accelerators = 1 } : island)] }) : state;
    }

    [Fact]
    public void Jobs_that_take_back_what_was_taken_from_them_are_found() => Enumerable.Range(1, 20).ShouldContain(static seed => Restless(new Life(seed, Raised)).Count > 0);

    /// <summary>The bug: a job that gives way waits at a greater priority than that which took its place.</summary>
    private static FactoryState Raised(FactoryState state, JournalRecord record)
    {
        state = Factory.Apply(state, record);
        return record is JobGivesWay way && state.Jobs.TryGetValue(way.To, out var to) && state.Jobs[way.Job] is var job
            ? state.WithJob(job with { Specification = job.Specification with { Priority = to.Specification.Priority + 1 } }) : state;
    }

    /// <summary>What still starts, stops or moves after everybody has been left alone for long.</summary>
    private static List<JournalRecord> Restless(Life life)
    {
        for (var step = 0; step < Steps; step++)
        {
            life.Step();
        }

        var (interval, settled) = (TickMilliseconds, 0);
        for (var tick = 0; tick < Ticks; tick++)
        {
            settled = tick == Ticks - QuietTicks ? life.Journal.Count : settled;
            life.Pass((long)interval);
            interval *= Longer;
        }

        return [.. life.Journal.Skip(settled).Where(static record => record is JobStarted or StartPlanned or JobGivesWay or IslandReclaimed or IslandEvicted or IslandRestarted or JobMoves)];
    }
}
