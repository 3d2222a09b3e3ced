namespace Superfactory.Model.Copies;

/// <summary>A copy as the API shows it.</summary>
public sealed record CopyView
{
    /// <summary>Its number, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>What is copied.</summary>
    public required CopyPlace Source { get; init; }

    /// <summary>Where to.</summary>
    public required CopyPlace Destination { get; init; }

    /// <summary>Its state.</summary>
    public required CopyState State { get; init; }

    /// <summary>Why it is in that state, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>When it was asked for, in milliseconds since 1970-01-01 UTC.</summary>
    public required long RequestedUnixMilliseconds { get; init; }

    /// <summary>When it ended; null before.</summary>
    public long? EndedUnixMilliseconds { get; init; }

    /// <summary>How far it is; null before the destination has said so.</summary>
    public CopyProgress? Progress { get; init; }
}

/// <summary>The states of a copy.</summary>
public enum CopyState
{
    /// <summary>A site is not connected, or has not begun.</summary>
    Waiting,

    /// <summary>It goes on.</summary>
    Running,

    /// <summary>Everything is at the destination, verified.</summary>
    Completed,

    /// <summary>It ended with a fault; what arrived is kept for the next attempt.</summary>
    Failed,

    /// <summary>It was cancelled; what arrived is kept.</summary>
    Cancelled,
}

/// <summary>Asks for a copy (<c>POST /v1/copies</c>).</summary>
/// <param name="Source">What is copied: a file, or a directory with everything in it.</param>
/// <param name="Destination">Where to.</param>
public sealed record CopyRequest(CopyPlace Source, CopyPlace Destination);
