using System.Collections.Immutable;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Agents;

/// <summary>A checkpoint that lies at a site, as its manifest describes it. Immutable.</summary>
public sealed record CheckpointReport
{
    /// <summary>The job whose run it is of.</summary>
    public required long Job { get; init; }

    /// <summary>The name of its directory, the same wherever it is copied to.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its manifest, which seals it; 64 hexadecimal digits.</summary>
    public required string Seal { get; init; }

    /// <summary>The island that wrote it.</summary>
    public required string Island { get; init; }

    /// <summary>Rounds that are merged in it.</summary>
    public required long Round { get; init; }

    /// <summary>The epoch in which it was cut.</summary>
    public required int Epoch { get; init; }

    /// <summary>The run's islands, in their order.</summary>
    public required ImmutableArray<string> Islands { get; init; }

    /// <summary>The run's mode.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Whether everything planned is merged in it.</summary>
    public bool Finished { get; init; }

    /// <summary>Whether it has the own state of its island's trainer, so that this goes on as if it had never stopped.</summary>
    public bool HasTrainer { get; init; }

    /// <summary>Whether it was written because the job was told to save and stop.</summary>
    public bool Held { get; init; }

    /// <summary>Hash of what the run's islands held alike.</summary>
    public required string StateHash { get; init; }

    /// <summary>The ledger's numbers; null where the run is untracked.</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>Steps over all islands.</summary>
    public long Steps { get; init; }

    /// <summary>Tokens over all islands.</summary>
    public long Tokens { get; init; }

    /// <summary>Bytes of its files.</summary>
    public long Bytes { get; init; }

    /// <summary>Where it lies at the site.</summary>
    public required string Directory { get; init; }

    /// <summary>What is wrong with it, in a sentence that names the part; null where nothing is known to be.</summary>
    public string? Problem { get; init; }

    /// <summary>The newest request to verify it that was carried out; 0 where none was since the agent began.</summary>
    public long Verified { get; init; }
}
