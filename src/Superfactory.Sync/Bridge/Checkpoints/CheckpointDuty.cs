namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>What a bridge is told of checkpoints at its start. Immutable.</summary>
public sealed record CheckpointDuty
{
    /// <summary>The site's directory of checkpoints.</summary>
    public required string Directory { get; init; }

    /// <summary>Seconds between two checkpoints; 0 writes none but those that are asked for.</summary>
    public int EverySeconds { get; init; }

    /// <summary>Whether this island is the one that writes them.</summary>
    public bool Writes { get; init; }

    /// <summary>Whether the run goes on from a checkpoint; an island that has it not takes its state from one that has.</summary>
    public bool Restores { get; init; }

    /// <summary>The directory of the checkpoint that the run goes on from; null where it lies at other sites alone.</summary>
    public string? From { get; init; }

    /// <summary>The SHA-256 of that checkpoint's manifest.</summary>
    public string? FromSeal { get; init; }
}
