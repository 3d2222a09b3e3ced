using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// The largest magnitude of a whole block, as bits of a single: bits of magnitudes are in the order of their values, infinities above
/// all numbers and NaN above infinities.
/// </summary>
internal static class Magnitudes
{
    private const int Half = INumberCodec.Block / 2;

    /// <summary>With vectors of 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Largest128(ref float source)
    {
        var magnitude = Vector128.Create(Bf16.Magnitude);
        var (one, other) = (Vector128<uint>.Zero, Vector128<uint>.Zero);
        for (nuint index = 0; index < Half; index = unchecked(index + 4))
        {
            one = Vector128.Max(one, Vector128.LoadUnsafe(ref source, index).AsUInt32() & magnitude);
            other = Vector128.Max(other, Vector128.LoadUnsafe(ref source, unchecked(index + Half)).AsUInt32() & magnitude);
        }

        return Across(Vector128.Max(one, other));
    }

    /// <summary>With vectors of 256 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Largest256(ref float source)
    {
        var one = Vector256.Max(Larger256(ref source, 0, 8), Larger256(ref source, 16, 24));
        var other = Vector256.Max(Larger256(ref source, 32, 40), Larger256(ref source, 48, 56));
        var all = Vector256.Max(one, other);
        return Across(Vector128.Max(all.GetLower(), all.GetUpper()));
    }

    /// <summary>With vectors of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Largest512(Vector512<uint> first, Vector512<uint> second, Vector512<uint> third, Vector512<uint> fourth)
    {
        var magnitude = Vector512.Create(Bf16.Magnitude);
        var one = Vector512.Max(first & magnitude, second & magnitude);
        var other = Vector512.Max(third & magnitude, fourth & magnitude);
        var all = Vector512.Max(one, other);
        var half = Vector256.Max(all.GetLower(), all.GetUpper());
        return Across(Vector128.Max(half.GetLower(), half.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Larger256(ref float source, nuint one, nuint other)
    {
        var magnitude = Vector256.Create(Bf16.Magnitude);
        return Vector256.Max(Vector256.LoadUnsafe(ref source, one).AsUInt32() & magnitude, Vector256.LoadUnsafe(ref source, other).AsUInt32() & magnitude);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Across(Vector128<uint> four)
    {
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2u, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1u, 0, 3, 2))).ToScalar();
    }
}
