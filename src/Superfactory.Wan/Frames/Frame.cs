using Superfactory.Model.Wan;

namespace Superfactory.Wan.Frames;

/// <summary>A frame to be sent, before a link gives it its sequence. Whoever holds it releases its payload.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Class">What goes first.</param>
/// <param name="Payload">Its payload.</param>
/// <param name="PayloadChecksum">The payload's CRC-32C.</param>
internal readonly record struct Frame(FrameType Type, TrafficClass Class, PooledBuffer Payload, uint PayloadChecksum)
{
    /// <summary>Bytes on the wire.</summary>
    public int WireBytes => FrameHeader.Bytes + Payload.Length;

    public FrameHeader Header => new(Type, Class, Payload.Length, PayloadChecksum);

    public static Frame Create(FrameType type, TrafficClass trafficClass, PooledBuffer payload)
        => new(type, trafficClass, payload, Checksum.Compute(payload.Span));

    public static Frame Control(FrameType type, PooledBuffer payload) => Create(type, TrafficClass.Control, payload);
}
