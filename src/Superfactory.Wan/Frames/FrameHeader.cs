using System.Buffers.Binary;
using Superfactory.Model.Wan;

namespace Superfactory.Wan.Frames;

/// <summary>
/// The 40 bytes in front of every frame, little-endian:
/// <code>
///  0  4  magic "SFWN"
///  4  1  protocol version
///  5  1  frame type
///  6  1  traffic class
///  7  1  flags: 1 where others of its flow may overtake it
///  8  2  bytes of route between this header and the payload
/// 10  2  place: unordered messages of the flow since the last ordered one
/// 12  4  payload bytes, without the route
/// 16  8  sequence in the session, 0 for frames that are not numbered
/// 24  4  session, the low half of its number; 0 for frames that belong to none
/// 28  4  place: ordered messages of the flow before it
/// 32  4  CRC-32C of the payload
/// 36  4  CRC-32C of bytes 0 to 35, and with them of the payload's checksum
/// </code>
/// The header has a checksum of its own so that a wrong length is found before anyone waits for that many bytes, and the
/// payload's can be kept when a gateway passes a payload on. Magic, version, type, length and both checksums stay where they are
/// in every version, so that a Hello can always be read.
/// </summary>
internal readonly record struct FrameHeader
{
    /// <summary>The version that this gateway speaks.</summary>
    public const byte ProtocolVersion = 2;

    /// <summary>The header's length in bytes.</summary>
    public const int Bytes = 40;

    private const uint Magic = 0x4E57_4653;
    private const int ChecksummedBytes = 36;
    private const byte UnorderedFlag = 1;

    public FrameHeader(FrameType type, TrafficClass trafficClass, int payloadBytes, uint payloadChecksum)
        => (Version, Type, Class, PayloadBytes, PayloadChecksum) = (ProtocolVersion, type, trafficClass, payloadBytes, payloadChecksum);

    public byte Version { get; init; }

    public FrameType Type { get; init; }

    public TrafficClass Class { get; init; }

    public int RouteBytes { get; init; }

    public int PayloadBytes { get; init; }

    /// <summary>
    /// The number in the session; 0 for frames that are not numbered. On local sockets the meeting: how often the gateway has told this
    /// bridge that some endpoint is up. An EndpointUp says it, and Messages and Credit to and from that endpoint carry it until it is
    /// down, so that what was said before is not taken for what is said now.
    /// </summary>
    public long Sequence { get; init; }

    public uint Session { get; init; }

    public FlowPlace Place { get; init; }

    public uint PayloadChecksum { get; init; }

    /// <summary>Writes the header into the first <see cref="Bytes"/> of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = (byte)Type;
        destination[6] = (byte)Class;
        destination[7] = Place.Unordered ? UnorderedFlag : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], (ushort)RouteBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], Place.Since);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], PayloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], Session);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Place.Ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[32..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[36..], Checksum.Compute(destination[..ChecksummedBytes]));
    }

    /// <summary>
    /// Reads a header from the first <see cref="Bytes"/> of <paramref name="source"/>. Never throws on what the bytes say.
    /// A Hello of another version passes, so that its sender can be named.
    /// </summary>
    public static FrameRefusal Read(ReadOnlySpan<byte> source, out FrameHeader header)
    {
        header = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
        {
            return FrameRefusal.Magic;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(source[36..]) != Checksum.Compute(source[..ChecksummedBytes]))
        {
            return FrameRefusal.HeaderChecksum;
        }

        var read = new FrameHeader
        {
            Version = source[4],
            Type = (FrameType)source[5],
            Class = (TrafficClass)source[6],
            RouteBytes = BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
            PayloadBytes = BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            Session = BinaryPrimitives.ReadUInt32LittleEndian(source[24..]),
            Place = new FlowPlace(
                (source[7] & UnorderedFlag) != 0, BinaryPrimitives.ReadUInt32LittleEndian(source[28..]), BinaryPrimitives.ReadUInt16LittleEndian(source[10..])),
            PayloadChecksum = BinaryPrimitives.ReadUInt32LittleEndian(source[32..]),
        };
        if (read.Version != ProtocolVersion && read.Type != FrameType.Hello)
        {
            return FrameRefusal.Version;
        }

        if (!FrameTypes.IsKnown(read.Type) || read.Class > TrafficClass.Bulk || (source[7] & ~UnorderedFlag) != 0 || read.Sequence < 0)
        {
            return FrameRefusal.Kind;
        }

        if (read.PayloadBytes is < 0 or > FrameLimits.PayloadBytesMax || read.RouteBytes > FrameLimits.RouteBytesMax)
        {
            return FrameRefusal.Oversized;
        }

        header = read;
        return FrameRefusal.None;
    }
}
