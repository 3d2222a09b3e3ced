namespace Superfactory.Model.Copies;

/// <summary>A site's part in a copy, as its agent is instructed.</summary>
public sealed record CopyAssignment
{
    /// <summary>The copy.</summary>
    public required long Copy { get; init; }

    /// <summary>Which end of it.</summary>
    public required CopyRole Role { get; init; }

    /// <summary>What is copied.</summary>
    public required CopyPlace Source { get; init; }

    /// <summary>Where to.</summary>
    public required CopyPlace Destination { get; init; }
}

/// <summary>The ends of a copy.</summary>
public enum CopyRole
{
    /// <summary>Reads and sends.</summary>
    Source,

    /// <summary>Asks, receives and writes.</summary>
    Destination,
}

/// <summary>How a site's part in a copy is, as its agent reports.</summary>
public sealed record CopyReport
{
    /// <summary>The copy.</summary>
    public required long Copy { get; init; }

    /// <summary>Which end of it.</summary>
    public required CopyRole Role { get; init; }

    /// <summary>How it is.</summary>
    public required CopyPhase Phase { get; init; }

    /// <summary>Why it failed, or what it waits for, in a sentence; null where there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>How far it is, by the destination; null at the source.</summary>
    public CopyProgress? Progress { get; init; }
}

/// <summary>How one end of a copy is.</summary>
public enum CopyPhase
{
    /// <summary>Waits for the other end, or for its turn.</summary>
    Waiting,

    /// <summary>Goes on.</summary>
    Running,

    /// <summary>Done: at the destination everything is in place.</summary>
    Completed,

    /// <summary>Cannot go on.</summary>
    Failed,
}

/// <summary>How far a copy is.</summary>
public sealed record CopyProgress
{
    /// <summary>Files that are in place.</summary>
    public long FilesDone { get; init; }

    /// <summary>Files found at the source so far.</summary>
    public long Files { get; init; }

    /// <summary>Bytes that are at the destination, verified.</summary>
    public long BytesDone { get; init; }

    /// <summary>Bytes of the files found at the source so far.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether <see cref="Files"/> and <see cref="Bytes"/> are all there is: the source has been looked through.</summary>
    public bool Counted { get; init; }

    /// <summary>Bytes of chunks that came over the network, since this agent began.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes that were not sent, because the destination held them already or because they are zeros, since this agent began.</summary>
    public long BytesKept { get; init; }

    /// <summary>Bytes that became done in a second lately.</summary>
    public long BytesPerSecond { get; init; }

    /// <summary>Symbolic links and special files that were left out.</summary>
    public long LeftOut { get; init; }
}
