using System.Buffers.Binary;
using Superfactory.Wan.Frames;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// What stands before each message between bridges that are joined directly: 4 bytes <c>SFD1</c>, the message's length, the CRC-32C
/// of its bytes, and zero; each 32 bits, little-endian.
/// </summary>
internal static class DirectFrame
{
    /// <summary>Bytes before a message.</summary>
    public const int HeaderBytes = 16;

    private const uint Magic = 0x31444653;

    /// <summary>Writes what stands before a message of two parts.</summary>
    public static void Write(Span<byte> destination, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], header.Length + payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Checksum.Append(Checksum.Compute(header), payload));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], 0);
    }

    /// <summary>Reads it back.</summary>
    /// <param name="header">Exactly <see cref="HeaderBytes"/>.</param>
    /// <param name="messageBytesMax">The longest message that is taken.</param>
    /// <param name="length">The message's length.</param>
    /// <param name="checksum">Its checksum.</param>
    /// <returns>Why no message of this protocol follows; null where one does.</returns>
    public static string? Read(ReadOnlySpan<byte> header, int messageBytesMax, out int length, out uint checksum)
    {
        length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic ? "bytes that begin no message"
            : length < 0 || length > messageBytesMax ? $"a message of {(uint)length} bytes, where {messageBytesMax} are the most"
            : null;
    }
}
