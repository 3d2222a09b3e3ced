using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>How something of the fleet is out of service.</summary>
public enum OutageState
{
    /// <summary>Nothing more is placed there; what runs there moves off in time, and then it is drained.</summary>
    Draining,

    /// <summary>Nothing runs there any more, and nothing is placed there.</summary>
    Drained,

    /// <summary>What ran there is lost; it stays charged until its agent confirms that it has stopped.</summary>
    Failed,

    /// <summary>It failed too often, or somebody does not trust it: what runs there moves off at once.</summary>
    Quarantined,
}

/// <summary>How a job leaves what is out of service.</summary>
public enum OutageMoveKind
{
    /// <summary>The job saves, stops, and is placed anew.</summary>
    Moves,

    /// <summary>Its islands there stop; the others go on, and these come back where there is room.</summary>
    Shrinks,

    /// <summary>Its islands there are stopping.</summary>
    Stops,
}

/// <summary>A place that is out of service, and who leaves it. Immutable.</summary>
public sealed record OutageView
{
    /// <summary>What is out of service: a site, or a floor, row, rack or node by its path.</summary>
    public required string Target { get; init; }

    /// <summary>How.</summary>
    public required OutageState State { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Since when, in milliseconds since 1970-01-01 UTC.</summary>
    public required long SinceUnixMilliseconds { get; init; }

    /// <summary>When it is to be drained, in milliseconds since 1970-01-01 UTC; null where it is not being drained.</summary>
    public long? ByUnixMilliseconds { get; init; }

    /// <summary>Who leaves it, by job.</summary>
    public ImmutableArray<OutageMove> Moves { get; init; } = [];
}

/// <summary>A job that leaves what is out of service. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="Islands">Its islands there.</param>
/// <param name="Kind">How it leaves.</param>
/// <param name="AtUnixMilliseconds">When it is told to, or was, in milliseconds since 1970-01-01 UTC.</param>
public sealed record OutageMove(long Job, ImmutableArray<string> Islands, OutageMoveKind Kind, long AtUnixMilliseconds);

/// <summary>The body that takes something out of service. Immutable.</summary>
public sealed record OutageRequest
{
    /// <summary>What: a site, or a floor, row, rack or node by its path such as <c>wisconsin/f1/r3</c>.</summary>
    public required string Target { get; init; }

    /// <summary>How: <c>draining</c>, <c>failed</c> or <c>quarantined</c>.</summary>
    public required OutageState State { get; init; }

    /// <summary>When it is to be drained, in milliseconds since 1970-01-01 UTC; null for at once. Only where it is drained.</summary>
    public long? ByUnixMilliseconds { get; init; }

    /// <summary>Why; null where nobody says.</summary>
    public string? Reason { get; init; }
}
