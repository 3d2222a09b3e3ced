using Superfactory.Model.Views;

namespace Superfactory.Core.Records;

/// <summary>Something of the fleet went out of service, or is so in another way: somebody said so, or it failed too often.</summary>
public sealed record OutageBegan : JournalRecord
{
    /// <summary>What: a site, or a floor, row, rack or node by its path.</summary>
    public required string Target { get; init; }

    /// <summary>How: draining, failed or quarantined.</summary>
    public required OutageState State { get; init; }

    /// <summary>When it is to be drained, in milliseconds since 1970-01-01 UTC; null where it is not drained.</summary>
    public long? By { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The reservation for whose maintenance it is; null where it is for nothing that was reserved.</summary>
    public string? Window { get; init; }
}

/// <summary>Nothing runs any more on what was being drained.</summary>
public sealed record TargetDrained : JournalRecord
{
    /// <summary>What.</summary>
    public required string Target { get; init; }
}

/// <summary>What was out of service is in service again.</summary>
public sealed record TargetReturned : JournalRecord
{
    /// <summary>What.</summary>
    public required string Target { get; init; }
}

/// <summary>An island is stopped because what it runs on is out of service. It comes back where there is room.</summary>
public sealed record IslandEvicted : PlanRecord
{
    /// <summary>The island.</summary>
    public required string Island { get; init; }
}

/// <summary>A job is to save, stop, and be placed anew, for nobody else's sake.</summary>
public sealed record JobMoves : PlanRecord;
