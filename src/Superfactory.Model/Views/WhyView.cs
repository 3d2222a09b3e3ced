using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>Why a job is where it is, and what would let it start if it waits. Immutable.</summary>
public sealed record WhyView
{
    /// <summary>The job's number.</summary>
    public required long Job { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its state.</summary>
    public required JobState State { get; init; }

    /// <summary>Why, in sentences.</summary>
    public required string Reason { get; init; }

    /// <summary>What it lacks; null where it does not wait in a queue, or is about to start.</summary>
    public WhyKind? Lacks { get; init; }

    /// <summary>How much more of it would let it start: accelerators, watts, or bytes per second; null where it is not a number.</summary>
    public long? Missing { get; init; }

    /// <summary>The kind of hardware, where it lacks accelerators or quota.</summary>
    public string? Hardware { get; init; }

    /// <summary>Where it lacks it: a site, a queue, a budget of power, or a pair of sites.</summary>
    public string? At { get; init; }

    /// <summary>The jobs that go first or hold what it waits for.</summary>
    public ImmutableArray<long> Jobs { get; init; } = [];

    /// <summary>Its place among all that wait, from 1, by priority and then by time of submission; null where it does not wait.</summary>
    public int? Place { get; init; }

    /// <summary>When it starts at the latest, as things stand, in milliseconds since 1970-01-01 UTC; null where no time is known.</summary>
    public long? StartsUnixMilliseconds { get; init; }

    /// <summary>The sites at which it starts then.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>The rates between its islands that are reserved for it, each on its route.</summary>
    public ImmutableArray<JobRate> Rates { get; init; } = [];

    /// <summary>When it is expected to end; null where nobody knows.</summary>
    public long? EndsUnixMilliseconds { get; init; }

    /// <summary>By when it is wanted to have ended; null where it does not say.</summary>
    public long? DeadlineUnixMilliseconds { get; init; }
}

/// <summary>What a job that waits lacks: a closed set.</summary>
public enum WhyKind
{
    /// <summary>So many more accelerators, free at a site.</summary>
    Accelerators,

    /// <summary>So much more quota on a queue that is at its limit.</summary>
    Quota,

    /// <summary>So many more that other queues lend.</summary>
    Lending,

    /// <summary>So many more watts at a budget.</summary>
    Power,

    /// <summary>So many bytes per second from a site to another.</summary>
    Rate,

    /// <summary>These jobs go first.</summary>
    Jobs,

    /// <summary>It would delay the start that is reserved for another job.</summary>
    Reserved,

    /// <summary>Time: it may not start, or is not tried, before.</summary>
    Time,

    /// <summary>Its queue is paused.</summary>
    Paused,

    /// <summary>Sites that are connected and in service.</summary>
    Sites,

    /// <summary>It fits nowhere as it is.</summary>
    Never,
}
