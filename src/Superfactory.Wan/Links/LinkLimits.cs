namespace Superfactory.Wan.Links;

/// <summary>The limits and times of a link. Tests make the times shorter; sizes are the same everywhere.</summary>
internal sealed record LinkLimits
{
    /// <summary>Sent and not yet acknowledged, kept for sending again: 10 Gbit/s over 25 ms is 31 MB.</summary>
    public long UnacknowledgedBytesMax { get; init; } = 32L << 20;

    /// <summary>The same in frames, for small ones: 64 Ki of about 300 bytes with their bookkeeping are 20 MiB.</summary>
    public int UnacknowledgedFramesMax { get; init; } = 64 * 1024;

    /// <summary>Messages of one class that wait for a link: four windows of merges. A bridge beyond it is not read any further.</summary>
    public long QueuedBytesMax { get; init; } = 64L << 20;

    /// <summary>The gateway's own frames (presence and credit) that wait for a link: 1,024 endpoints coming and going eight times. Beyond it the session starts anew and says only how things stand.</summary>
    public int QueuedNewsMax { get; init; } = 16 * 1024;

    /// <summary>Received without having acknowledged: a 128th of what the sender may have under way.</summary>
    public long UnansweredBytesMax { get; init; } = 256 * 1024;

    /// <summary>How long an acknowledgement waits for a frame that takes it along.</summary>
    public TimeSpan AcknowledgeDelayMax { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How often the other side is asked for a sign of life.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Without a byte from the other side for this many heartbeats the connection is given up: 3 s.</summary>
    public int SilentHeartbeatsMax { get; init; } = 3;

    /// <summary>For connecting and shaking hands.</summary>
    public TimeSpan HandshakeMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait before the first new attempt to connect; it doubles with each that fails.</summary>
    public TimeSpan ReconnectDelayMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between attempts.</summary>
    public TimeSpan ReconnectDelayMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A connection that lasted this long begins the waits from the shortest again.</summary>
    public TimeSpan SteadyAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a gateway that stops waits for the last frames to be acknowledged.</summary>
    public TimeSpan FarewellMax { get; init; } = TimeSpan.FromSeconds(1);
}
