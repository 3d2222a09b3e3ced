using Superfactory.Model.Wan;

namespace Superfactory.Wan.Frames;

/// <summary>A frame to be sent, before a session gives it its sequence. Whoever holds it releases its payload.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Class">What goes first.</param>
/// <param name="Payload">Its payload.</param>
/// <param name="PayloadChecksum">The payload's CRC-32C.</param>
/// <param name="Place">Where a message stands in its flow.</param>
internal readonly record struct Frame(FrameType Type, TrafficClass Class, PooledBuffer Payload, uint PayloadChecksum, FlowPlace Place = default)
{
    /// <summary>Bytes on the wire, but for its route.</summary>
    public int WireBytes => FrameHeader.Bytes + Payload.Length;

    /// <summary>On a local socket, the meeting of two endpoints that it belongs to, <see cref="FrameHeader.Sequence"/>; otherwise 0.</summary>
    public long Meeting { get; init; }

    public FrameHeader Header => new(Type, Class, Payload.Length, PayloadChecksum) { Place = Place, Sequence = Meeting };

    public static Frame Create(FrameType type, TrafficClass trafficClass, PooledBuffer payload)
        => new(type, trafficClass, payload, Checksum.Compute(payload.Span));

    public static Frame Control(FrameType type, PooledBuffer payload) => Create(type, TrafficClass.Control, payload);
}
