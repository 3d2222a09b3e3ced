using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <content>Four, eight and sixteen numbers at a time, rounded by the same sums of bits as <see cref="Bf16.Nearest"/>.</content>
internal readonly partial struct Bf16Codec
{
    private const int Number = sizeof(ushort);

    public static void Encode128(ref float source, ref byte block)
    {
        for (nuint index = 0; index < INumberCodec.Block; index = unchecked(index + 8))
        {
            var low = Round(Vector128.LoadUnsafe(ref source, index).AsUInt32());
            var high = Round(Vector128.LoadUnsafe(ref source, unchecked(index + 4)).AsUInt32());
            Vector128.Narrow(low, high).AsByte().StoreUnsafe(ref block, unchecked(index * Number));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Encode256(ref float source, ref byte block)
    {
        Encode16(ref source, ref block, 0);
        Encode16(ref source, ref block, 16);
        Encode16(ref source, ref block, 32);
        Encode16(ref source, ref block, 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Encode512(ref float source, ref byte block)
    {
        Encode32(ref source, ref block, 0);
        Encode32(ref source, ref block, 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Prepare128(ref byte block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Prepare256(ref byte block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Prepare512(ref byte block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Read128(ref byte block, Vector128<float> prepared, nuint index)
    {
        var four = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref block, unchecked(index * Number)));
        return (Vector128.WidenLower(Vector128.CreateScalarUnsafe(four).AsUInt16()) << Bf16.Half).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Read256(ref byte block, Vector256<float> prepared, nuint index)
    {
        var eight = Vector128.LoadUnsafe(ref block, unchecked(index * Number)).AsUInt16();
        return (Vector256.WidenLower(eight.ToVector256Unsafe()) << Bf16.Half).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Read512(ref byte block, Vector512<float> prepared, nuint index)
    {
        var sixteen = Vector256.LoadUnsafe(ref block, unchecked(index * Number)).AsUInt16();
        return (Vector512.WidenLower(sixteen.ToVector512Unsafe()) << Bf16.Half).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Encode16(ref float source, ref byte block, nuint index)
    {
        var low = Round(Vector256.LoadUnsafe(ref source, index).AsUInt32());
        var high = Round(Vector256.LoadUnsafe(ref source, unchecked(index + 8)).AsUInt32());
        Vector256.Narrow(low, high).AsByte().StoreUnsafe(ref block, unchecked(index * Number));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Encode32(ref float source, ref byte block, nuint index)
    {
        var low = Round(Vector512.LoadUnsafe(ref source, index).AsUInt32());
        var high = Round(Vector512.LoadUnsafe(ref source, unchecked(index + 16)).AsUInt32());
        Vector512.Narrow(low, high).AsByte().StoreUnsafe(ref block, unchecked(index * Number));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Round(Vector128<uint> bits)
    {
        var upper = bits >>> Bf16.Half;
        var rounded = (bits + Vector128.Create(Bf16.RoundDown) + (upper & Vector128<uint>.One)) >>> Bf16.Half;
        var nan = Vector128.GreaterThan((bits & Vector128.Create(Bf16.Magnitude)).AsInt32(), Vector128.Create((int)Bf16.Infinity)).AsUInt32();
        return Vector128.ConditionalSelect(nan, upper | Vector128.Create(Bf16.Quiet), rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Round(Vector256<uint> bits)
    {
        var upper = bits >>> Bf16.Half;
        var rounded = (bits + Vector256.Create(Bf16.RoundDown) + (upper & Vector256<uint>.One)) >>> Bf16.Half;
        var nan = Vector256.GreaterThan((bits & Vector256.Create(Bf16.Magnitude)).AsInt32(), Vector256.Create((int)Bf16.Infinity)).AsUInt32();
        return Vector256.ConditionalSelect(nan, upper | Vector256.Create(Bf16.Quiet), rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<uint> bits)
    {
        var upper = bits >>> Bf16.Half;
        var rounded = (bits + Vector512.Create(Bf16.RoundDown) + (upper & Vector512<uint>.One)) >>> Bf16.Half;
        var nan = Vector512.GreaterThan((bits & Vector512.Create(Bf16.Magnitude)).AsInt32(), Vector512.Create((int)Bf16.Infinity)).AsUInt32();
        return Vector512.ConditionalSelect(nan, upper | Vector512.Create(Bf16.Quiet), rounded);
    }
}
