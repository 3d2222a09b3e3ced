using Superfactory.Model.Units;

namespace Superfactory.Model.Choosing;

/// <summary>What was measured of a run and of the links between its islands. Immutable.</summary>
public sealed record TrainingMeasurement
{
    /// <summary>The longest time that any part of a measurement may have: an hour.</summary>
    public static TimeSpan TimeMax { get; } = TimeSpan.FromHours(1);

    /// <summary>A step without any merge, on the slowest island. Over 0 and up to <see cref="TimeMax"/>.</summary>
    public required TimeSpan StepTime { get; init; }

    /// <summary>Bytes of the merged parameters in fp32; at least 4.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>Islands; at least 1.</summary>
    public required int Islands { get; init; }

    /// <summary>Payload that an island sends, and receives at once, over all its links together. Over 0.</summary>
    public required Bandwidth LinkRate { get; init; }

    /// <summary>The longest round trip between two islands. 0 to <see cref="TimeMax"/>.</summary>
    public required TimeSpan RoundTrip { get; init; }

    /// <summary>
    /// What a trainer itself does for one merge of all parameters, link or not: copying them out and in. 0 to <see cref="TimeMax"/>, default 0.
    /// </summary>
    public TimeSpan OwnWork { get; init; }

    /// <summary>Throws where a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is; the message names it.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StepTime, TimeSpan.Zero, nameof(StepTime));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(StepTime, TimeMax, nameof(StepTime));
        ArgumentOutOfRangeException.ThrowIfLessThan(ParameterBytes, 4, nameof(ParameterBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(Islands, 1, nameof(Islands));
        ArgumentOutOfRangeException.ThrowIfLessThan(LinkRate.BitsPerSecond, 1, nameof(LinkRate));
        ArgumentOutOfRangeException.ThrowIfLessThan(RoundTrip, TimeSpan.Zero, nameof(RoundTrip));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RoundTrip, TimeMax, nameof(RoundTrip));
        ArgumentOutOfRangeException.ThrowIfLessThan(OwnWork, TimeSpan.Zero, nameof(OwnWork));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(OwnWork, TimeMax, nameof(OwnWork));
    }
}
