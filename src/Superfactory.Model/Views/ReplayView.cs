using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>A plan of the journal. Immutable.</summary>
public sealed record RecordedPlanView
{
    /// <summary>Its number in the journal, from 1.</summary>
    public required long Record { get; init; }

    /// <summary>When it was decided, in milliseconds since 1970-01-01 UTC.</summary>
    public required long AtUnixMilliseconds { get; init; }

    /// <summary>What was decided, such as <c>job-started</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The job that it is about.</summary>
    public required long Job { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }
}

/// <summary>A recorded plan beside what is decided again from what it saw. Immutable.</summary>
public sealed record ReplayView
{
    /// <summary>The number of the plan in the journal.</summary>
    public required long Record { get; init; }

    /// <summary>The last record that it saw: the snapshot is the fold of all up to it.</summary>
    public required long Seen { get; init; }

    /// <summary>The time at which it was decided, in milliseconds since 1970-01-01 UTC.</summary>
    public required long AtUnixMilliseconds { get; init; }

    /// <summary>The versions of the rules that decided it.</summary>
    public required string Rules { get; init; }

    /// <summary>The versions of the rules that decided it again.</summary>
    public required string RulesNow { get; init; }

    /// <summary>Whether every byte of what was decided is the same.</summary>
    public required bool IsSame { get; init; }

    /// <summary>What was decided together with it, as the journal has it, a line of JSON each.</summary>
    public ImmutableArray<string> Recorded { get; init; } = [];

    /// <summary>What is decided again, a line of JSON each.</summary>
    public ImmutableArray<string> Decided { get; init; } = [];
}
