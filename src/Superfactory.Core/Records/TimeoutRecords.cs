using System.Collections.Immutable;

namespace Superfactory.Core.Records;

/// <summary>Islands of a job had not started in time: all of them are released, and the job is placed anew after a while.</summary>
public sealed record StartTimedOut : PlanRecord
{
    /// <summary>The islands that had not started.</summary>
    public required ImmutableArray<string> Islands { get; init; }

    /// <summary>Before when the job is not placed again, in milliseconds since 1970-01-01 UTC.</summary>
    public required long Until { get; init; }
}

/// <summary>A run has fewer islands than its job needs, and a replacement is sought; or it has enough again.</summary>
public sealed record IslandsShort : PlanRecord
{
    /// <summary>Whether it has too few.</summary>
    public required bool IsShort { get; init; }
}

/// <summary>A job goes back to the queue though sites that are away have not confirmed that its islands there stopped: these stay charged until they do.</summary>
public sealed record IslandsLeftBehind : PlanRecord
{
    /// <summary>The islands.</summary>
    public required ImmutableArray<string> Islands { get; init; }
}
