using Superfactory.Model.Wan;

namespace Superfactory.Routing;

/// <summary>
/// What part of every link each class keeps where it wants it, however much a class before it wants, in thousandths of the link's
/// capacity. Each is 0 to 1,000, together at most 1,000. Immutable.
/// </summary>
/// <param name="Control">Kept for control. It is served first in any case.</param>
/// <param name="Merge">Kept for merges.</param>
/// <param name="Bulk">Kept for bulk.</param>
public sealed record ClassFloors(int Control, int Merge, int Bulk)
{
    /// <summary>Nothing is kept: a class gets what those before it leave.</summary>
    public static ClassFloors None { get; } = new(0, 0, 0);

    /// <summary>What the gateways keep unless they are told otherwise: control 1 %, merges 50 %, bulk 4 %.</summary>
    public static ClassFloors Standard { get; } = new(10, 500, 40);

    /// <summary>The floor of a class, in thousandths.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such class.</exception>
    public int Of(TrafficClass trafficClass) => trafficClass switch
    {
        TrafficClass.Control => Control,
        TrafficClass.Merge => Merge,
        TrafficClass.Bulk => Bulk,
        _ => throw new ArgumentOutOfRangeException(nameof(trafficClass), trafficClass, "No such class."),
    };
}
