using System.Collections.Immutable;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Pending;

/// <summary>What one step of a round came to. Immutable.</summary>
/// <param name="Started">The plan that was made true; null where nobody that was tried could start.</param>
/// <param name="IsOver">Whether the round is over: nobody else can start until something ends or changes.</param>
public readonly record struct RoundStep(Plan? Started, bool IsOver)
{
    private readonly ImmutableArray<StartMoved> _moved;
    private readonly ImmutableArray<Overdue> _stopped;

    /// <summary>Starts that were reserved, or moved, in this step.</summary>
    public ImmutableArray<StartMoved> Moved { get => _moved.IsDefault ? [] : _moved; init => _moved = value; }

    /// <summary>Jobs that were stopped in time for what is reserved; they wait again.</summary>
    public ImmutableArray<Overdue> Stopped { get => _stopped.IsDefault ? [] : _stopped; init => _stopped = value; }
}

/// <summary>A start that was reserved, or that is at another time now. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="From">When it was to start before, in milliseconds since 1970; null where nothing was reserved.</param>
/// <param name="To">When it starts now at the latest; null where no time is known any more.</param>
/// <param name="Cause">Why.</param>
public sealed record StartMoved(long Job, long? From, long? To, MoveCause Cause);

/// <summary>Why a reserved start is at the time that it is.</summary>
public enum MoveCause
{
    /// <summary>The job is among the first that wait, and had no start reserved.</summary>
    Reserved,

    /// <summary>Nodes that it was to have failed.</summary>
    Failure,

    /// <summary>A job that goes before it, as by a greater priority in its queue, has it.</summary>
    HigherPriority,

    /// <summary>A queue takes what is guaranteed to it.</summary>
    Reclaim,

    /// <summary>Somebody whose end it waits for runs longer than was expected.</summary>
    Overrun,

    /// <summary>An operator reserved a window.</summary>
    Window,
}
