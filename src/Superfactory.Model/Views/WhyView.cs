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

    /// <summary>
    /// All that it lacks: if all of it came about, and nothing else, it would start. Told exactly of the first 1,000 that wait; of others those of its queue that go first. Empty where it does not
    /// wait in a queue, or is about to start.
    /// </summary>
    public ImmutableArray<WhyNeed> Needs { get; init; } = [];

    /// <summary>Its place among all that wait, from 1, by priority and then by time of submission; null where it does not wait.</summary>
    public int? Place { get; init; }

    /// <summary>When it starts at the latest, as things stand, in milliseconds since 1970-01-01 UTC; null where no time is known.</summary>
    public long? StartsUnixMilliseconds { get; init; }

    /// <summary>The sites at which it starts then.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>The rates between its islands that are reserved for it, each on its route.</summary>
    public ImmutableArray<JobRate> Rates { get; init; } = [];

    /// <summary>What its islands read when they start, and where that lies: of the sites with room, after those that it prefers, the ones come first that have it. Empty where there is nothing, or it runs.</summary>
    public ImmutableArray<InputView> Inputs { get; init; } = [];

    /// <summary>What is reserved of the fleet for it, or has it save and stop, the first to begin first.</summary>
    public ImmutableArray<JobReservation> Reservations { get; init; } = [];

    /// <summary>When it is expected to end; null where nobody knows.</summary>
    public long? EndsUnixMilliseconds { get; init; }

    /// <summary>By when it is wanted to have ended; null where it does not say.</summary>
    public long? DeadlineUnixMilliseconds { get; init; }
}

/// <summary>One thing that a job lacks which waits. Immutable.</summary>
/// <param name="Lacks">What.</param>
public sealed record WhyNeed(WhyKind Lacks)
{
    /// <summary>How much more of it would let it start: accelerators, quota, watts, bytes per second, or how many jobs or sites; null where it is not a number.</summary>
    public long? Missing { get; init; }

    /// <summary>The kind of hardware, where it lacks accelerators or quota.</summary>
    public string? Hardware { get; init; }

    /// <summary>Where it lacks it: a site, rack or node, a queue, a budget of power, or a pair of sites; or the reservation of the fleet that it would run into.</summary>
    public string? At { get; init; }

    /// <summary>The jobs that go first, the first of them, or that hold what it waits for.</summary>
    public ImmutableArray<long> Jobs { get; init; } = [];

    /// <summary>When it is time, or what it would run into begins, in milliseconds since 1970-01-01 UTC; null where it is not time that it lacks.</summary>
    public long? UntilUnixMilliseconds { get; init; }

    /// <summary>When the reservation of the fleet that it would run into is over; null where it is none.</summary>
    public long? OverUnixMilliseconds { get; init; }

    /// <summary>The role whose gangs lack it; null where it is the job's islands.</summary>
    public string? Role { get; init; }
}

/// <summary>What a job that waits lacks: a closed set.</summary>
public enum WhyKind
{
    /// <summary>So many more accelerators, free at a site.</summary>
    Accelerators,

    /// <summary>So much more quota on a queue that is at its limit.</summary>
    Quota,

    /// <summary>So many more that a queue lends.</summary>
    Lending,

    /// <summary>So many more watts at a budget.</summary>
    Power,

    /// <summary>So many bytes per second more on the link from a site to another.</summary>
    Rate,

    /// <summary>These jobs go first: of its own queue, or of the one that is named, where that goes first.</summary>
    Jobs,

    /// <summary>A job that runs has to end: where gangs of several shapes stand in each other's way.</summary>
    Running,

    /// <summary>It would delay the start that is reserved for another job, or run into a reservation of the fleet.</summary>
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
