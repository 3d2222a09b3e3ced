namespace Superfactory.Core.Commands;

/// <summary>Accelerators are to be kept for a time: for maintenance, or for the jobs of a queue or one job.</summary>
/// <param name="Name">A name that no other has.</param>
/// <param name="From">When it begins, in milliseconds since 1970-01-01 UTC; null for at once.</param>
/// <param name="Until">When it is over; null where <paramref name="Length"/> says how long it is.</param>
/// <param name="Length">How long it is, in milliseconds; null where <paramref name="Until"/> says when it is over.</param>
public sealed record ReserveWindow(string Name, long? From = null, long? Until = null, long? Length = null) : FactoryCommand
{
    /// <summary>A site, or a floor, row, rack or node by its path; null for anywhere in the fleet.</summary>
    public string? Target { get; init; }

    /// <summary>How many accelerators; 0 for all that are there.</summary>
    public long Accelerators { get; init; }

    /// <summary>The only kind of hardware that it is of; null for every kind.</summary>
    public string? Hardware { get; init; }

    /// <summary>The queue whose jobs may use it; null for none.</summary>
    public string? Queue { get; init; }

    /// <summary>The job that may use it; null for none.</summary>
    public long? Job { get; init; }

    /// <summary>Why; null where nobody says.</summary>
    public string? Reason { get; init; }
}

/// <summary>What was reserved is taken back.</summary>
/// <param name="Name">Its name.</param>
public sealed record CancelWindow(string Name) : FactoryCommand;
