using System.Collections.Immutable;

namespace Superfactory.Model.Views;

/// <summary>What would become of a job if it were submitted now. Immutable.</summary>
public sealed record PlanView
{
    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it would start at once, once others have given way, or wait.</summary>
    public required PlanOutcome Outcome { get; init; }

    /// <summary>Why, or for what it would wait, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>All that it would lack: if all of it came about, and nothing else, it would start. Empty where it would start, at once or once others have given way.</summary>
    public ImmutableArray<WhyNeed> Needs { get; init; } = [];

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>When it would start at the latest, as things stand, in milliseconds since 1970-01-01 UTC; null where no time is known.</summary>
    public long? StartsUnixMilliseconds { get; init; }

    /// <summary>When it is expected to end then; null where nobody knows.</summary>
    public long? EndsUnixMilliseconds { get; init; }

    /// <summary>By when it is wanted to have ended; null where it does not say.</summary>
    public long? DeadlineUnixMilliseconds { get; init; }

    /// <summary>The sites at which islands would start; empty where it would wait and no time is known.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>The sites whose islands would join later, when there is room.</summary>
    public ImmutableArray<string> Later { get; init; } = [];

    /// <summary>Where the gangs of its roles would start.</summary>
    public ImmutableArray<PlanGang> Gangs { get; init; } = [];

    /// <summary>Accelerators of all islands, and of all gangs of roles, that would start.</summary>
    public long Accelerators { get; init; }

    /// <summary>The kind of hardware of its islands; null where it would wait and no time is known.</summary>
    public string? Hardware { get; init; }

    /// <summary>Whether they would be on its queue's guarantee; else they would be borrowed.</summary>
    public bool Owned { get; init; }

    /// <summary>The watts that these accelerators add at their peak, by the catalogue of hardware.</summary>
    public long PeakWatts { get; init; }

    /// <summary>The rates between its islands that would be reserved, each on its route.</summary>
    public ImmutableArray<JobRate> Rates { get; init; } = [];

    /// <summary>What its islands read when they start, and where that lies: of the sites with room, after those that it prefers, the ones come first that have it. Empty where there is nothing.</summary>
    public ImmutableArray<InputView> Inputs { get; init; } = [];

    /// <summary>What is reserved of the fleet for it, or would have it save and stop, the first to begin first.</summary>
    public ImmutableArray<JobReservation> Reservations { get; init; } = [];

    /// <summary>Who would give way.</summary>
    public ImmutableArray<PlanVictim> GiveWay { get; init; } = [];

    /// <summary>Jobs of its queue that wait and go before it.</summary>
    public ImmutableArray<long> Before { get; init; } = [];
}

/// <summary>When a job would start.</summary>
public enum PlanOutcome
{
    /// <summary>At once.</summary>
    Starts,

    /// <summary>As soon as others have saved and given way.</summary>
    StartsAfter,

    /// <summary>Not before something else changes.</summary>
    Waits,
}

/// <summary>Where a gang of a role would start. Immutable.</summary>
/// <param name="Role">The role.</param>
/// <param name="Gang">Which gang of it, from 0.</param>
/// <param name="Site">Its site.</param>
public sealed record PlanGang(string Role, int Gang, string Site);

/// <summary>Who would give way. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="Islands">The islands that it would lose; empty where it would save and stop as a whole.</param>
public sealed record PlanVictim(long Job, ImmutableArray<string> Islands);

/// <summary>The body that changes a job's priority. Immutable.</summary>
/// <param name="Priority">The new priority, 0 to 1,000.</param>
public sealed record PriorityRequest(int Priority);
