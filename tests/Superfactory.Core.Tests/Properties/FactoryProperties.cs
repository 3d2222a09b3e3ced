using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Lifecycle;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Properties;

/// <summary>What holds after every step of every schedule. A failure prints the seed and the shrunk schedule.</summary>
public sealed class FactoryProperties
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(100).WithStartSize(20).WithEndSize(160);

    [Fact]
    public void Every_schedule_keeps_the_promises_and_together_they_reach_every_kind_of_record()
    {
        // So many that the rarest, a copy of a checkpoint that arrived, is not missed by chance.
        var reached = new HashSet<Type>();
        Prop.ForAll(Schedule.Moves, Play).Check(Runs.WithMaxTest(400));

        void Play(Move[] moves)
        {
            var state = FactoryState.Empty;
            var now = 1_000_000L;
            foreach (var move in moves)
            {
                now += move.Milliseconds;
                var decision = Factory.Accept(state, Schedule.Command(state, move, now), now);
                foreach (var record in decision.Records)
                {
                    var next = Factory.Apply(state, record);
                    Promises.Step(state, next, record);
                    reached.Add(record.GetType());
                    state = next;
                }

                Promises.Hold(state, now);
                if (decision.Records.Any(static record => record is WindowReserved))
                {
                    WindowLaw.Broken(state, now, saves: true).ShouldBeEmpty();
                }
            }
        }

        // That one of two islands promises, the other not in time, and is heard later, that one learns until it is level, that a hold is taken back, and that
        // an island runs where something fails, that a checkpoint is verified or cannot be written: chance brings that together too seldom.
        var seldom = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta", "texas").Run(1, "atlanta", "texas")
            .Miss(1, "atlanta", "texas").Promise(1, "atlanta", 3).Miss(1, "atlanta", "texas").After(FactoryLimits.PromiseMillisecondsMax).Tick().Run(1, "texas");
        var learnt = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta", "texas").Run(1, "atlanta", "texas")
            .Lose("atlanta").Join("atlanta", "s2").Run(1, "atlanta").Promise(1, "texas", 3).Level(1, "atlanta");
        var refused = new TestFactory().Join("atlanta").Join("texas").Join("wisconsin").Submit("atlanta", "texas", "wisconsin").Run(1, "atlanta", "texas", "wisconsin")
            .Reject(1, "atlanta", "texas").Reject(1, "wisconsin", "texas");
        var released = new TestFactory().Join("atlanta").Join("texas").Submit("atlanta", "texas").Run(1, "atlanta", "texas");
        released.Do(new HoldJob(1));
        released.Do(new ReleaseJob(1));
        var evicted = new TestFactory().Join("atlanta").Join("texas").SubmitAnywhere(1).Run(1, "atlanta");
        evicted.Do(new TakeOut("atlanta", OutageState.Failed, null, "smoke")).ShouldContain(record => record is IslandEvicted);
        var saved = new TestFactory().Join("atlanta").Submit("atlanta").Run(1, "atlanta").Lie("atlanta", TestFactory.Checkpoint(1, 10, "atlanta"));
        saved.Do(new VerifyCheckpoints(1));
        saved.Lie("atlanta", TestFactory.Checkpoint(1, 10, "atlanta", verified: 1)).Report("atlanta", TestFactory.Gang(1, GangState.Running) with { CheckpointFailures = 1, CheckpointFailure = "The disk is full." });
        saved.Journal.ShouldContain(record => record is CheckpointVerified);
        saved.Journal.ShouldContain(record => record is CheckpointFailed);
        var way = FleetLifecycleTests.GivingWay();
        var dropped = FleetLifecycleTests.GivingWay().Lose("atlanta");
        var shrunk = FleetLifecycleTests.Reclaimed();
        reached.UnionWith(released.Journal.Concat(saved.Journal).Concat(evicted.Journal).Concat(seldom.Journal).Concat(refused.Journal).Concat(learnt.Journal).Concat(way.Journal).Concat(dropped.Journal).Concat(shrunk.Journal).Concat(TimeoutTests.LeftBehind().Journal).Concat(WanRateTests.Cut().Journal).Concat(GangLeaseTests.Cleared().Journal).Concat(LocalityTests.Listed().Journal).Select(record => record.GetType()));
        var kinds = typeof(JournalRecord).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(JournalRecord)) && !type.IsAbstract);
        kinds.Where(kind => !reached.Contains(kind)).ShouldBeEmpty();
    }

    [Fact]
    public void Replay_of_the_records_gives_the_same_state_and_decides_nothing_again() => Check(static moves =>
    {
        var (state, journal) = Play(moves);

        var replayed = journal.Select(JournalRecord.FromJson).Aggregate(FactoryState.Empty, Factory.Apply);

        FactorySnapshot.Of(replayed).ToJson().ShouldBe(FactorySnapshot.Of(state).ToJson());
    });

    [Fact]
    public void Every_recorded_plan_is_decided_again_from_what_it_saw_byte_for_byte() => Check(static moves =>
    {
        var journal = Play(moves).Journal.Select(JournalRecord.FromJson).ToList();
        foreach (var (plan, number) in journal.Select(static (record, index) => (record as PlanRecord, index + 1L)).Where(static entry => entry.Item1 is not null).DistinctBy(static entry => entry.Item1!.Seen))
        {
            plan!.Seen.ShouldBeInRange(1, number - 1);
            var seen = journal.Take((int)plan.Seen).Aggregate(FactoryState.Empty, Factory.Apply);
            var replay = PlanReplay.Decide(number, plan, seen, journal.Skip((int)plan.Seen));
            replay.IsSame.ShouldBeTrue($"record {number}: {string.Join('\n', replay.Recorded)}\n against\n{string.Join('\n', replay.Decided)}");
        }
    });

    [Fact]
    public void Plan_that_would_be_decided_otherwise_today_is_shown_with_the_difference()
    {
        var factory = new TestFactory().Join("atlanta").Submit("atlanta");
        var (plan, index) = factory.Journal.Select(static (record, index) => (record as JobStarted, index)).First(static entry => entry.Item1 is not null);
        var altered = factory.Journal.ToList();
        altered[index] = plan! with { Reason = "Because." };
        var seen = factory.Journal.Take((int)plan!.Seen).Aggregate(FactoryState.Empty, Factory.Apply);

        var replay = PlanReplay.Decide(index + 1, plan, seen, altered.Skip((int)plan.Seen));

        replay.IsSame.ShouldBeFalse();
        replay.Recorded.Except(replay.Decided).ShouldHaveSingleItem().ShouldContain("Because.");
    }

    [Fact]
    public void Snapshot_restores_to_a_state_that_decides_the_same() => Check(static moves =>
    {
        var (state, _) = Play(moves);
        var restored = FactorySnapshot.FromJson(FactorySnapshot.Of(state).ToJson()).Restore();

        FactorySnapshot.Of(restored).ToJson().ShouldBe(FactorySnapshot.Of(state).ToJson());
        restored.OpenJobs.ShouldBe(state.OpenJobs);
        restored.StoppingJobs.ShouldBe(state.StoppingJobs);
        foreach (var move in moves)
        {
            Write(Factory.Accept(restored, Schedule.Command(restored, move, 9_000_000), 9_000_000).Records)
                .ShouldBe(Write(Factory.Accept(state, Schedule.Command(state, move, 9_000_000), 9_000_000).Records));
        }
    });

    [Fact]
    public void Job_that_is_taken_back_after_it_ended_while_its_start_waited_is_placed_anew()
    {
        Move[] moves =
        [
            new(3, 0, 2, 3, 1870),
            new(0, 0, 1, 5, 2946),
            new(39, 1, 6, 2, 652),
            new(24, 0, 1, 3, 2840),
            new(17, 2, 3, 1, 2047),
            new(1, 1, 1, 1, 538),
            new(45, 2, 3, 2, 1569),
            new(39, 1, 2, 5, 2210),
            new(16, 1, 3, 3, 861),
            new(31, 0, 2, 3, 1956),
            new(8, 2, 3, 1, 1376),
            new(22, 1, 4, 1, 2893),
            new(4, 0, 1, 3, 1739),
            new(2, 0, 4, 3, 2406),
            new(3, 0, 5, 2, 1824),
        ];
        var (state, _) = Play(moves);
        state.Jobs[1].End.ShouldNotBeNull();
        state.Jobs[1].Planned.ShouldNotBeNull();
        state.Jobs[3].Planned.ShouldNotBeNull("it has what was planned for job 1");

        foreach (var record in Factory.Accept(state, new RollBackJob(1, 1), 9_000_000).Records)
        {
            state = Factory.Apply(state, record);
        }

        state.Jobs[1].End.ShouldBeNull();
    }

    [Fact]
    public void Same_input_gives_the_same_records_byte_for_byte() => Check(static moves =>
        Play(moves).Journal.ShouldBe(Play(moves).Journal));

    [Fact]
    public void Decision_leaves_nothing_more_to_plan() => Check(static moves =>
    {
        var (state, _) = Play(moves);

        // A command that changes nothing by itself: what it would bring is what the last one left undone.
        foreach (var site in state.Sites.Values.Where(site => site.Standing == SiteStanding.Connected))
        {
            Factory.Accept(state, new JoinSite(site.Name, TestFactory.Hello(site.Session, site.Slots) with { EmulatedWan = site.EmulatedWan, GangLeaseSeconds = site.GangLeaseSeconds }), 9_000_000).Records.ShouldBeEmpty();
        }
    });

    private static void Check(Action<Move[]> property) => Prop.ForAll(Schedule.Moves, property).Check(Runs);

    private static (FactoryState State, ImmutableArray<string> Journal) Play(Move[] moves)
    {
        var state = FactoryState.Empty;
        var now = 1_000_000L;
        var journal = ImmutableArray.CreateBuilder<string>();
        foreach (var move in moves)
        {
            now += move.Milliseconds;
            var records = Factory.Accept(state, Schedule.Command(state, move, now), now).Records;
            journal.AddRange(Write(records));
            state = records.Aggregate(state, Factory.Apply);
        }

        return (state, journal.ToImmutable());
    }

    private static ImmutableArray<string> Write(ImmutableArray<JournalRecord> records) => [.. records.Select(record => record.ToJson())];
}
