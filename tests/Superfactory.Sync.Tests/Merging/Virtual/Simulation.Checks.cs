using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>What must hold after every step.</summary>
internal sealed partial class Simulation
{
    /// <summary>What is kept for others has a bound that follows from the model and the number of islands alone.</summary>
    private void CheckMemory(int island, MergeMachine machine)
    {
        if (machine.State.Table is null)
        {
            return;
        }

        var (state, exchange) = (machine.State, machine.Exchange);
        var chunk = (long)state.Format.EncodedBytes(state.Plan!.ChunkLength);
        var chunks = state.Direct ? state.Plan.Chunks : (state.Count - 1) * Math.Min(exchange.Sender.ChunksAhead, state.Plan.Chunks);
        exchange.Arrivals.KeptBytesPeak.ShouldBeLessThanOrEqualTo(chunks * chunk, $"seed {_scenario.Seed}: island {island} keeps more than it has room for");
        KeptBytesPeak = Math.Max(KeptBytesPeak, exchange.Arrivals.KeptBytesPeak);
        foreach (var peer in state.Peers)
        {
            peer.Lane!.Waiting.ShouldBeLessThanOrEqualTo(MergeLimits.ChunksWaitingMax);
        }
    }

    /// <summary>What a trainer gives: with how many steps of its island in the run's results before.</summary>
    private void Give(int island, MergeInput input)
    {
        if (input is MergeInput.TrainerContributed { Contribution: var given })
        {
            _given[island] = (_machines[island].State.History.Steps[island], given);
        }
    }

    /// <summary>Who hears that its contribution was merged finds its steps, and no others, in the history since.</summary>
    private void CheckHeard(int island, MergeMachine machine, MergeEffect effect)
    {
        _resets += effect is MergeEffect.Merged { Result.Reset: true } ? 1 : 0;
        if (effect is MergeEffect.Merged { Result: { Reset: false, Skip: false } result } && _given[island] is { } gave && gave.Given.Round == result.Round && !machine.State.History.LastSkipped)
        {
            machine.State.History.Steps[island].ShouldBe(gave.Before + gave.Given.Steps, $"seed {_scenario.Seed}: island {island} heard that its contribution to round {result.Round} is in the result");
        }
    }

    private void CheckLedger(int island, RunProgress progress)
    {
        if (progress.Ledger is not { } ledger)
        {
            return;
        }

        var where = $"seed {_scenario.Seed}, island {island}: {ledger}";
        (ledger.Merged + ledger.InFlight + ledger.Free).ShouldBe(ledger.Planned, where);
        Math.Min(ledger.Merged, Math.Min(ledger.InFlight, ledger.Free)).ShouldBeGreaterThanOrEqualTo(0, where);
        // What streaming merged in some fragments alone it may have to merge again.
        var merged = ledger.Merged + (_scenario.Mode == SyncMode.Streaming ? ledger.Replayed : 0);
        merged.ShouldBeGreaterThanOrEqualTo(_ledgerMerged[island], where);
        ledger.Replayed.ShouldBeLessThanOrEqualTo(_scenario.Mode == SyncMode.Streaming || _scenario.MayStream ? long.MaxValue : 0, where);
        foreach (var holder in Holders)
        {
            // Merged counts what every island holds: an island that has just lost its memory held it before.
            var history = holder.State.History;
            var held = history.Ledger is not { } own ? 0 : history.Changes ? own.Merged : history.Pipeline is { } pipeline ? pipeline.Totals(history.Round, own, 0) is var totals ? totals.Merged + totals.Replayed : 0 : own.Merged;
            held.ShouldBeGreaterThanOrEqualTo(merged, where);
        }

        _ledgerMerged[island] = merged;
    }
}
