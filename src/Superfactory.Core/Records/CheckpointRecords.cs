using Superfactory.Model.Agents;

namespace Superfactory.Core.Records;

/// <summary>An island wrote a checkpoint of a final state.</summary>
public sealed record CheckpointSealed : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The number that it got.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>The site that it lies at.</summary>
    public required string Site { get; init; }

    /// <summary>What it is, with the hash of its manifest.</summary>
    public required CheckpointReport Manifest { get; init; }

    /// <summary>Whether the run went back behind it before it was heard of.</summary>
    public bool Abandoned { get; init; }
}

/// <summary>A whole copy of a checkpoint lies at a site.</summary>
public sealed record CheckpointPlaced : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The name of its directory.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its manifest.</summary>
    public required string Seal { get; init; }

    /// <summary>The island that wrote it.</summary>
    public required string Island { get; init; }

    /// <summary>Whether the site has listed it; false where a copy between sites has brought it.</summary>
    public bool Listed { get; init; }
}

/// <summary>A copy of a checkpoint is to be brought to a site, by the copy between sites of that number.</summary>
public sealed record CheckpointCopying : PlanRecord
{
    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>Where to.</summary>
    public required string Site { get; init; }

    /// <summary>The copy between sites.</summary>
    public required long Copy { get; init; }

    /// <summary>The name of its directory.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its manifest.</summary>
    public required string Seal { get; init; }

    /// <summary>The island that wrote it.</summary>
    public required string Island { get; init; }
}

/// <summary>A copy of a checkpoint is not what was sealed, or is gone, or could not be brought there.</summary>
public sealed record CheckpointDamaged : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>What is wrong with it, in a sentence that names the part.</summary>
    public required string Problem { get; init; }

    /// <summary>The newest request to verify it that was answered.</summary>
    public long Verified { get; init; }
}

/// <summary>Every hash of a copy of a checkpoint was compared and found right.</summary>
public sealed record CheckpointVerified : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>The request that asked for it.</summary>
    public required long Verified { get; init; }
}

/// <summary>A checkpoint is no longer kept: its copies are to be deleted.</summary>
public sealed record CheckpointExpired : PlanRecord
{
    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }
}

/// <summary>A copy of a checkpoint that is no longer kept is gone.</summary>
public sealed record CheckpointDeleted : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>The site.</summary>
    public required string Site { get; init; }
}

/// <summary>The island that writes checkpoints could not: the next one does from here on.</summary>
public sealed record CheckpointFailed : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>How often it has failed in this incarnation.</summary>
    public required int Failures { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }
}

/// <summary>Somebody asked that all copies of a job's checkpoints be verified.</summary>
public sealed record CheckpointsToVerify : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }
}

/// <summary>Somebody asked that a job go back to a checkpoint: model and ledger together.</summary>
public sealed record JobRolledBack : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The checkpoint.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>What is told of it, in a sentence.</summary>
    public required string Reason { get; init; }
}

/// <summary>Somebody asked that a job save and stop.</summary>
public sealed record JobHeld : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }
}

/// <summary>A job that was told to save and stop has: its gangs are to stop.</summary>
public sealed record JobParked : PlanRecord
{
    /// <summary>The checkpoint that it goes on from; null where it has none, and begins anew.</summary>
    public long? Checkpoint { get; init; }

    /// <summary>Whether islands that nobody hears may still hold a later state, which is the run's no longer.</summary>
    public bool Abandons { get; init; }
}

/// <summary>Somebody asked that a job that is, or is to be, held go on.</summary>
public sealed record JobReleased : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }
}
