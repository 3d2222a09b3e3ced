using System.Collections.Immutable;

namespace Superfactory.Simulation;

/// <summary>What came of one schedule. Immutable.</summary>
public sealed record ScheduleResult
{
    /// <summary>Its number, from 0.</summary>
    public required long Schedule { get; init; }

    /// <summary>What did not hold, in a sentence; null where everything did.</summary>
    public required string? Violation { get; init; }

    /// <summary>A hash over everything that happened in it.</summary>
    public required ulong Trace { get; init; }

    /// <summary>Results that became final: one for each fragment of a round.</summary>
    public required long ResultsFinal { get; init; }

    /// <summary>Epochs that were decided after the first.</summary>
    public required long EpochChanges { get; init; }

    /// <summary>Contributions that were refused.</summary>
    public required long Refused { get; init; }

    /// <summary>Contributions that came after their round was merged without them.</summary>
    public required long Late { get; init; }

    /// <summary>Rounds in which the run merged in another mode than in the one before.</summary>
    public required long ModeChanges { get; init; }

    /// <summary>Islands that were set aside.</summary>
    public required long SetAside { get; init; }

    /// <summary>How often each kind of fault struck, by the kind's number.</summary>
    public required ImmutableArray<int> Faults { get; init; }

    /// <summary>How many faults struck while a round or an epoch change was in flight.</summary>
    public required int FaultsInFlight { get; init; }

    /// <summary>How long it took, in virtual milliseconds.</summary>
    public required long Milliseconds { get; init; }

    /// <summary>Events in it.</summary>
    public required long Events { get; init; }
}
