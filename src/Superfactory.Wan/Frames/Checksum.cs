using System.Numerics;
using System.Runtime.InteropServices;

namespace Superfactory.Wan.Frames;

/// <summary>
/// CRC-32C (Castagnoli), as iSCSI and ext4 use it. Where the processor has no products of polynomials for whole vectors
/// (<see cref="FoldedChecksum"/>) its instruction for CRCs is used, which takes three cycles and can begin one each cycle, so that
/// long inputs are taken in three parts at once, whose sums are then put together: a CRC is linear, and what a part's sum becomes
/// when <see cref="PartBytes"/> zeros follow it is looked up (V. Gopal and others, "Fast CRC Computation for iSCSI Polynomial Using
/// CRC32 Instruction", Intel, 2011).
/// </summary>
internal static class Checksum
{
    /// <summary>The checksum of no bytes, which <see cref="Append"/> goes on from.</summary>
    public const uint Empty = 0;

    /// <summary>Bytes from which <see cref="FoldedChecksum"/> is worth its end: four times what it takes at once.</summary>
    private const int FoldedMin = 4 * FoldedChecksum.StepBytes;

    private const int PartWords = 128;
    private const int PartBytes = PartWords * sizeof(ulong);

    /// <summary>By the place of a byte in the sum, and its value: what it becomes when a part's length of zeros follows.</summary>
    private static readonly uint[] _afterPart = ShiftTable();

    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(Empty, bytes);

    /// <summary>The checksum of what <paramref name="checksum"/> is of, with <paramref name="bytes"/> behind it.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var crc = ~checksum;
        if (FoldedChecksum.IsSupported && bytes.Length >= FoldedMin)
        {
            var folded = bytes.Length / FoldedChecksum.StepBytes * FoldedChecksum.StepBytes;
            crc = FoldedChecksum.Append(crc, bytes[..folded]);
            bytes = bytes[folded..];
        }

        return ~AppendInParts(crc, bytes);
    }

    /// <summary>The same by the processor's instruction alone, on a register of the CRC, which is not its inverse.</summary>
    internal static uint AppendInParts(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 3 * PartBytes)
        {
            crc = AppendParts(crc, MemoryMarshal.Cast<byte, ulong>(bytes[..(3 * PartBytes)]));
            bytes = bytes[(3 * PartBytes)..];
        }

        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var value in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }

    private static uint AppendParts(uint crc, ReadOnlySpan<ulong> words)
    {
        var first = words[..PartWords];
        var second = words.Slice(PartWords, PartWords);
        var third = words.Slice(2 * PartWords, PartWords);
        var (a, b, c) = (crc, 0u, 0u);
        for (var index = 0; index < first.Length && index < second.Length && index < third.Length; index++)
        {
            a = BitOperations.Crc32C(a, first[index]);
            b = BitOperations.Crc32C(b, second[index]);
            c = BitOperations.Crc32C(c, third[index]);
        }

        return Shift(Shift(a) ^ b) ^ c;
    }

    private static uint Shift(uint crc) => _afterPart[crc & 0xFF]
        ^ _afterPart[256 + ((crc >> 8) & 0xFF)]
        ^ _afterPart[512 + ((crc >> 16) & 0xFF)]
        ^ _afterPart[768 + (crc >> 24)];

    private static uint[] ShiftTable()
    {
        var table = new uint[4 * 256];
        for (var index = 0; index < table.Length; index++)
        {
            var crc = (uint)(index % 256) << (8 * (index / 256));
            for (var word = 0; word < PartWords; word++)
            {
                crc = BitOperations.Crc32C(crc, 0UL);
            }

            table[index] = crc;
        }

        return table;
    }
}
