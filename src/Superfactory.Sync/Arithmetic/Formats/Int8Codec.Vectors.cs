using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <content>Whole blocks of finite numbers with vectors; a block with any other number goes to the definition.</content>
internal readonly partial struct Int8Codec
{
    public static void Encode128(ref float source, ref byte block)
    {
        if (!TryStep(Magnitudes.Largest128(ref source), ref source, ref block, out var scalar))
        {
            return;
        }

        var step = Vector128.Create(scalar);
        for (nuint index = 0; index < INumberCodec.Block; index = unchecked(index + 16))
        {
            var low = Vector128.Narrow(Code128(ref source, index, step), Code128(ref source, unchecked(index + 4), step));
            var high = Vector128.Narrow(Code128(ref source, unchecked(index + 8), step), Code128(ref source, unchecked(index + 12), step));
            Vector128.Narrow(low, high).AsByte().StoreUnsafe(ref block, unchecked(index + StepBytes));
        }
    }

    public static void Encode256(ref float source, ref byte block)
    {
        if (!Avx2.IsSupported)
        {
            Encode128(ref source, ref block);
            return;
        }

        if (TryStep(Magnitudes.Largest256(ref source), ref source, ref block, out var scalar))
        {
            var step = Vector256.Create(scalar);
            Store32(ref source, ref block, 0, step);
            Store32(ref source, ref block, 32, step);
        }
    }

    public static void Encode512(ref float source, ref byte block)
    {
        if (!Avx512BW.IsSupported)
        {
            Encode256(ref source, ref block);
            return;
        }

        var first = Vector512.LoadUnsafe(ref source);
        var second = Vector512.LoadUnsafe(ref source, 16);
        var third = Vector512.LoadUnsafe(ref source, 32);
        var fourth = Vector512.LoadUnsafe(ref source, 48);
        var largest = Magnitudes.Largest512(first.AsUInt32(), second.AsUInt32(), third.AsUInt32(), fourth.AsUInt32());
        if (!TryStep(largest, ref source, ref block, out var scalar))
        {
            return;
        }

        // The conversion rounds to nearest, ties to even. Packing works within 128 bits: groups of four come out in rows of columns.
        var step = Vector512.Create(scalar);
        var low = Avx512BW.PackSignedSaturate(Avx512F.ConvertToVector512Int32(first / step), Avx512F.ConvertToVector512Int32(second / step));
        var high = Avx512BW.PackSignedSaturate(Avx512F.ConvertToVector512Int32(third / step), Avx512F.ConvertToVector512Int32(fourth / step));
        var columns = Avx512BW.PackSignedSaturate(low, high).AsInt32();
        var rows = Avx512F.PermuteVar16x32(columns, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        rows.AsByte().StoreUnsafe(ref block, StepBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Prepare128(ref byte block) => Vector128.Create(StepFrom(Unsafe.ReadUnaligned<ushort>(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Prepare256(ref byte block) => Vector256.Create(StepFrom(Unsafe.ReadUnaligned<ushort>(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Prepare512(ref byte block) => Vector512.Create(StepFrom(Unsafe.ReadUnaligned<ushort>(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Read128(ref byte block, Vector128<float> prepared, nuint index)
    {
        var four = Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref block, unchecked(index + StepBytes)));
        var codes = Vector128.Max(Vector128.CreateScalarUnsafe(four).AsSByte(), Vector128.Create((sbyte)-CodeMax));
        return Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(codes))) * prepared;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Read256(ref byte block, Vector256<float> prepared, nuint index)
    {
        var eight = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref block, unchecked(index + StepBytes)));
        var codes = Vector128.Max(Vector128.CreateScalarUnsafe(eight).AsSByte(), Vector128.Create((sbyte)-CodeMax));
        var wide = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(codes)
            : Vector256.WidenLower(Vector128.WidenLower(codes).ToVector256Unsafe());
        return Vector256.ConvertToSingle(wide) * prepared;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Read512(ref byte block, Vector512<float> prepared, nuint index)
    {
        var codes = Vector128.Max(Vector128.LoadUnsafe(ref block, unchecked(index + StepBytes)).AsSByte(), Vector128.Create((sbyte)-CodeMax));
        var wide = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(codes)
            : Vector512.WidenLower(Vector256.WidenLower(codes.ToVector256Unsafe()).ToVector512Unsafe());
        return Vector512.ConvertToSingle(wide) * prepared;
    }

    /// <summary>Writes the step; where the block has a number that is not finite, all of it.</summary>
    /// <returns>Whether the codes are still to be written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryStep(uint largest, ref float source, ref byte block, out float step)
    {
        var pattern = StepOf(BitConverter.UInt32BitsToSingle(largest));

        // Nothing in a block of step zero is a half or more.
        step = pattern == 0 ? 1 : Bf16.ToSingle(pattern);
        if (largest >= Bf16.Infinity)
        {
            Encode(MemoryMarshal.CreateReadOnlySpan(ref source, INumberCodec.Block), MemoryMarshal.CreateSpan(ref block, Bytes(INumberCodec.Block)));
            return false;
        }

        Unsafe.WriteUnaligned(ref block, pattern);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Code128(ref float source, nuint index, Vector128<float> step) =>
        Vector128.ConvertToInt32(Vector128.Round(Vector128.LoadUnsafe(ref source, index) / step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Code256(ref float source, nuint index, Vector256<float> step) =>
        Avx.ConvertToVector256Int32(Vector256.LoadUnsafe(ref source, index) / step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store32(ref float source, ref byte block, nuint index, Vector256<float> step)
    {
        unchecked
        {
            var low = Avx2.PackSignedSaturate(Code256(ref source, index, step), Code256(ref source, index + 8, step));
            var high = Avx2.PackSignedSaturate(Code256(ref source, index + 16, step), Code256(ref source, index + 24, step));
            var columns = Avx2.PackSignedSaturate(low, high).AsInt32();
            Avx2.PermuteVar8x32(columns, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte().StoreUnsafe(ref block, index + StepBytes);
        }
    }
}
