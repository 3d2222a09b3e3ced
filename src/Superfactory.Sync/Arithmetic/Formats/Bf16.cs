using System.Runtime.CompilerServices;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>One number of bf16: sign, 8 bits of exponent, 7 bits of mantissa, the upper half of single precision.</summary>
internal static class Bf16
{
    /// <summary>The largest finite number, 2^127 × (2 − 2^−7).</summary>
    public const ushort Largest = 0x7F7F;

    /// <summary>The bit that makes a NaN a quiet one.</summary>
    public const uint Quiet = 0x0040;

    /// <summary>All bits of a single but its sign.</summary>
    public const uint Magnitude = 0x7FFF_FFFF;

    /// <summary>The bits of the single that is infinite.</summary>
    public const uint Infinity = 0x7F80_0000;

    /// <summary>Just under half of the lowest bit kept.</summary>
    public const uint RoundDown = 0x7FFF;

    /// <summary>The width of the half that is cut.</summary>
    public const int Half = 16;

    /// <summary>
    /// The nearest number, ties to even. Adding 0x7FFF, and one more where the lowest kept bit is set, carries into the kept half exactly
    /// when rounding goes up. A NaN keeps its upper bits and is made quiet, since cutting could leave an infinity.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Nearest(float value)
    {
        unchecked
        {
            var bits = BitConverter.SingleToUInt32Bits(value);
            var upper = bits >> Half;
            return (ushort)((bits & Magnitude) > Infinity ? upper | Quiet : (bits + RoundDown + (upper & 1)) >> Half);
        }
    }

    /// <summary>The smallest finite number that is at least <paramref name="magnitude"/>, which is finite and not negative; the largest where none is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort AtLeast(float magnitude) =>
        unchecked((ushort)Math.Min((BitConverter.SingleToUInt32Bits(magnitude) + 0xFFFF) >> Half, Largest));

    /// <summary>The single of the same value: exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << Half);
}
