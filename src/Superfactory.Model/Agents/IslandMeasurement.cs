namespace Superfactory.Model.Agents;

/// <summary>
/// What an island's bridge measured of its newest rounds, each the median of them, in whole numbers: what a run chooses its mode by.
/// Immutable.
/// </summary>
public sealed record IslandMeasurement
{
    /// <summary>The most rounds that a measurement is taken over: the newest.</summary>
    public const int RoundsMax = 5;

    /// <summary>What was merged in those rounds, and when. Rounds under another schedule are not in it.</summary>
    public required RunSchedule Schedule { get; init; }

    /// <summary>Rounds measured since the schedule began, whole ones alone; at least 1.</summary>
    public required long Rounds { get; init; }

    /// <summary>A step of the trainer without any merge, in microseconds; at least 1.</summary>
    public required long StepMicroseconds { get; init; }

    /// <summary>What the trainer itself does for one merge, link or not, in microseconds: copying out and in, saving its state.</summary>
    public required long OwnWorkMicroseconds { get; init; }

    /// <summary>Bytes of the merged parameters in fp32.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>Fragments into which the trainer cuts them in streaming; at least 1.</summary>
    public int Fragments { get; init; } = 1;

    /// <summary>The rate at which the others' chunks came, in bits/s; 0 where none came.</summary>
    public required long LinkBitsPerSecond { get; init; }

    /// <summary>The longest round trip to another member, in microseconds: the shortest of each of the last seconds; 0 where none is measured.</summary>
    public required long RoundTripMicroseconds { get; init; }

    /// <summary>Time in steps ÷ time from one contribution to the next, in millionths: what is reached of the compute-only rate.</summary>
    public required int ShareMillionths { get; init; }
}
