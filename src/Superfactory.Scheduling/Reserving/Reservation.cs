using System.Collections.Immutable;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// Accelerators, with their power, that are kept from a time on: for the start of a job that waits, or for a window that an operator reserved. Who asks for
/// them and would still run by then gets others. Not changed once it is made.
/// </summary>
public sealed class Reservation
{
    internal Reservation(GangRequest? request, FleetWindow? window, string? queue, long start, long end, IEnumerable<(int Domain, int Count, long Watts)> holds)
    {
        (Request, Window, Queue, StartMilliseconds, EndMilliseconds) = (request, window, queue, start, end);
        Holds = [.. holds.OrderBy(static hold => hold.Domain).Select(hold => new Hold(this, hold.Domain, hold.Count, hold.Watts))];
    }

    /// <summary>The job whose start it is; 0 for a window.</summary>
    public long Job => Request?.Job ?? 0;

    /// <summary>What the job asks for; null for a window.</summary>
    public GangRequest? Request { get; }

    /// <summary>The window; null for a job's start.</summary>
    public FleetWindow? Window { get; }

    /// <summary>The queue that it is for; null where it is for nobody.</summary>
    public string? Queue { get; }

    /// <summary>When it starts, in milliseconds since 1970.</summary>
    public long StartMilliseconds { get; }

    /// <summary>When it is expected to end; <see cref="long.MaxValue"/> where nobody knows.</summary>
    public long EndMilliseconds { get; }

    /// <summary>Where the job's islands go; empty for a window.</summary>
    public ImmutableArray<IslandPlan> Islands { get; internal init; } = [];

    /// <summary>Whether the job is on its queue's guarantee then.</summary>
    public bool IsOwned { get; internal init; }

    /// <summary>
    /// Whether it is what an owner waits for: those that borrow it make room once they have run the minimum, by its time at the latest, though nobody expects them to end. What nobody has of it is
    /// kept at once.
    /// </summary>
    public bool IsClaim { get; internal init; }

    /// <summary>How many had started when a claim was made: who starts later is on what it does not need.</summary>
    internal long Turn { get; init; }

    /// <summary>When a claim was made that is made anew of records; <see cref="long.MaxValue"/> where <see cref="Turn"/> says it. Who started after it is on what it does not need.</summary>
    internal long MadeAt { get; init; } = long.MaxValue;

    /// <summary>From when on what it needs is kept, in milliseconds since 1970.</summary>
    internal long Since => IsClaim ? 0 : StartMilliseconds;

    internal ImmutableArray<Hold> Holds { get; }

    internal ImmutableArray<(ImmutableArray<int> Route, long Rate)> Routes { get; init; } = [];

    internal int Type { get; init; } = -1;

    internal int QueueNumber { get; init; } = -1;

    internal long Accelerators { get; init; }

    /// <summary>Whether it keeps nothing from whoever asks at the moment.</summary>
    internal bool IsLifted { get; set; }

    /// <summary>Whether it was found at the moment that it can't come true: it hinders no other.</summary>
    internal bool IsFailing { get; set; }
}

/// <summary>What is kept of one domain. Immutable.</summary>
internal sealed record Hold(Reservation Of, int Domain, int Count, long Watts);
