#pragma warning disable RS0030 // The bridge's own watches take their clock as a TimeProvider; this one is made of virtual time and knows no other.
namespace Superfactory.Simulation.Time;

/// <summary>One machine's clock in virtual time: it may be set ahead, and the machine's own time is what its watches measure by.</summary>
/// <param name="queue">Virtual time.</param>
internal sealed class VirtualClock(EventQueue queue) : TimeProvider
{
    /// <summary>How far the clock is ahead of virtual time, in microseconds.</summary>
    public long Ahead { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => 1_000_000;

    /// <summary>Milliseconds since 1970-01-01 UTC, by this clock.</summary>
    public long UnixMilliseconds => 1_700_000_000_000 + (GetTimestamp() / 1000);

    /// <inheritdoc/>
    public override long GetTimestamp() => queue.Now + Ahead;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(UnixMilliseconds);
}
