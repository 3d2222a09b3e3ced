using Superfactory.Model.Jobs;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Checkpointing;

/// <summary>Puts a run's state back that a checkpoint holds, when the trainer has registered the model that it belongs to.</summary>
internal sealed class CheckpointRestore(MergeState state, RoundExchange exchange, RoundApplier applier, TrainerSeat seat)
{
    private CheckpointState? _checkpoint = state.Configuration.Checkpoint;

    /// <summary>Takes the checkpoint as this island's state, where there is one; fails the run where it is of another model, mode or budget.</summary>
    /// <returns>Whether it is installed now. An island that promised takes nothing more: it waits for the next epoch.</returns>
    public bool TryInstall()
    {
        if (_checkpoint is not { } checkpoint || state.Sealed || state.Failed || state.Table is null)
        {
            return false;
        }

        _checkpoint = null;
        if (state is not { SelfIsMember: true, Epoch.Start: < 0 })
        {
            // The run has gone on from it, or from a newer one: this island takes the state of a member.
            return false;
        }

        if (Refuse(checkpoint) is { } why)
        {
            state.Fail($"The run cannot go on from its checkpoint at {state.NameOf(state.Self)}: {why}");
            return false;
        }

        if (Read(checkpoint) is not { } history)
        {
            state.Fail($"The run cannot go on from its checkpoint at {state.NameOf(state.Self)}: its {CheckpointManifest.HistoryFile} is no history of this job.");
            return false;
        }

        var replica = state.Replica!;
        history.Pardon();
        state.History = history;
        if (!checkpoint.Parameters.IsEmpty)
        {
            replica.Parameters = checkpoint.Parameters.ToArray();
        }

        if (!checkpoint.Momentum.IsEmpty)
        {
            replica.Momentum = checkpoint.Momentum.ToArray();
        }

        replica.Statics = checkpoint.Statics.ToArray();
        if (!checkpoint.Trainer.IsEmpty)
        {
            seat.Receive(checkpoint.Trainer, history.Round);
        }

        state.Initialised = true;
        exchange.ClearFrom(history.Round);
        applier.Seal();
        state.Note($"{state.NameOf(state.Self)} goes on from a checkpoint after {history.Round} rounds.");
        return true;
    }

    private string? Refuse(CheckpointState checkpoint)
    {
        if (state.History.Changes ? checkpoint.Mode == SyncMode.Auto : checkpoint.Mode != state.Mode)
        {
            return $"it is of mode {checkpoint.Mode}, and the job's is {state.Mode}.";
        }

        var (saved, own) = (checkpoint.Tensors, state.Table!.Entries);
        return TensorTable.Create(saved, out var problem) is not { } table ? problem
            : table.Hash != state.Table.Hash ? TensorTable.Difference("the checkpoint", saved, "the trainer", own) + " Restore it with the model that it was made with."
            : null;
    }

    private RunHistory? Read(CheckpointState checkpoint)
    {
        var (sync, budget) = (state.Configuration.Sync, state.Configuration.Budget);
        var read = RunHistory.FromBytes(checkpoint.History.Span, checkpoint.Islands.Length, sync, budget, state.Parts.Length);
        return read is null || SameIslands(checkpoint) ? read
            : read.For(checkpoint.Islands, state.Roster, sync, budget);
    }

    private bool SameIslands(CheckpointState checkpoint) =>
        checkpoint.Islands.AsSpan().SequenceEqual(state.Roster.AsSpan());
}
