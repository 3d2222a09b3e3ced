using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Fibre;

/// <summary>What one direction of a link does to packets. Immutable.</summary>
/// <param name="BitsPerSecond">Bits of IP packets in a second. Over 0.</param>
/// <param name="Delay">How long the last bit is under way, in nanoseconds.</param>
/// <param name="Jitter">How much that differs at most, either way, in nanoseconds; at most <paramref name="Delay"/>.</param>
/// <param name="Loss">The share of packets that are lost, 0 to 1.</param>
/// <param name="QueueBytes">The longest queue in bytes of IP packets.</param>
internal sealed record LaneSettings(long BitsPerSecond, long Delay, long Jitter, double Loss, long QueueBytes)
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Of one direction of a link.</summary>
    public static LaneSettings Of(LabLink link, LabDirection direction) => new(
        direction.Bandwidth.BitsPerSecond,
        link.RoundTrip.Ticks * NanosecondsPerTick / 2,
        direction.Jitter.Ticks * NanosecondsPerTick,
        direction.Loss,
        link.QueueBytesOf(direction));
}
