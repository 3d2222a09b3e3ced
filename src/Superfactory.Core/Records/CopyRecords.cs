using Superfactory.Model.Copies;

namespace Superfactory.Core.Records;

/// <summary>A copy was asked for.</summary>
public sealed record CopyRequested : JournalRecord
{
    /// <summary>The number that it got.</summary>
    public required long Copy { get; init; }

    /// <summary>What is copied.</summary>
    public required CopyPlace Source { get; init; }

    /// <summary>Where to.</summary>
    public required CopyPlace Destination { get; init; }
}

/// <summary>A copy ended.</summary>
public sealed record CopyEnded : JournalRecord
{
    /// <summary>The copy.</summary>
    public required long Copy { get; init; }

    /// <summary>Completed, failed or cancelled.</summary>
    public required CopyState State { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>How far it had come; null where its destination never said.</summary>
    public CopyProgress? Progress { get; init; }
}
