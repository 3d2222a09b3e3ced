using System.Buffers.Binary;
using Superfactory.Wan.Frames;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// How a message of two parts travels between bridges that are joined directly: 4 bytes <c>SFD3</c>, the message's length, the CRC-32C
/// of its first part, and that part's length, each 32 bits, little-endian; zeros, as many as let the second part begin at a multiple
/// of 64; the first part; the second; zeros up to a multiple of 64. So numbers lie on the processor's lines of memory in the
/// system's buffers and in the receiver's: copied and read across lines they take half as long again. They are under hashes of the
/// merge protocol and not under the CRC: nothing of them is used before those are right, and they never leave the machine. A frame
/// whose message is empty says that its sender runs, and nothing else.
/// </summary>
internal static class DirectFrame
{
    /// <summary>The unit of everything: bytes in a line of memory.</summary>
    public const int LineBytes = 64;

    /// <summary>Bytes that say what follows.</summary>
    public const int HeaderBytes = 16;

    /// <summary>The most that is sent before the first part.</summary>
    public const int LeadBytesMax = HeaderBytes + LineBytes - 1;

    private const uint Magic = 0x33444653;

    /// <summary>Writes what stands before a message.</summary>
    /// <param name="destination">At least <see cref="LeadBytesMax"/> zeros.</param>
    /// <param name="header">The message's first part.</param>
    /// <param name="payloadLength">Bytes of its second part.</param>
    /// <returns>How many bytes stand before it.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> header, int payloadLength)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], header.Length + payloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Checksum.Compute(header));
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], header.Length);
        return PayloadOffset(header.Length) - header.Length;
    }

    /// <summary>Where the second part begins, after a first of <paramref name="headerLength"/>.</summary>
    public static int PayloadOffset(int headerLength) => WholeLines(HeaderBytes + headerLength);

    /// <summary><paramref name="bytes"/> and the zeros after them.</summary>
    public static int WholeLines(int bytes) => (bytes + LineBytes - 1) / LineBytes * LineBytes;

    /// <summary>Reads what follows.</summary>
    /// <param name="frame">At least <see cref="HeaderBytes"/> of the frame's beginning.</param>
    /// <param name="messageBytesMax">The longest message that is taken.</param>
    /// <param name="headerLength">Bytes of its first part.</param>
    /// <param name="payloadLength">Bytes of its second part.</param>
    /// <returns>Why no message of this protocol follows; null where one does.</returns>
    public static string? Read(ReadOnlySpan<byte> frame, int messageBytesMax, out int headerLength, out int payloadLength)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(frame[4..]);
        headerLength = BinaryPrimitives.ReadInt32LittleEndian(frame[12..]);
        payloadLength = unchecked(length - headerLength);
        return BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic ? "bytes that begin no message"
            : length < 0 || length > messageBytesMax ? $"a message of {(uint)length} bytes, where {messageBytesMax} are the most"
            : headerLength < 0 || headerLength > length ? $"a message of {length} bytes whose first part has {(uint)headerLength}"
            : null;
    }

    /// <summary>Whether the first part of a message is as it was sent.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> header) => Checksum.Compute(header) == BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]);
}
