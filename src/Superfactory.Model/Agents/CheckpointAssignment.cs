namespace Superfactory.Model.Agents;

/// <summary>What is to become of a checkpoint at a site. Immutable.</summary>
public sealed record CheckpointAssignment
{
    /// <summary>The job whose run it is of.</summary>
    public required long Job { get; init; }

    /// <summary>The name of its directory.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its manifest.</summary>
    public required string Seal { get; init; }

    /// <summary>Whether it is to be deleted; otherwise it is kept.</summary>
    public bool Remove { get; init; }

    /// <summary>The newest request to verify it; the agent compares every hash once for each. 0 where nobody asked.</summary>
    public long Verify { get; init; }
}

/// <summary>What a gang is told of checkpoints. Immutable.</summary>
public sealed record GangCheckpoints
{
    /// <summary>Whether this island writes the run's checkpoints.</summary>
    public bool Writes { get; init; }

    /// <summary>Whether the job is to save and stop: the island contributes nothing more and saves its trainer's own state.</summary>
    public bool Hold { get; init; }

    /// <summary>Whether the run goes on from a checkpoint, as its gangs start; what it is does not change later.</summary>
    public bool Restores { get; init; }

    /// <summary>The checkpoint that the run goes on from, where a copy lies at this site; null where the state comes from another island.</summary>
    public CheckpointAssignment? From { get; init; }
}
