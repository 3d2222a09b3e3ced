namespace Superfactory.Core;

/// <summary>Accelerators that are reserved for a time. Immutable.</summary>
public sealed record FactoryWindow
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its number, once among all that ever were; from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it was reserved, in milliseconds since 1970-01-01 UTC.</summary>
    public required long Since { get; init; }

    /// <summary>When it begins.</summary>
    public required long From { get; init; }

    /// <summary>When it is over.</summary>
    public required long Until { get; init; }

    /// <summary>A site, or a floor, row, rack or node by its path; null for anywhere in the fleet.</summary>
    public string? Target { get; init; }

    /// <summary>How many accelerators; 0 for all that are there.</summary>
    public long Accelerators { get; init; }

    /// <summary>The only kind of hardware that it is of; null for every kind.</summary>
    public string? Hardware { get; init; }

    /// <summary>The queue whose jobs may use it; null for none.</summary>
    public string? Queue { get; init; }

    /// <summary>The job that may use it; 0 for none.</summary>
    public long Job { get; init; }

    /// <summary>Why, in a sentence; null where nobody said.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether it is for nobody: its target is out of service meanwhile.</summary>
    public bool IsMaintenance => Queue is null && Job == 0;

    /// <summary>When those who are in its way are told to leave, in milliseconds since 1970-01-01 UTC.</summary>
    public long LeavesAt => Math.Max(Since, From - FactoryLimits.DrainNoticeMilliseconds);
}
