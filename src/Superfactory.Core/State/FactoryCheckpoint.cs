using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>A sealed checkpoint of a job: a final state that lies on at least one site's disk, or did. Immutable.</summary>
public sealed record FactoryCheckpoint
{
    /// <summary>Its number in the job, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>Rounds that are merged in it.</summary>
    public required long Round { get; init; }

    /// <summary>The epoch in which it was cut.</summary>
    public required int Epoch { get; init; }

    /// <summary>The run's islands then, in their order.</summary>
    public required ImmutableArray<string> Islands { get; init; }

    /// <summary>The run's mode.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Whether everything planned is merged in it.</summary>
    public bool Finished { get; init; }

    /// <summary>Whether it was written because the job was told to save and stop: each island's copy has its trainer's own state.</summary>
    public bool Held { get; init; }

    /// <summary>Hash of what the islands held alike.</summary>
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
    public required long SealedAt { get; init; }

    /// <summary>Whether the run went back behind it: it is no longer in its history, and taken only where it is named.</summary>
    public bool Abandoned { get; init; }

    /// <summary>Why it is being deleted, in a sentence; null while it is kept.</summary>
    public string? Expired { get; init; }

    /// <summary>Its copies by site in ordinal order.</summary>
    public ImmutableArray<CheckpointCopy> Copies { get; init; } = [];

    /// <summary>The copy at a site; null where there is none.</summary>
    public CheckpointCopy? At(string site) => Copies.FirstOrDefault(copy => string.Equals(copy.Site, site, StringComparison.Ordinal));

    /// <summary>How many copies are whole, as far as is known.</summary>
    public int WholeCopies => Copies.Count(copy => copy.Standing == CheckpointStanding.Whole);

    /// <summary>Whether a run may go on from it: it is kept, and a copy is whole.</summary>
    public bool IsUsable => Expired is null && WholeCopies > 0;

    internal FactoryCheckpoint With(CheckpointCopy changed) => this with
    {
        Copies = [.. Copies.Where(copy => !string.Equals(copy.Site, changed.Site, StringComparison.Ordinal)).Append(changed).OrderBy(copy => copy.Site, StringComparer.Ordinal)],
    };

    internal FactoryCheckpoint Without(string site) => this with { Copies = [.. Copies.Where(copy => !string.Equals(copy.Site, site, StringComparison.Ordinal))] };
}

/// <summary>One copy of a checkpoint. Immutable.</summary>
public sealed record CheckpointCopy
{
    /// <summary>The site that it lies at.</summary>
    public required string Site { get; init; }

    /// <summary>The name of its directory.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of its manifest.</summary>
    public required string Seal { get; init; }

    /// <summary>The island that wrote it.</summary>
    public required string Island { get; init; }

    /// <summary>How it is.</summary>
    public required CheckpointStanding Standing { get; init; }

    /// <summary>The copy between sites that brings it; 0 where it was written there.</summary>
    public long Copy { get; init; }

    /// <summary>
    /// Whether its site has listed it. One that was copied there is whole before: its site is asked for it by name, and until it has answered
    /// a list that lacks it may be older than the copy.
    /// </summary>
    public bool Listed { get; init; }

    /// <summary>What is wrong with it; null where nothing is known to be.</summary>
    public string? Problem { get; init; }

    /// <summary>When every hash of it was last found right, in milliseconds since 1970-01-01 UTC; null where nobody asked.</summary>
    public long? VerifiedAt { get; init; }

    /// <summary>The newest request to verify it that was answered.</summary>
    public long Verified { get; init; }
}

/// <summary>Where a run goes on from. Immutable.</summary>
/// <param name="Job">The job whose checkpoint it is: itself, or the one that it was restored from.</param>
/// <param name="Checkpoint">The checkpoint's number there.</param>
public sealed record ResumePoint(long Job, long Checkpoint);
