using Superfactory.Model.Wan;

namespace Superfactory.Wan;

/// <summary>
/// The share of a link that each class gets at least while it has something to send; what a class does not use goes to the others,
/// the highest class first. Immutable.
/// </summary>
public sealed record ClassFloors
{
    /// <summary>Control's share, 0 to 1; default 0.01.</summary>
    public double Control { get; init; } = 0.01;

    /// <summary>The merges' share, 0 to 1; default 0.5.</summary>
    public double Merge { get; init; } = 0.5;

    /// <summary>Bulk's share, 0 to 1; default 0.04.</summary>
    public double Bulk { get; init; } = 0.04;

    /// <summary>Whether each is from 0 to 1 and together they are no more than the link.</summary>
    public bool AreValid => Control is >= 0 and <= 1 && Merge is >= 0 and <= 1 && Bulk is >= 0 and <= 1 && Control + Merge + Bulk <= 1;

    /// <summary>The share of a class.</summary>
    public double Of(TrafficClass trafficClass) => trafficClass switch
    {
        TrafficClass.Control => Control,
        TrafficClass.Merge => Merge,
        TrafficClass.Bulk => Bulk,
        _ => throw new ArgumentOutOfRangeException(nameof(trafficClass), trafficClass, null),
    };
}
