using Superfactory.Model.Copies;

namespace Superfactory.Core;

/// <summary>A copy between sites. Immutable.</summary>
public sealed record FactoryCopy
{
    /// <summary>Its number, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>What is copied.</summary>
    public required CopyPlace Source { get; init; }

    /// <summary>Where to.</summary>
    public required CopyPlace Destination { get; init; }

    /// <summary>When it was asked for, in milliseconds since 1970-01-01 UTC.</summary>
    public required long RequestedAt { get; init; }

    /// <summary>How it ended; null while it has not.</summary>
    public CopyEnd? End { get; init; }
}

/// <summary>How a copy ended.</summary>
/// <param name="State">Completed, failed or cancelled.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="At">When, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="Progress">How far it had come; null where its destination never said.</param>
public sealed record CopyEnd(CopyState State, string Reason, long At, CopyProgress? Progress);
