using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Whole runs in streaming: against a plain loop where nothing is interrupted, and by what must hold whatever is.</summary>
public sealed class StreamingRunTests
{
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var seeds) ? seeds : 24;

    [Theory]
    [InlineData(1, 6, 3)]
    [InlineData(2, 6, 3)]
    [InlineData(2, 7, 4)]
    [InlineData(2, 3, 1)]
    [InlineData(3, 7, 2)]
    [InlineData(5, 6, 3)]
    public void Run_merges_fragment_by_fragment_as_a_plain_loop_does(int islands, int every, int fragments)
    {
        var replayed = 0L;
        foreach (var format in new[] { NumberFormat.E3m0, NumberFormat.Fp32 })
        {
            for (var seed = 1UL; seed <= _seeds / 4; seed++)
            {
                var scenario = Scenario(seed, islands) with
                {
                    Every = every, StreamingFragments = fragments, Format = format, ResultFormat = NumberFormat.Bf16, PoisonOneIn = (int)(seed % 3) * 2,
                };
                var simulation = new Simulation(scenario).Run();

                simulation.Failures.ShouldBeEmpty();
                var reference = new StreamingReference(scenario, simulation.Origin);
                reference.Run();
                replayed += reference.Replayed;
                for (var round = 0; round < reference.Results.Count; round++)
                {
                    simulation.Results[round].AsSpan().SequenceEqual(reference.Results[round]).ShouldBeTrue($"seed {seed}: round {round} is not the reference's");
                }

                Check(scenario, simulation);
                simulation.Machines[0].Progress.Ledger!.Replayed.ShouldBe(reference.Replayed, $"seed {seed}");
                simulation.Trainers[0]!.Parameters.ShouldBe(reference.Parameters, $"seed {seed}");
            }
        }

        (replayed > 0).ShouldBe(islands > 1 && fragments > 1, "some contributions are refused between two fragments");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Run_that_is_interrupted_at_any_step_has_one_history_and_merges_each_pair_once(int islands)
    {
        var (epochs, leftOut, replayed) = (0, 0, 0L);
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = Scenario(seed, islands) with
            {
                Doubts = true, Faults = (int)(seed % 12), StallOneIn = seed % 3 == 0 ? 60 : 0, PoisonOneIn = seed % 5 == 0 ? 5 : 0,
                ErrorFeedback = seed % 4 == 0, Tracked = seed % 7 != 0, StreamingFragments = 1 + (int)(seed % 4),
            };
            var simulation = new Simulation(scenario).Run();

            simulation.Failures.ShouldBeEmpty($"seed {seed}");

            // Interruptions lose memory and messages, and damage none: nothing may look like a fault of a peer, nor end an island.
            simulation.Notes.ShouldAllBe(note => note.Contains("not finite") || note.Contains("came too late") || note.Contains("tried again"), $"seed {seed}");
            // A trainer that began with frozen tensors and buffers which are not the run's can only begin anew.
            simulation.Retried.ShouldAllBe(reason => reason.Contains("begins again") || reason.Contains("The run began without"), $"seed {seed}");
            Check(scenario, simulation);
            epochs += simulation.Control.Epoch.Number;
            leftOut += simulation.Fates.Values.Count(fate => fate.LeftOut != 0);
            replayed += simulation.Machines[simulation.Members.First()].Progress.Ledger?.Replayed ?? 0;
        }

        (epochs > (islands > 1 ? 2 : 1) * (int)_seeds).ShouldBeTrue($"{epochs} epochs in {_seeds} runs");
        (leftOut > (islands > 1 ? (int)_seeds / 4 : -1)).ShouldBeTrue($"{leftOut} rounds were merged without an island");
        (replayed > 0).ShouldBeTrue("islands are lost between two fragments");
    }

    [Fact]
    public void Run_without_losses_replays_nothing_and_the_same_seed_gives_the_same_run()
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var scenario = Scenario(seed, 3) with { Faults = 6, TrainerCrashes = false, BlankIncarnations = false };

            var (one, other) = (new Simulation(scenario).Run(), new Simulation(scenario).Run());

            one.Machines[0].Progress.Ledger!.Replayed.ShouldBe(0, $"seed {seed}");
            one.Trace.ShouldBe(other.Trace);
        }
    }

    private static Scenario Scenario(ulong seed, int islands) => new()
    {
        Seed = seed, Islands = islands, Mode = SyncMode.Streaming, Format = NumberFormat.E3m0, Every = 6, Budget = new BudgetSpecification { Steps = 25 },
        Sizes = [7, 64, 24, 5],
    };

    private static void Check(Scenario scenario, Simulation simulation)
    {
        var where = $"seed {scenario.Seed}";
        var first = simulation.Members.First();
        foreach (var island in simulation.Members)
        {
            var (machine, trainer) = (simulation.Machines[island], simulation.Trainers[island]!);
            trainer.Parameters.AsSpan().SequenceEqual(machine.State.Replica!.Parameters).ShouldBeTrue($"{where}: the trainer of {island} ends with other parameters than its replica");
            machine.StateHash.ShouldBe(simulation.Machines[first].StateHash, where);
            trainer.ModelHash.ShouldBe(simulation.Trainers[first]!.ModelHash, where);
            machine.Progress.Fraction.ShouldBe(1.0, where);
            if (scenario.Tracked)
            {
                var ledger = machine.Progress.Ledger!;
                machine.State.History.Ledger!.MergedRanges.ShouldBe([new(0, machine.State.History.Ledger.Planned)], where);
                (ledger.Merged, ledger.InFlight, ledger.Free).ShouldBe((ledger.Planned, 0, 0), where);
                ledger.Planned.ShouldBe(machine.State.History.Ledger.Planned * scenario.StreamingFragments, where);

                // At most the steps between two merges of a fragment, of one island, each time that one was lost.
                var each = scenario.Every * (long)Enumerable.Range(0, scenario.Islands).Max(scenario.BatchOf) * scenario.StreamingFragments;
                ledger.Replayed.ShouldBeLessThanOrEqualTo(each * simulation.Losses, where);
            }
        }
    }
}
