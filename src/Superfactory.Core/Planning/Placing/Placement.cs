using System.Collections.Immutable;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Planning;

/// <summary>Where a queued job starts, or what it waits for. Immutable.</summary>
internal sealed record Placement
{
    /// <summary>Where it starts, in the job's order; empty where it can't.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>Those of them that it starts without.</summary>
    public ImmutableArray<string> Withheld { get; init; } = [];

    /// <summary>The kind of hardware that it starts on; null where its job names a single one.</summary>
    public string? Hardware { get; init; }

    /// <summary>The accelerators of each island where it starts, by site, of a job that says a range; null for what it says.</summary>
    public ImmutableSortedDictionary<string, int>? Accelerators { get; init; }

    /// <summary>Whether it is on its queue's guarantee.</summary>
    public bool Owned { get; init; }

    /// <summary>The domains of each island at a site that the fleet places; null where there is none.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Places { get; init; }

    /// <summary>The rates that are reserved for it, where it starts.</summary>
    public ImmutableArray<WanReservation> Rates { get; init; } = [];

    /// <summary>Where each gang of its roles starts, by its number.</summary>
    public ImmutableArray<GangStart> Gangs { get; init; } = [];

    /// <summary>Whether gangs of its roles still stop, so that it is not placed yet.</summary>
    public bool IsStopping { get; init; }

    /// <summary>Whether what it goes on from is at none of its sites, and none can be brought it as things are.</summary>
    public bool IsOutOfReach { get; init; }

    /// <summary>Who gives way first, where it starts: jobs as a whole, or islands of them.</summary>
    public ImmutableArray<GivingWay> Stops { get; init; } = [];

    /// <summary>The named sites that are not connected, or those that have what it goes on from and are not.</summary>
    public ImmutableArray<string> Away { get; init; } = [];

    /// <summary>The sites that have no slot for it.</summary>
    public ImmutableArray<string> Full { get; init; } = [];

    /// <summary>The jobs that hold, or wait before it for, the slots of the first full site.</summary>
    public ImmutableArray<long> Ahead { get; init; } = [];

    /// <summary>How many sites it wants; 0 where it names them, or has enough.</summary>
    public int Wanted { get; init; }

    /// <summary>The connected sites that have slots, where it wants more than there are.</summary>
    public ImmutableArray<string> Connected { get; init; } = [];

    /// <summary>What each island is to be within, as a word, where sites that promise none are left out; null for the site.</summary>
    public string? Domain { get; init; }

    /// <summary>The queue, its own or one above it, that is paused; null where none is.</summary>
    public string? Paused { get; init; }

    /// <summary>Before when it is not placed, in milliseconds since 1970-01-01 UTC; 0 where nothing keeps it.</summary>
    public long NotBefore { get; init; }

    /// <summary>Why it does not start; people are told of <see cref="Full"/> before it.</summary>
    public PendingReason? Reason { get; init; }

    /// <summary>Whether it was not tried because others of its queue have claimed what there is.</summary>
    public bool IsBehind { get; init; }

    /// <summary>The start that is reserved for it while it waits; null where none is.</summary>
    public ReservedStart? Reserved { get; init; }

    /// <summary>Why that is at another time than it was, or known no longer; null where it is reserved for the first time.</summary>
    public string? Moved { get; init; }

    /// <summary>The reserved start of another that it is let run ahead of; 0 for none.</summary>
    public long EndBy { get; init; }
}

/// <summary>Who gives way to a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Islands">The islands that it loses; empty where it stops as a whole.</param>
/// <param name="Shrinks">Islands that go on with fewer accelerators, by what they keep; where there are any it does not stop as a whole.</param>
internal sealed record GivingWay(long Job, ImmutableArray<string> Islands, ImmutableArray<IslandSize> Shrinks)
{
    /// <summary>Whether it stops as a whole.</summary>
    public bool IsWhole => Islands.IsEmpty && Shrinks.IsEmpty;
}

/// <summary>An island that was left out and has room again.</summary>
/// <param name="Job">The job.</param>
/// <param name="Island">The island.</param>
/// <param name="Owned">Whether it is on its queue's guarantee.</param>
/// <param name="Places">Its domains, where the fleet places them.</param>
/// <param name="Rates">The rates between it and the others.</param>
/// <param name="Accelerators">What it gets, where its job says a range; null for what that says.</param>
internal sealed record Growth(long Job, string Island, bool Owned, ImmutableArray<string> Places, ImmutableArray<WanReservation> Rates, int? Accelerators);

/// <summary>Where a gang of a role starts.</summary>
/// <param name="Job">Its number.</param>
/// <param name="Site">Its site.</param>
/// <param name="Places">Its domains, where the fleet places them.</param>
internal sealed record GangStart(long Job, string Site, ImmutableArray<string> Places)
{
    /// <summary>The domains as they are recorded.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Recorded => Places.IsEmpty ? null : ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal).Add(Site, Places);
}
