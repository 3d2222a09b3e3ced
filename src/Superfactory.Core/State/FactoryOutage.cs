using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>Something of the fleet that is out of service: nothing is placed there. Immutable.</summary>
public sealed record FactoryOutage
{
    /// <summary>What: a site, or a floor, row, rack or node by its path.</summary>
    public required string Target { get; init; }

    /// <summary>How.</summary>
    public required OutageState State { get; init; }

    /// <summary>Since when, in milliseconds since 1970-01-01 UTC.</summary>
    public required long Since { get; init; }

    /// <summary>When it is to be drained, in milliseconds since 1970-01-01 UTC; null where it is not being drained.</summary>
    public long? By { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The reservation for whose maintenance it is, and with which it ends; null where somebody has to let it in again.</summary>
    public string? Window { get; init; }

    /// <summary>When those who run there are told to leave, in milliseconds since 1970-01-01 UTC.</summary>
    public long MovesAt => By is { } by ? Math.Max(Since, by - FactoryLimits.DrainNoticeMilliseconds) : Since;
}

/// <summary>A fault of a place. Immutable.</summary>
/// <param name="At">When, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="Job">The job whose gang failed there; 0 where somebody said that it failed.</param>
public sealed record PlaceFault(long At, long Job);

/// <summary>The newest faults of a place. Immutable.</summary>
/// <param name="Place">The place: a site, or a rack or node by its path.</param>
/// <param name="Faults">The faults, the oldest first.</param>
public sealed record PlaceFaults(string Place, System.Collections.Immutable.ImmutableArray<PlaceFault> Faults);
