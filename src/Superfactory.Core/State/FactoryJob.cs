using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core;

/// <summary>A job and its run. Immutable. Its state is not stored but derived, see <see cref="JobReader"/>.</summary>
public sealed record FactoryJob
{
    /// <summary>Its number, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>The job as submitted.</summary>
    public required JobSpecification Specification { get; init; }

    /// <summary>Its place in the array that it is an element of; null where it is none.</summary>
    public ArrayPlace? Array { get; init; }

    /// <summary>The gang of a role of another job that it is, which starts, gives way and ends with that; null where it is a job of its own.</summary>
    public RolePlace? Role { get; init; }

    /// <summary>When it was submitted, in milliseconds since 1970-01-01 UTC.</summary>
    public required long SubmittedAt { get; init; }

    /// <summary>When it was placed; null while it is queued.</summary>
    public long? StartedAt { get; init; }

    /// <summary>Whether its end was asked for.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Its islands in the job's order, which is the order of sums and leaders; empty while it is queued.</summary>
    public ImmutableArray<FactoryIsland> Islands { get; init; } = [];

    /// <summary>The accelerators that its gangs hold at all sites.</summary>
    internal long AcceleratorsHeld
    {
        get
        {
            var held = 0L;
            foreach (var island in Islands)
            {
                held += island.HoldsSlot ? AcceleratorsOf(island) : 0;
            }

            return held;
        }
    }

    /// <summary>Who is a member of the run; null while it is queued.</summary>
    public RunEpoch? Epoch { get; init; }

    /// <summary>When the seal of its epoch was ordered, in milliseconds since 1970-01-01 UTC; null where it is not.</summary>
    public long? SealedAt { get; init; }

    /// <summary>Whether all its islands had joined the run since it last began: whether there is something to lose.</summary>
    public bool HasRun { get; init; }

    /// <summary>Whether an epoch was decided since the run last began or went back: it may have merged without anybody hearing of it yet.</summary>
    internal bool MayHaveRun => Epoch is { } epoch && epoch.Number >= LineageEpoch;

    /// <summary>How often the run began, 0 while queued. Over 1 where every island had lost its memory.</summary>
    public int Beginnings { get; init; }

    /// <summary>Why its membership changed last, in a sentence; null while it has its first.</summary>
    public string? Note { get; init; }

    /// <summary>Why it merges what it does when it does, in a run that chooses that by itself; null in others, and while it has what it began with.</summary>
    public PilotChoice? Choice { get; init; }

    /// <summary>How it ended; null while it has not.</summary>
    public JobEnd? End { get; init; }

    /// <summary>The checkpoint that it was restored from; null where it began by itself.</summary>
    public ResumePoint? From { get; init; }

    /// <summary>The checkpoint that its run goes on from where no island holds its state; null begins anew.</summary>
    public ResumePoint? Resume { get; init; }

    /// <summary>Its checkpoints by number: those that are kept, and those that are being deleted.</summary>
    public ImmutableArray<FactoryCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>The number of the newest checkpoint; 0 before the first.</summary>
    public long LastCheckpoint { get; init; }

    /// <summary>The first epoch of its present history: a checkpoint of an earlier one that is heard of later is not in it.</summary>
    public int LineageEpoch { get; init; }

    /// <summary>How often the island that writes checkpoints was changed because it could not.</summary>
    public int CheckpointWriter { get; init; }

    /// <summary>The newest request to verify its checkpoints; 0 before the first.</summary>
    public long VerifyRequest { get; init; }

    /// <summary>Whether it is to save and stop.</summary>
    public bool HoldRequested { get; init; }

    /// <summary>The epoch in which it was last told to save and stop: what was saved in an earlier one was for an earlier hold.</summary>
    public int HoldEpoch { get; init; }

    /// <summary>Whether it has saved and stopped, or was held before it began: it is placed again when it is released.</summary>
    public bool Held { get; init; }

    /// <summary>The highest incarnation that an island of it had before it was last placed.</summary>
    public int LastIncarnation { get; init; }

    /// <summary>When it was last placed, in milliseconds since 1970-01-01 UTC; 0 before.</summary>
    public long PlacedAt { get; init; }

    /// <summary>Where it starts as soon as others have given way; null where nothing is planned.</summary>
    public PlannedStart? Planned { get; init; }

    /// <summary>Who a job gives way to that moves for nobody else's sake.</summary>
    public const long Nobody = -1;

    /// <summary>The start that is reserved for it while it waits; null where none is.</summary>
    public ReservedStart? Reserved { get; init; }

    /// <summary>The reserved start of another that it was let run ahead of, in milliseconds since 1970-01-01 UTC; 0 for none. If it still runs it saves and stops in time for it.</summary>
    public long EndBy { get; init; }

    /// <summary>How long it had run when it last saved and stopped, in milliseconds.</summary>
    public long RanBefore { get; init; }

    /// <summary>The job that it gives way to, or gave way to when it last stopped; <see cref="Nobody"/> where it moves; 0 where it did neither, and once it is placed again.</summary>
    public long GaveWayTo { get; init; }

    /// <summary>Why it moves, or moved when it last stopped, in a sentence; null where it did not.</summary>
    public string? MovesBecause { get; init; }

    /// <summary>When its run began to start last, for the first time or again, in milliseconds since 1970-01-01 UTC; 0 before.</summary>
    public long StartingAt { get; init; }

    /// <summary>Before when it is not placed, in milliseconds since 1970-01-01 UTC; 0 where nothing keeps it.</summary>
    public long NotBefore { get; init; }

    /// <summary>How many starts of it in a row were given up.</summary>
    public int FailedStarts { get; init; }

    /// <summary>The sites whose islands had not started when its last start was given up: others are taken first.</summary>
    public ImmutableArray<string> Avoids { get; init; } = [];

    /// <summary>Since when its run has fewer islands than it needs, in milliseconds since 1970-01-01 UTC; 0 where it has enough.</summary>
    public long ShortSince { get; init; }

    /// <summary>Islands of earlier placements at sites that were away and have not confirmed that they stopped: they stay charged.</summary>
    public ImmutableArray<FactoryIsland> Strays { get; init; } = [];

    /// <summary>The rates that were reserved for it when it was placed, or routed anew; those between islands that hold something are held.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>Rates of earlier placements, held while both ends are among <see cref="Strays"/>.</summary>
    public ImmutableArray<WanReservation> StrayRates { get; init; } = [];

    /// <summary>Whether it is to be held once it has given way, because somebody asked for that meanwhile.</summary>
    public bool HoldAsked { get; init; }

    /// <summary>The kind of hardware that an island of it holds.</summary>
    public string HardwareOf(FactoryIsland island)
    {
        ArgumentNullException.ThrowIfNull(island);
        return island.Hardware ?? Specification.Hardware[0];
    }

    /// <summary>How many accelerators an island of it holds.</summary>
    public int AcceleratorsOf(FactoryIsland island)
    {
        ArgumentNullException.ThrowIfNull(island);
        return island.Accelerators == 0 ? Specification.Accelerators : island.Accelerators;
    }

    /// <summary>The kind of hardware that it is placed on, or is about to start on; the best that it accepts where it is neither.</summary>
    public string Hardware => (Islands.IsEmpty ? Planned?.Hardware : Islands[0].Hardware) ?? Specification.Kinds[0];

    /// <summary>Whether it has saved to give way, and its gangs are yet to stop.</summary>
    internal bool IsLeaving => GaveWayTo != 0 && !HoldRequested && !Islands.IsEmpty;

    /// <summary>The checkpoint of a number; null where it has none, or no longer.</summary>
    public FactoryCheckpoint? FindCheckpoint(long number) => Checkpoints.FirstOrDefault(checkpoint => checkpoint.Number == number);

    /// <summary>The islands that are members in their present incarnation, in order.</summary>
    internal IEnumerable<FactoryIsland> Members => Islands.Where(island => Epoch is { } epoch && epoch.Members.Contains(island.Present));

    internal FactoryIsland? FindIsland(string site)
        => Islands.FirstOrDefault(island => string.Equals(island.Site, site, StringComparison.Ordinal));

    internal FactoryJob WithIsland(FactoryIsland changed)
        => this with { Islands = [.. Islands.Select(island => string.Equals(island.Site, changed.Site, StringComparison.Ordinal) ? changed : island)] };
}

/// <summary>Where a job starts as soon as others have given way. Immutable.</summary>
/// <param name="Sites">Its islands' sites, in the job's order.</param>
/// <param name="Withheld">Those of them that it starts without.</param>
/// <param name="Owned">Whether it is on its queue's guarantee.</param>
/// <param name="Awaited">The jobs that give way.</param>
/// <param name="Hardware">The kind of hardware; null where the job names a single one.</param>
/// <param name="Places">The domains of each island at a site that the fleet places, by site; null where there is none.</param>
public sealed record PlannedStart(ImmutableArray<string> Sites, ImmutableArray<string> Withheld, bool Owned, ImmutableArray<long> Awaited, string? Hardware = null, ImmutableSortedDictionary<string, ImmutableArray<string>>? Places = null)
{
    /// <summary>The rates that are reserved for it.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>The accelerators of each island, by site, where the job says a range; null for what it says.</summary>
    public ImmutableSortedDictionary<string, int>? Accelerators { get; init; }
}

/// <summary>When and where a job starts at the latest, as things stand. Immutable.</summary>
/// <param name="At">When, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="Sites">The sites of its islands.</param>
/// <param name="Owned">Whether it is on its queue's guarantee then.</param>
/// <param name="Hardware">The kind of hardware; null where the job names a single one.</param>
/// <param name="Places">The domains of each island at a site that the fleet places, by site; null where there is none.</param>
public sealed record ReservedStart(long At, ImmutableArray<string> Sites, bool Owned, string? Hardware = null, ImmutableSortedDictionary<string, ImmutableArray<string>>? Places = null)
{
    /// <summary>The rates that are kept for it.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>When it was made, in milliseconds since 1970-01-01 UTC, where it is a claim on what its queue is guaranteed; null where it is none.</summary>
    public long? ClaimedAt { get; init; }
}

/// <summary>How a job ended.</summary>
/// <param name="State">Completed, failed or cancelled.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="At">When, in milliseconds since 1970-01-01 UTC.</param>
public sealed record JobEnd(JobState State, string Reason, long At);
