using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>IEEE 754 single precision: every bit is kept.</summary>
internal readonly struct Fp32Codec : INumberCodec
{
    public static NumberFormat Format => NumberFormat.Fp32;

    public static int BlockLength => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int count) => unchecked(count * sizeof(float));

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block) => MemoryMarshal.AsBytes(values).CopyTo(block);

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) => block.CopyTo(MemoryMarshal.AsBytes(values));

    public static void Encode128(ref float source, ref byte block) => Copy(ref source, ref block);

    public static void Encode256(ref float source, ref byte block) => Copy(ref source, ref block);

    public static void Encode512(ref float source, ref byte block) => Copy(ref source, ref block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Prepare128(ref byte block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Prepare256(ref byte block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Prepare512(ref byte block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Read128(ref byte block, Vector128<float> prepared, nuint index) =>
        Vector128.LoadUnsafe(ref block, unchecked(index * sizeof(float))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Read256(ref byte block, Vector256<float> prepared, nuint index) =>
        Vector256.LoadUnsafe(ref block, unchecked(index * sizeof(float))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Read512(ref byte block, Vector512<float> prepared, nuint index) =>
        Vector512.LoadUnsafe(ref block, unchecked(index * sizeof(float))).AsSingle();

    private static void Copy(ref float source, ref byte block) =>
        Unsafe.CopyBlockUnaligned(ref block, ref Unsafe.As<float, byte>(ref source), INumberCodec.Block * sizeof(float));
}
