using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>How far a reservation of the fleet is.</summary>
public enum ReservationState
{
    /// <summary>It has not begun, and nobody has to leave yet.</summary>
    Waiting,

    /// <summary>It begins soon: who is in its way saves and stops.</summary>
    Clearing,

    /// <summary>It is in force.</summary>
    Active,
}

/// <summary>Accelerators that are kept for a time: for maintenance, or for the jobs of a queue or one job. Immutable.</summary>
public sealed record ReservationView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How far it is.</summary>
    public required ReservationState State { get; init; }

    /// <summary>A site, or a floor, row, rack or node by its path; null for anywhere in the fleet.</summary>
    public string? Target { get; init; }

    /// <summary>How many accelerators; null for all that are there.</summary>
    public long? Accelerators { get; init; }

    /// <summary>The only kind of hardware that it is of; null for every kind.</summary>
    public string? Hardware { get; init; }

    /// <summary>The queue whose jobs may use it; null where it is for a job, or for maintenance.</summary>
    public string? Queue { get; init; }

    /// <summary>The job that may use it; null where it is for a queue, or for maintenance.</summary>
    public long? Job { get; init; }

    /// <summary>When it begins, in milliseconds since 1970-01-01 UTC.</summary>
    public required long FromUnixMilliseconds { get; init; }

    /// <summary>When it is over.</summary>
    public required long UntilUnixMilliseconds { get; init; }

    /// <summary>Why, in a sentence; null where nobody said.</summary>
    public string? Reason { get; init; }

    /// <summary>Who would have to leave for it as things stand, or is leaving, by job.</summary>
    public ImmutableArray<OutageMove> Leaves { get; init; } = [];
}

/// <summary>The body that reserves something of the fleet. Immutable.</summary>
public sealed record ReservationRequest
{
    /// <summary>A name that no other has.</summary>
    public required string Name { get; init; }

    /// <summary>A site, or a floor, row, rack or node by its path; null for anywhere in the fleet. What is for maintenance has one.</summary>
    public string? Target { get; init; }

    /// <summary>How many accelerators; 0 for all that are there.</summary>
    public long Accelerators { get; init; }

    /// <summary>The only kind of hardware that it is of; null for every kind.</summary>
    public string? Hardware { get; init; }

    /// <summary>The queue whose jobs may use it, and those of queues under it.</summary>
    public string? Queue { get; init; }

    /// <summary>The job that may use it. Without it and a queue it is for maintenance: nobody may.</summary>
    public long? Job { get; init; }

    /// <summary>When it begins, in milliseconds since 1970-01-01 UTC; null for at once.</summary>
    public long? FromUnixMilliseconds { get; init; }

    /// <summary>When it is over; null where <see cref="LengthMilliseconds"/> says how long it is.</summary>
    public long? UntilUnixMilliseconds { get; init; }

    /// <summary>How long it is; null where <see cref="UntilUnixMilliseconds"/> says when it is over.</summary>
    public long? LengthMilliseconds { get; init; }

    /// <summary>Why; null where nobody says.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a reservation is to a job. Immutable.</summary>
/// <param name="Name">The reservation.</param>
/// <param name="FromUnixMilliseconds">When it begins, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="UntilUnixMilliseconds">When it is over.</param>
/// <param name="LeavesUnixMilliseconds">When the job has to save and stop for it; null where the job may use it.</param>
public sealed record JobReservation(string Name, long FromUnixMilliseconds, long UntilUnixMilliseconds, long? LeavesUnixMilliseconds = null);
