using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>What is reserved on one direction of a link. Immutable.</summary>
public sealed record RateView
{
    /// <summary>The site that sends.</summary>
    public required string From { get; init; }

    /// <summary>The site that receives.</summary>
    public required string To { get; init; }

    /// <summary>What the direction is declared to carry, in bits per second.</summary>
    public required long DeclaredBitsPerSecond { get; init; }

    /// <summary>What it carries now, in bits per second; 0 where it is cut.</summary>
    public required long BitsPerSecond { get; init; }

    /// <summary>Why that is less, in a sentence; null where it is not.</summary>
    public string? Reason { get; init; }

    /// <summary>What jobs have reserved on it, by job and route.</summary>
    public ImmutableArray<JobRate> Rates { get; init; } = [];

    /// <summary>All of that together, in bits per second.</summary>
    public long ReservedBitsPerSecond => Rates.Sum(static rate => rate.BitsPerSecond);
}

/// <summary>A rate that is reserved for a job. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="Route">The sites from the sending island to the receiving one, both included.</param>
/// <param name="BitsPerSecond">The rate.</param>
public sealed record JobRate(long Job, ImmutableArray<string> Route, long BitsPerSecond);

/// <summary>The body that says what a link carries. Immutable.</summary>
public sealed record LinkRequest
{
    /// <summary>The site at one end.</summary>
    public required string A { get; init; }

    /// <summary>The site at the other.</summary>
    public required string B { get; init; }

    /// <summary>Bits per second each way: 0 where it is cut; null where it carries what it is declared to again.</summary>
    public long? BitsPerSecond { get; init; }

    /// <summary>Why; null where nobody says.</summary>
    public string? Reason { get; init; }
}
