namespace Superfactory.Core.Records;

/// <summary>Somebody reserved accelerators for a time: for maintenance, or for the jobs of a queue or one job.</summary>
public sealed record WindowReserved : JournalRecord
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its number, once among all that ever were; from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it begins, in milliseconds since 1970-01-01 UTC.</summary>
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
}

/// <summary>What was reserved is so no longer.</summary>
public sealed record WindowEnded : JournalRecord
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }
}
