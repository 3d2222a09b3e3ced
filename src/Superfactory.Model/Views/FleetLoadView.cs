using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Model.Views;

/// <summary>The fleet of a running factory as it is now: what there is, who uses it, what it draws, and what its links carry. Immutable.</summary>
public sealed record FleetLoadView
{
    /// <summary>The name of the fleet file that was applied; null where none was.</summary>
    public string? Name { get; init; }

    /// <summary>All sites together.</summary>
    public required FleetUse Use { get; init; }

    /// <summary>What the fleet may draw, in watts; null where nothing limits it.</summary>
    public long? BudgetWatts { get; init; }

    /// <summary>The sites of the file in its order, then those that it does not name.</summary>
    public required ImmutableArray<SiteUse> Sites { get; init; }

    /// <summary>Who uses it, the most first.</summary>
    public required ImmutableArray<QueueUse> Queues { get; init; }

    /// <summary>Every direction of every link, and what is reserved on it.</summary>
    public required ImmutableArray<RateView> Links { get; init; }
}

/// <summary>Accelerators, or slots of processors, by what becomes of them, and watts. What is busy, free, drained, failed and away adds up to all. Immutable.</summary>
/// <param name="Accelerators">All that jobs can have at once while everything is in service.</param>
/// <param name="Busy">Held by gangs, those that stop or are away among them.</param>
/// <param name="Free">Neither held nor out of service.</param>
/// <param name="Drained">Not held, and kept from jobs because it is drained, or being drained, or quarantined.</param>
/// <param name="Failed">Not held, and said to have failed.</param>
/// <param name="Away">Not held, and at a site that is not connected.</param>
/// <param name="IdleWatts">What it draws when all is idle; 0 where no fleet file says.</param>
/// <param name="DrawnWatts">What it is counted to draw now; 0 where no fleet file says.</param>
public sealed record FleetUse(long Accelerators, long Busy, long Free, long Drained, long Failed, long Away, long IdleWatts, long DrawnWatts)
{
    /// <summary>Nothing.</summary>
    public static FleetUse None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Both together.</summary>
    public FleetUse And(FleetUse other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new FleetUse(
            Accelerators + other.Accelerators, Busy + other.Busy, Free + other.Free, Drained + other.Drained, Failed + other.Failed, Away + other.Away, IdleWatts + other.IdleWatts, DrawnWatts + other.DrawnWatts);
    }
}

/// <summary>A site as it is now. Immutable.</summary>
public sealed record SiteUse
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether its agent is heard.</summary>
    public required bool Connected { get; init; }

    /// <summary>Who places gangs on its nodes; null where no fleet file names it.</summary>
    public SitePlacement? Placement { get; init; }

    /// <summary>What it may draw, in watts; null where nothing but its rows limits it.</summary>
    public long? BudgetWatts { get; init; }

    /// <summary>All of it.</summary>
    public required FleetUse Use { get; init; }

    /// <summary>Of each kind of hardware that it has, in the order of the catalogue; without watts.</summary>
    public required ImmutableArray<KindUse> Kinds { get; init; }

    /// <summary>Its rows in their order, where the fleet places its gangs; else none.</summary>
    public ImmutableArray<RowUse> Rows { get; init; } = [];

    /// <summary>Who uses it, the most first.</summary>
    public required ImmutableArray<QueueUse> Queues { get; init; }

    /// <summary>What of it is out of service: itself, or floors, rows, racks and nodes by their paths.</summary>
    public ImmutableArray<PlaceOut> Out { get; init; } = [];
}

/// <summary>What a site has of a kind of hardware. Immutable.</summary>
/// <param name="Hardware">The kind.</param>
/// <param name="Use">How it is used.</param>
public sealed record KindUse(string Hardware, FleetUse Use);

/// <summary>A row as it is now. Immutable.</summary>
/// <param name="Floor">Its floor.</param>
/// <param name="Row">Its name.</param>
/// <param name="BudgetWatts">What it may draw; null where nothing but its racks limits it.</param>
/// <param name="Use">How it is used.</param>
public sealed record RowUse(string Floor, string Row, long? BudgetWatts, FleetUse Use);

/// <summary>What a queue's jobs hold. Immutable.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Accelerators">How many accelerators.</param>
/// <param name="Jobs">Which jobs, by number.</param>
public sealed record QueueUse(string Queue, long Accelerators, ImmutableArray<long> Jobs);

/// <summary>A place that is out of service. Immutable.</summary>
/// <param name="Target">Which, by its path.</param>
/// <param name="State">How.</param>
public sealed record PlaceOut(string Target, OutageState State);
