using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <content>
/// Whole blocks with vectors. Bits of positive singles are in the order of their values, and 2^23 of them lie between a number and its
/// double. Level k of 2 to 7 is the nearest, or a nearer one above it is, exactly when a magnitude is over
/// 1.5 × 2^(k − 8) × scale, that is when its bits are over those of 1.5 × scale less (8 − k) × 2^23: one subtraction and one shift count
/// all six. The lowest level begins at 2^−7 × scale, and has a comparison of its own. Every such limit is an exact single as long as none is
/// denormal; blocks of smaller scales and with numbers that are not finite go to the definition.
/// </content>
internal readonly partial struct E3m0Codec
{
    // 2^-119: a 128th of it is the smallest normal single.
    private const ushort ScaleMin = 0x0400;

    private const int Exponent = 23;
    private const int SignToCode = 28;
    private const uint Sign = 0x8000_0000;

    // Bits 2^23 apart, less the eight steps that level 8 would be above level 0.
    private const int EightLevels = 8 << Exponent;

    // Exponent bits of 2^-7, to which a magnitude of 1 to 7 is added.
    private const int LevelZero = 127 - MagnitudeMax;

    public static void Encode128(ref float source, ref byte block)
    {
        if (!TryLimits(Magnitudes.Largest128(ref source), ref source, ref block, out var limits))
        {
            return;
        }

        for (nuint index = 0; index < INumberCodec.Block; index = unchecked(index + 16))
        {
            unchecked
            {
                var low = Vector128.Narrow(Code128(ref source, index, limits), Code128(ref source, index + 4, limits));
                var high = Vector128.Narrow(Code128(ref source, index + 8, limits), Code128(ref source, index + 12, limits));
                var pairs = Vector128.Narrow(low, high).AsUInt16();
                var packed = Vector128.Narrow((pairs | (pairs >>> 4)) & Vector128.Create((ushort)0xFF), Vector128<ushort>.Zero);
                Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref block, (index / 2) + ScaleBytes), packed.AsUInt64().ToScalar());
            }
        }
    }

    public static void Encode256(ref float source, ref byte block)
    {
        if (!Avx2.IsSupported)
        {
            Encode128(ref source, ref block);
            return;
        }

        if (TryLimits(Magnitudes.Largest256(ref source), ref source, ref block, out var limits))
        {
            Store32(ref source, ref block, 0, limits);
            Store32(ref source, ref block, 32, limits);
        }
    }

    public static void Encode512(ref float source, ref byte block)
    {
        if (!Avx512BW.IsSupported)
        {
            Encode256(ref source, ref block);
            return;
        }

        var first = Vector512.LoadUnsafe(ref source).AsUInt32();
        var second = Vector512.LoadUnsafe(ref source, 16).AsUInt32();
        var third = Vector512.LoadUnsafe(ref source, 32).AsUInt32();
        var fourth = Vector512.LoadUnsafe(ref source, 48).AsUInt32();
        if (!TryLimits(Magnitudes.Largest512(first, second, third, fourth), ref source, ref block, out var limits))
        {
            return;
        }

        // Packing works within 128 bits: groups of four come out in rows of columns. Pairs of codes become 1 × earlier + 16 × later.
        var low = Avx512BW.PackUnsignedSaturate(Code512(first, limits), Code512(second, limits)).AsInt16();
        var high = Avx512BW.PackUnsignedSaturate(Code512(third, limits), Code512(fourth, limits)).AsInt16();
        var columns = Avx512BW.PackUnsignedSaturate(low, high).AsInt32();
        var rows = Avx512F.PermuteVar16x32(columns, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)).AsByte();
        var pairs = Avx512BW.MultiplyAddAdjacent(rows, Vector512.Create((short)0x1001).AsSByte());
        Avx512BW.ConvertToVector256Byte(pairs).StoreUnsafe(ref block, ScaleBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Prepare128(ref byte block) => Vector128.Create(ScaleFrom(Unsafe.ReadUnaligned<ushort>(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Prepare256(ref byte block) => Avx2.IsSupported
        ? Vector256.Create(0f, 1f / 64, 1f / 32, 1f / 16, 1f / 8, 1f / 4, 1f / 2, 1f) * ScaleFrom(Unsafe.ReadUnaligned<ushort>(ref block))
        : Vector256.Create(ScaleFrom(Unsafe.ReadUnaligned<ushort>(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Prepare512(ref byte block) => Avx512F.IsSupported
        ? Vector512.Create(
            0f, 1f / 64, 1f / 32, 1f / 16, 1f / 8, 1f / 4, 1f / 2, 1f, -0f, -1f / 64, -1f / 32, -1f / 16, -1f / 8, -1f / 4, -1f / 2, -1f)
            * ScaleFrom(Unsafe.ReadUnaligned<ushort>(ref block))
        : Vector512.Create(ScaleFrom(Unsafe.ReadUnaligned<ushort>(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Read128(ref byte block, Vector128<float> prepared, nuint index)
    {
        unchecked
        {
            // There is no shift of each lane by its own count everywhere: a product moves each code up to the same place.
            uint four = Unsafe.ReadUnaligned<ushort>(ref Unsafe.AddByteOffset(ref block, (index / 2) + ScaleBytes));
            var codes = (Vector128.Create(four) * Vector128.Create(1u << 12, 1u << 8, 1u << 4, 1u)) >>> 12;
            var magnitude = codes & Vector128.Create((uint)MagnitudeMax);
            var level = (magnitude + Vector128.Create((uint)LevelZero)) << Exponent;
            level = Vector128.AndNot(level, Vector128.Equals(magnitude, Vector128<uint>.Zero));
            var sign = (codes << SignToCode) & Vector128.Create(Sign);
            return ((level.AsSingle() * prepared).AsUInt32() | sign).AsSingle();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Read256(ref byte block, Vector256<float> prepared, nuint index)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Create(Read128(ref block, prepared.GetLower(), index), Read128(ref block, prepared.GetLower(), unchecked(index + 4)));
        }

        // The permutation looks at the lowest three bits of a lane alone.
        var eight = Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref block, unchecked((index / 2) + ScaleBytes)));
        var codes = Avx2.ShiftRightLogicalVariable(Vector256.Create(eight), Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28));
        var magnitude = Avx2.PermuteVar8x32(prepared, codes.AsInt32());
        return (magnitude.AsUInt32() | ((codes << SignToCode) & Vector256.Create(Sign))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Read512(ref byte block, Vector512<float> prepared, nuint index)
    {
        if (!Avx512F.IsSupported)
        {
            return Vector512.Create(Read256(ref block, prepared.GetLower(), index), Read256(ref block, prepared.GetLower(), unchecked(index + 8)));
        }

        // The permutation of the table looks at the lowest four bits of a lane alone.
        var sixteen = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref block, unchecked((index / 2) + ScaleBytes)));
        var halves = Avx512F.PermuteVar16x32(
            Vector512.CreateScalarUnsafe(sixteen).AsUInt32(), Vector512.Create(0u, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        var codes = Avx512F.ShiftRightLogicalVariable(halves, Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28));
        return Avx512F.PermuteVar16x32(prepared, codes.AsInt32());
    }

    /// <summary>Writes the scale; where the definition has to do it, all of the block.</summary>
    /// <param name="largest">The bits of the largest magnitude.</param>
    /// <param name="source">The numbers.</param>
    /// <param name="block">Where they go.</param>
    /// <param name="limits">What bits of magnitudes are compared with, where the codes are still to be written.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryLimits(uint largest, ref float source, ref byte block, out (int Levels, int Lowest) limits)
    {
        unchecked
        {
            var pattern = Math.Min((largest + 0xFFFF) >> Bf16.Half, Bf16.Largest);
            var scale = BitConverter.UInt32BitsToSingle(pattern << Bf16.Half);

            // Three quarters of the largest scale are a single, one and a half are not; its bits would still be right.
            var oneAndHalf = BitConverter.SingleToInt32Bits(0.75f * scale) + (1 << Exponent);
            limits = (oneAndHalf + 1 - EightLevels, BitConverter.SingleToInt32Bits(scale / 128));
            if (largest == 0)
            {
                // Zero is over neither limit.
                limits = default;
            }
            else if (largest >= Bf16.Infinity || pattern < ScaleMin)
            {
                Encode(MemoryMarshal.CreateReadOnlySpan(ref source, INumberCodec.Block), MemoryMarshal.CreateSpan(ref block, Bytes(INumberCodec.Block)));
                return false;
            }

            Unsafe.WriteUnaligned(ref block, (ushort)pattern);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Code128(ref float source, nuint index, (int Levels, int Lowest) limits)
    {
        var bits = Vector128.LoadUnsafe(ref source, index).AsUInt32();
        var magnitude = (bits & Vector128.Create(Bf16.Magnitude)).AsInt32();
        var lowest = Vector128.GreaterThan(magnitude, Vector128.Create(limits.Lowest)) & Vector128<int>.One;
        var level = Vector128.Max((magnitude - Vector128.Create(limits.Levels)) >> Exponent, lowest);
        return ((bits >>> SignToCode) & Vector128.Create((uint)Negative)) | level.AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Code256(ref float source, nuint index, (int Levels, int Lowest) limits)
    {
        var bits = Vector256.LoadUnsafe(ref source, index).AsUInt32();
        var magnitude = (bits & Vector256.Create(Bf16.Magnitude)).AsInt32();
        var lowest = Vector256.GreaterThan(magnitude, Vector256.Create(limits.Lowest)) & Vector256<int>.One;
        var level = Vector256.Max((magnitude - Vector256.Create(limits.Levels)) >> Exponent, lowest);
        return ((bits >>> SignToCode) & Vector256.Create((uint)Negative)).AsInt32() | level;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Code512(Vector512<uint> bits, (int Levels, int Lowest) limits)
    {
        var magnitude = (bits & Vector512.Create(Bf16.Magnitude)).AsInt32();
        var lowest = Vector512.GreaterThan(magnitude, Vector512.Create(limits.Lowest)) & Vector512<int>.One;
        var level = Vector512.Max((magnitude - Vector512.Create(limits.Levels)) >> Exponent, lowest);
        return ((bits >>> SignToCode) & Vector512.Create((uint)Negative)).AsInt32() | level;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store32(ref float source, ref byte block, nuint index, (int Levels, int Lowest) limits)
    {
        unchecked
        {
            var low = Avx2.PackUnsignedSaturate(Code256(ref source, index, limits), Code256(ref source, index + 8, limits)).AsInt16();
            var high = Avx2.PackUnsignedSaturate(Code256(ref source, index + 16, limits), Code256(ref source, index + 24, limits)).AsInt16();
            var columns = Avx2.PackUnsignedSaturate(low, high).AsInt32();
            var rows = Avx2.PermuteVar8x32(columns, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte();
            var pairs = Avx2.MultiplyAddAdjacent(rows, Vector256.Create((short)0x1001).AsSByte()).AsUInt16();
            Vector128.Narrow(pairs.GetLower(), pairs.GetUpper()).StoreUnsafe(ref block, (index / 2) + ScaleBytes);
        }
    }
}
