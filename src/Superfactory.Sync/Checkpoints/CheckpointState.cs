using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Checkpoints;

/// <summary>
/// A run's state after a final round, as one island holds it: what a checkpoint is written from and what it is restored to. What number
/// formats rounded away (error feedback) is not in it: it costs precision once and identity never.
/// </summary>
public sealed record CheckpointState
{
    /// <summary>Rounds that are merged.</summary>
    public required long Round { get; init; }

    /// <summary>The epoch that the run was in.</summary>
    public required int Epoch { get; init; }

    /// <summary>The run's islands in their order.</summary>
    public required ImmutableArray<string> Islands { get; init; }

    /// <summary>The run's mode.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Whether everything planned is merged.</summary>
    public bool Finished { get; init; }

    /// <summary>Hash of what the islands hold alike.</summary>
    public required ulong StateHash { get; init; }

    /// <summary>The ledger's numbers, with nothing in flight; null where the run is untracked.</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>Steps over all islands.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens over all islands.</summary>
    public required long Tokens { get; init; }

    /// <summary>What the trainer registered, in its order.</summary>
    public required ImmutableArray<TensorEntry> Tensors { get; init; }

    /// <summary>The replicated history.</summary>
    public required ReadOnlyMemory<byte> History { get; init; }

    /// <summary>The merged parameters, packed in registered order; empty in every-step while the run goes on.</summary>
    public Memory<float> Parameters { get; init; }

    /// <summary>The outer momentum; empty where there is none.</summary>
    public Memory<float> Momentum { get; init; }

    /// <summary>Frozen tensors and buffers, packed in registered order.</summary>
    public ReadOnlyMemory<byte> Statics { get; init; }

    /// <summary>The trainer's own state; empty where it is not part of this checkpoint.</summary>
    public ReadOnlyMemory<byte> Trainer { get; init; }
}
