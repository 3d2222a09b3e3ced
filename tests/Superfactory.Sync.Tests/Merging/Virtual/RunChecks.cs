using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>What must be true of every run that ended.</summary>
internal static class RunChecks
{
    public static Simulation Verify(Scenario scenario, Simulation? simulation = null)
    {
        var where = $"seed {scenario.Seed}";
        var undisturbed = simulation is null;
        simulation ??= new Simulation(scenario);
        simulation.Run();
        if (undisturbed)
        {
            // Interruptions lose memory and messages, and damage none: nothing may look like a fault of a peer.
            simulation.Notes.ShouldAllBe(note => note.Contains("not finite") || (note.Contains("the norm of fragment") && (scenario.OutlierOneIn > 0 || scenario.Rogue >= 0)) || note.Contains("came too late") || (note.Contains("parameters of") && scenario.DamageOneIn > 0) || (note.Contains("another state") && scenario.Mode == SyncMode.Auto) || (note.Contains("tried again") && (scenario.StallOneIn > 0 || scenario.BelieOneIn > 0 || scenario.Quorum > 0)), where);
            simulation.Retried.ShouldAllBe(reason => (scenario.Mode != SyncMode.Diloco || scenario.Doubts) && (reason.Contains("trainer") || (scenario.Mode == SyncMode.Auto && (reason.Contains("optimizer") || reason.Contains("differs from"))) || reason.Contains("begins again")), where);
        }

        simulation.Failures.ShouldBeEmpty(where);
        var reference = new Reference(scenario, simulation.Fates, simulation.Origin);
        reference.Run();
        simulation.RefusedForNorm = reference.RefusedForNorm;
        foreach (var (round, result) in simulation.Results)
        {
            result.AsSpan().SequenceEqual(reference.Results[(int)round]).ShouldBeTrue($"{where}: round {round} is not the reference's; {string.Join(" | ", simulation.Notes)}");
        }

        foreach (var island in simulation.Members)
        {
            var trainer = simulation.Trainers[island]!;
            trainer.Parameters.AsSpan().SequenceEqual(reference.Parameters).ShouldBeTrue($"{where}: the model at island {island} is not the reference's");
            trainer.Statics.ShouldBe(simulation.Trainers[simulation.Members.First()]!.Statics, where);
            var state = simulation.Machines[island].State;
            simulation.Machines[island].Progress.Fraction.ShouldBe(1.0, where);
            if (scenario.Tracked)
            {
                state.History.Ledger!.MergedRanges.ShouldBe([new(0, reference.Planned)], where);
                simulation.Machines[island].Progress.Ledger.ShouldBe(new(reference.Planned, reference.Planned, 0, 0), where);
            }
        }

        simulation.Members.Select(island => simulation.Trainers[island]!.ModelHash).Distinct().Count().ShouldBe(1, where);
        if (scenario.Tracked)
        {
            reference.Merged.Order().ShouldBe(Enumerable.Range(0, (int)reference.Planned).Select(position => (long)position), where);
        }

        foreach (var (round, result) in simulation.Results)
        {
            result.AsSpan().SequenceEqual(reference.Results[(int)round]).ShouldBeTrue($"{where}: round {round} is not the reference's");
        }

        return simulation;
    }

    /// <summary>What is kept for others has a bound that follows from the model and the number of islands alone.</summary>
    /// <returns>The most that was kept so far, in bytes.</returns>
    public static long Memory(ulong seed, int island, MergeMachine machine)
    {
        if (machine.State.Table is null)
        {
            return 0;
        }

        var (state, exchange) = (machine.State, machine.Exchange);
        var chunk = (long)state.Format.EncodedBytes(state.Plan!.ChunkLength);
        var chunks = state.Direct ? state.Plan.Chunks : (state.Count - 1) * Math.Min(exchange.Sender.ChunksAhead, state.Plan.Chunks);
        exchange.Arrivals.KeptBytesPeak.ShouldBeLessThanOrEqualTo(chunks * chunk, $"seed {seed}: island {island} keeps more than it has room for");
        foreach (var peer in state.Peers)
        {
            peer.Lane!.Waiting.ShouldBeLessThanOrEqualTo(MergeLimits.ChunksWaitingMax);
        }

        return exchange.Arrivals.KeptBytesPeak;
    }
}
