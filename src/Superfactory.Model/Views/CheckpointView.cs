using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Views;

/// <summary>A checkpoint of a job as the API shows it.</summary>
public sealed record CheckpointView
{
    /// <summary>Its number in the job, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>Rounds that are merged in it.</summary>
    public required long Round { get; init; }

    /// <summary>The epoch in which it was cut.</summary>
    public required int Epoch { get; init; }

    /// <summary>The run's islands then.</summary>
    public required ImmutableArray<string> Islands { get; init; }

    /// <summary>The run's mode.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Whether everything planned is merged in it.</summary>
    public bool Finished { get; init; }

    /// <summary>Whether it has the trainers' own state, so that the job goes on with the losses of one that never stopped.</summary>
    public bool Held { get; init; }

    /// <summary>Whether the run has gone back behind it: it is taken only where it is named.</summary>
    public bool Abandoned { get; init; }

    /// <summary>Why it is being deleted; null while it is kept.</summary>
    public string? Expired { get; init; }

    /// <summary>Hash of what the run's islands held alike.</summary>
    public required string StateHash { get; init; }

    /// <summary>The ledger's numbers; null where the run is untracked.</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>Steps over all islands.</summary>
    public long Steps { get; init; }

    /// <summary>Tokens over all islands.</summary>
    public long Tokens { get; init; }

    /// <summary>Bytes of one copy.</summary>
    public long Bytes { get; init; }

    /// <summary>When it was sealed, in milliseconds since 1970-01-01 UTC.</summary>
    public required long SealedUnixMilliseconds { get; init; }

    /// <summary>Where it lies.</summary>
    public ImmutableArray<CheckpointCopyView> Copies { get; init; } = [];
}

/// <summary>One copy of a checkpoint.</summary>
public sealed record CheckpointCopyView
{
    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>Whether the site's agent is heard.</summary>
    public required bool Connected { get; init; }

    /// <summary>Its directory at the site; null where the agent never said.</summary>
    public string? Directory { get; init; }

    /// <summary>SHA-256 of its manifest.</summary>
    public required string Seal { get; init; }

    /// <summary>How it is.</summary>
    public required CheckpointStanding Standing { get; init; }

    /// <summary>What is wrong with it; null where nothing is known to be.</summary>
    public string? Problem { get; init; }

    /// <summary>When every hash of it was last found right, in milliseconds since 1970-01-01 UTC.</summary>
    public long? VerifiedUnixMilliseconds { get; init; }

    /// <summary>The newest request to verify it that was answered.</summary>
    public long Verified { get; init; }
}

/// <summary>How a copy of a checkpoint is.</summary>
public enum CheckpointStanding
{
    /// <summary>It is on its way.</summary>
    Copying,

    /// <summary>It is there.</summary>
    Whole,

    /// <summary>It is not what was sealed, or gone, or could not be copied there.</summary>
    Damaged,
}

/// <summary>All checkpoints of a job, and the newest request to verify them.</summary>
/// <param name="Job">The job.</param>
/// <param name="Verify">The number of the newest request; 0 before the first.</param>
/// <param name="Items">By number.</param>
public sealed record CheckpointList(long Job, long Verify, ImmutableArray<CheckpointView> Items);

/// <summary>A new job is to go on from a checkpoint (<c>POST /v1/jobs/{id}/restore</c>).</summary>
public sealed record RestoreRequest
{
    /// <summary>The checkpoint's number; null takes the newest.</summary>
    public long? Checkpoint { get; init; }

    /// <summary>The sites that each run one island; empty takes those of the job, or <see cref="SiteCount"/>.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>How many sites, where any will do; 0 where <see cref="Sites"/> names them, or those of the job are taken.</summary>
    public int SiteCount { get; init; }
}

/// <summary>A job is to go back to a checkpoint (<c>POST /v1/jobs/{id}/rollback</c>).</summary>
/// <param name="Checkpoint">The checkpoint's number.</param>
public sealed record RollbackRequest(long Checkpoint);
