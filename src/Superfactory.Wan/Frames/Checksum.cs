using System.Numerics;
using System.Runtime.InteropServices;

namespace Superfactory.Wan.Frames;

/// <summary>CRC-32C (Castagnoli), as iSCSI and ext4 use it.</summary>
internal static class Checksum
{
    /// <summary>The checksum of no bytes, which <see cref="Append"/> goes on from.</summary>
    public const uint Empty = 0;

    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(Empty, bytes);

    /// <summary>The checksum of what <paramref name="checksum"/> is of, with <paramref name="bytes"/> behind it.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var crc = ~checksum;
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var value in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
