using System.Numerics;
using System.Runtime.InteropServices;

namespace Superfactory.Wan.Frames;

/// <summary>CRC-32C (Castagnoli), as iSCSI and ext4 use it.</summary>
internal static class Checksum
{
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var crc = uint.MaxValue;
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
