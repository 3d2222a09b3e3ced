using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Superfactory.Wan.Frames;

/// <summary>
/// CRC-32C by products of polynomials, 256 bytes at a time, where the processor has them for whole vectors. What is summed so far is moved
/// 2,048 bits on and added to the bytes that stand there; what is left at the end, 256 bytes, has the remainder of the whole
/// (V. Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009).
/// </summary>
/// <remarks>
/// Bit j of a lane of 128 bits stands for x^(127−j), as this CRC takes bits from the lowest. A lane A = L·x^64 + H with L in its lower
/// word, moved D bits on, is L·(x^(D+64) mod P) + H·(x^D mod P). A product of words in this order of bits comes out one place too low,
/// which is a factor of x, so that the constants are those of D + 63 and D − 1.
/// </remarks>
internal static class FoldedChecksum
{
    /// <summary>Bytes that are taken at a time, in four vectors.</summary>
    public const int StepBytes = 4 * VectorBytes;

    private const int VectorBytes = 64;
    private const int StepBits = StepBytes * 8;

    /// <summary>The generator of CRC-32C without its highest term.</summary>
    private const uint Generator = 0x1EDC6F41;

    private static readonly Vector512<ulong> _onward = Vector512.Create(Vector256.Create(
        Vector128.Create(Power(StepBits + 63), Power(StepBits - 1)), Vector128.Create(Power(StepBits + 63), Power(StepBits - 1))));

    /// <summary>Whether this processor has it.</summary>
    public static bool IsSupported => Pclmulqdq.V512.IsSupported;

    /// <summary>Goes on with a register of the CRC, which is not its inverse.</summary>
    /// <param name="crc">The register.</param>
    /// <param name="bytes">A multiple of <see cref="StepBytes"/>, at least one.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector512<ulong>>(bytes);
        var onward = _onward;
        var first = vectors[0] ^ Vector512.CreateScalar((ulong)crc);
        var (second, third, fourth) = (vectors[1], vectors[2], vectors[3]);
        for (var index = 4; index + 3 < vectors.Length; index += 4)
        {
            first = Fold(first, onward) ^ vectors[index];
            second = Fold(second, onward) ^ vectors[index + 1];
            third = Fold(third, onward) ^ vectors[index + 2];
            fourth = Fold(fourth, onward) ^ vectors[index + 3];
        }

        return Remainder(Remainder(Remainder(Remainder(0, first), second), third), fourth);
    }

    private static Vector512<ulong> Fold(Vector512<ulong> lanes, Vector512<ulong> onward) =>
        Pclmulqdq.V512.CarrylessMultiply(lanes, onward, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(lanes, onward, 0x11);

    private static uint Remainder(uint crc, Vector512<ulong> lanes)
    {
        for (var word = 0; word < Vector512<ulong>.Count; word++)
        {
            crc = BitOperations.Crc32C(crc, lanes[word]);
        }

        return crc;
    }

    /// <summary>x^<paramref name="exponent"/> modulo the generator, as a word of which bit j stands for x^(63−j).</summary>
    private static ulong Power(int exponent)
    {
        var power = 1u;
        for (var step = 0; step < exponent; step++)
        {
            power = (power << 1) ^ ((power >> 31) * Generator);
        }

        var word = 0UL;
        for (var bit = 0; bit < 32; bit++)
        {
            word |= (ulong)((power >> bit) & 1) << (63 - bit);
        }

        return word;
    }
}
