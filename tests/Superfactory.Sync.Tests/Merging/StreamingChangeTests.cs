using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Whole runs that go into streaming and out of it again: against a plain loop where nothing is interrupted, and by what must hold whatever is.</summary>
public sealed class StreamingChangeTests
{
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var seeds) ? seeds : 20;

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    public void Run_that_streams_at_times_comes_to_what_plain_loops_come_to(int islands, int fragments)
    {
        var changes = new Dictionary<(SyncMode, SyncMode), int>();
        var replayed = 0L;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = Scenario(seed, islands) with { StreamingFragments = fragments, PoisonOneIn = seed % 3 == 0 ? 5 : 0 };
            var simulation = new Simulation(scenario).Run();

            simulation.Failures.ShouldBeEmpty($"seed {seed}");
            simulation.Retried.ShouldBeEmpty($"seed {seed}");
            var reference = new ChangingReference(scenario, simulation.Fates, simulation.Origin);
            reference.Run();
            replayed += reference.Replayed;
            foreach (var (round, result) in simulation.Results)
            {
                result.AsSpan().SequenceEqual(reference.Results[(int)round]).ShouldBeTrue($"seed {seed}: round {round} is not the reference's");
            }

            Check(scenario, simulation, reference.Planned);
            simulation.Machines[0].Progress.Ledger!.Replayed.ShouldBe(reference.Replayed, $"seed {seed}");
            simulation.Trainers[0]!.Parameters.ShouldBe(reference.Parameters, $"seed {seed}");
            Count(simulation, changes);
        }

        foreach (var mode in new[] { SyncMode.EveryStep, SyncMode.Diloco })
        {
            changes.ShouldContainKey((mode, SyncMode.Streaming));
            changes.ShouldContainKey((SyncMode.Streaming, mode));
        }

        (replayed > 0).ShouldBe(fragments > 1, "some contributions are refused between two fragments");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Run_that_streams_at_times_while_islands_and_trainers_are_lost_has_one_history_and_merges_everything(int islands)
    {
        var changes = new Dictionary<(SyncMode, SyncMode), int>();
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = Scenario(seed, islands) with
            {
                ModeChanges = 8, Faults = (int)(seed % 10), Doubts = seed % 2 == 0, Tracked = seed % 7 != 0, PoisonOneIn = seed % 5 == 0 ? 5 : 0,
                StreamingFragments = 1 + (int)(seed % 4),
            };
            var simulation = new Simulation(scenario).Run();

            simulation.Failures.ShouldBeEmpty($"seed {seed}");
            simulation.Retried.ShouldAllBe(
                reason => reason.Contains("trainer") || reason.Contains("optimizer") || reason.Contains("differs from") || reason.Contains("begins again"), $"seed {seed}");
            simulation.Notes.ShouldAllBe(note => note.Contains("not finite") || note.Contains("came too late") || note.Contains("another state"), $"seed {seed}");
            Check(scenario, simulation, planned: null);
            Count(simulation, changes);
        }

        changes.Where(change => change.Key.Item2 == SyncMode.Streaming).Sum(change => change.Value).ShouldBeGreaterThan((int)_seeds / 4);
        changes.Where(change => change.Key.Item1 == SyncMode.Streaming).Sum(change => change.Value).ShouldBeGreaterThan((int)_seeds / 4);
    }

    private static Scenario Scenario(ulong seed, int islands) => new()
    {
        Seed = seed, Islands = islands, Mode = SyncMode.Auto, ModeChanges = 6, MayStream = true, Sizes = [7, 64, 24, 5], Budget = new BudgetSpecification { Steps = 120 },
    };

    private static void Count(Simulation simulation, Dictionary<(SyncMode From, SyncMode To), int> changes)
    {
        List<RunSchedule> schedules = [.. simulation.Fates.OrderBy(fate => fate.Key).Select(fate => fate.Value.Schedule).OfType<RunSchedule>()];
        foreach (var (from, to) in schedules.Zip(schedules.Skip(1)).Where(pair => pair.First.Mode != pair.Second.Mode))
        {
            changes[(from.Mode, to.Mode)] = changes.GetValueOrDefault((from.Mode, to.Mode)) + 1;
        }
    }

    private static void Check(Scenario scenario, Simulation simulation, long? planned)
    {
        var where = $"seed {scenario.Seed}";
        var first = simulation.Members.First();
        foreach (var island in simulation.Members)
        {
            var (machine, trainer) = (simulation.Machines[island], simulation.Trainers[island]!);
            trainer.Parameters.AsSpan().SequenceEqual(simulation.Trainers[first]!.Parameters).ShouldBeTrue($"{where}: the models of {first} and {island} differ");
            (machine.State.EveryStep || trainer.Parameters.AsSpan().SequenceEqual(machine.State.Replica!.Parameters)).ShouldBeTrue($"{where}: the trainer of {island} ends with other parameters than its replica");
            machine.StateHash.ShouldBe(simulation.Machines[first].StateHash, where);
            trainer.ModelHash.ShouldBe(simulation.Trainers[first]!.ModelHash, where);
            machine.Progress.Fraction.ShouldBe(1.0, where);
            if (scenario.Tracked)
            {
                var ledger = machine.Progress.Ledger!;
                machine.State.History.Ledger!.MergedRanges.ShouldBe([new(0, planned ?? ledger.Planned)], where);
                (ledger.Merged, ledger.InFlight, ledger.Free).ShouldBe((ledger.Planned, 0, 0), where);

                // At most the steps between two merges of a fragment, of one island, each time that one was lost.
                var each = Virtual.Scenario.StreamingEvery * (long)Enumerable.Range(0, scenario.Islands).Max(scenario.BatchOf) * scenario.StreamingFragments;
                ledger.Replayed.ShouldBeLessThanOrEqualTo(each * simulation.Losses, where);
            }
        }
    }
}
