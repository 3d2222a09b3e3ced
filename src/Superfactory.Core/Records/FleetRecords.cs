using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Records;

/// <summary>Somebody said which queues there are.</summary>
public sealed record QueuesApplied : JournalRecord
{
    /// <summary>All queues.</summary>
    public required QueueSet Queues { get; init; }
}

/// <summary>Somebody said what the sites are and may draw, by a fleet file that was valid.</summary>
public sealed record FleetApplied : JournalRecord
{
    /// <summary>The text of the file.</summary>
    public required string Text { get; init; }

    /// <summary>The file as the user named it; null where it has no name.</summary>
    public string? File { get; init; }
}

/// <summary>Somebody paused a queue, or let it go on.</summary>
public sealed record QueuePaused : JournalRecord
{
    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Whether it is paused from now on.</summary>
    public required bool Paused { get; init; }
}

/// <summary>Somebody gave a job another priority.</summary>
public sealed record JobReprioritized : JournalRecord
{
    /// <summary>The job.</summary>
    public required long Job { get; init; }

    /// <summary>The new priority.</summary>
    public required int Priority { get; init; }
}

/// <summary>A job starts at these sites as soon as others have given way: what they leave is its.</summary>
public sealed record StartPlanned : PlanRecord
{
    /// <summary>The sites in the job's order.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>Those of them that have no room yet.</summary>
    public ImmutableArray<string> Withheld { get; init; } = [];

    /// <summary>Whether it is on its queue's guarantee.</summary>
    public bool Owned { get; init; }

    /// <summary>The kind of hardware; null where the job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>The accelerators of each island that starts, by site, where the job says a range; null for what it says.</summary>
    public ImmutableSortedDictionary<string, int>? Accelerators { get; init; }

    /// <summary>The domains of each island at a site that the fleet places, by site; null where there is none.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Places { get; init; }

    /// <summary>The rates that are reserved for it between its islands.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>The jobs that give way, or lose islands, rising.</summary>
    public ImmutableArray<long> Awaited { get; init; } = [];

    /// <summary>The placement policy and its version.</summary>
    public required string Scheduler { get; init; }
}

/// <summary>A start was reserved for a job that waits, or moved, or is known no longer; the reason says why.</summary>
public sealed record StartReserved : PlanRecord
{
    /// <summary>When it starts at the latest, as things stand; null where no time is known any more.</summary>
    public long? Start { get; init; }

    /// <summary>The sites of its islands then.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>Whether it is on its queue's guarantee then.</summary>
    public bool Owned { get; init; }

    /// <summary>The kind of hardware; null where the job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>The domains of each island at a site that the fleet places, by site; null where there is none.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Places { get; init; }

    /// <summary>The rates that are kept for it.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>Whether it is a claim: what the job's queue is guaranteed is kept for it from now on, and those that borrow it give way by then.</summary>
    public bool Claim { get; init; }
}

/// <summary>A planned start cannot be any more; the job is placed anew.</summary>
public sealed record StartDropped : PlanRecord;

/// <summary>A job is to save, stop, and wait again, because another goes first.</summary>
public sealed record JobGivesWay : PlanRecord
{
    /// <summary>The job that goes first.</summary>
    public required long To { get; init; }
}

/// <summary>An island of a job that goes on without it is stopped, because another job goes first or it may have more accelerators; it comes back when there is room.</summary>
public sealed record IslandReclaimed : PlanRecord
{
    /// <summary>The island.</summary>
    public required string Island { get; init; }

    /// <summary>The job that goes first; −1 where nobody does, and it starts again with more.</summary>
    public required long To { get; init; }

    /// <summary>What is kept for it to start again with as soon as it has stopped; null where nothing is.</summary>
    public int? Keeps { get; init; }

    /// <summary>The domains of that at a site that the fleet places; null where there are none.</summary>
    public ImmutableArray<string>? Places { get; init; }
}
