using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// Single precision to bf16. Adding 0x7FFF, and one more where the lowest kept bit is set, carries into the kept half exactly when
/// rounding to nearest even goes up. A NaN keeps its upper bits and is made quiet, since cutting could leave an infinity.
/// </summary>
internal readonly ref struct Bf16EncodeKernel(ref float source, ref byte destination) : IVectorKernel
{
    private const int Half = 16;
    private const uint RoundDown = 0x7FFF;
    private const uint Magnitude = 0x7FFF_FFFF;
    private const uint Infinity = 0x7F80_0000;
    private const uint QuietBit = 0x0040;

    private readonly ref float _source = ref source;
    private readonly ref byte _destination = ref destination;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index)
    {
        unchecked
        {
            var bits = BitConverter.SingleToUInt32Bits(Unsafe.Add(ref _source, index));
            var upper = bits >> Half;
            var encoded = (bits & Magnitude) > Infinity ? upper | QuietBit : (bits + RoundDown + (upper & 1)) >> Half;
            Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref _destination, Bf16Offset.Of(index)), (ushort)encoded);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index)
    {
        var bits = Vector128.LoadUnsafe(ref _source, index).AsUInt32();
        var upper = bits >>> Half;
        var rounded = (bits + Vector128.Create(RoundDown) + (upper & Vector128<uint>.One)) >>> Half;
        var nan = Vector128.GreaterThan((bits & Vector128.Create(Magnitude)).AsInt32(), Vector128.Create((int)Infinity)).AsUInt32();
        var encoded = Vector128.ConditionalSelect(nan, upper | Vector128.Create(QuietBit), rounded);
        var narrow = Vector128.Narrow(encoded, encoded).AsUInt64().ToScalar();
        Unsafe.WriteUnaligned(ref Unsafe.AddByteOffset(ref _destination, Bf16Offset.Of(index)), narrow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index)
    {
        var bits = Vector256.LoadUnsafe(ref _source, index).AsUInt32();
        var upper = bits >>> Half;
        var rounded = (bits + Vector256.Create(RoundDown) + (upper & Vector256<uint>.One)) >>> Half;
        var nan = Vector256.GreaterThan((bits & Vector256.Create(Magnitude)).AsInt32(), Vector256.Create((int)Infinity)).AsUInt32();
        var encoded = Vector256.ConditionalSelect(nan, upper | Vector256.Create(QuietBit), rounded);
        Vector128.Narrow(encoded.GetLower(), encoded.GetUpper()).AsByte().StoreUnsafe(ref _destination, Bf16Offset.Of(index));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index)
    {
        var bits = Vector512.LoadUnsafe(ref _source, index).AsUInt32();
        var upper = bits >>> Half;
        var rounded = (bits + Vector512.Create(RoundDown) + (upper & Vector512<uint>.One)) >>> Half;
        var nan = Vector512.GreaterThan((bits & Vector512.Create(Magnitude)).AsInt32(), Vector512.Create((int)Infinity)).AsUInt32();
        var encoded = Vector512.ConditionalSelect(nan, upper | Vector512.Create(QuietBit), rounded);
        Vector256.Narrow(encoded.GetLower(), encoded.GetUpper()).AsByte().StoreUnsafe(ref _destination, Bf16Offset.Of(index));
    }
}

/// <summary>bf16 to single precision: exact, the lower half is zeros.</summary>
internal readonly ref struct Bf16DecodeKernel(ref byte source, ref float destination) : IVectorKernel
{
    private const int Half = 16;

    private readonly ref byte _source = ref source;
    private readonly ref float _destination = ref destination;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index)
    {
        var encoded = Unsafe.ReadUnaligned<ushort>(ref Unsafe.AddByteOffset(ref _source, Bf16Offset.Of(index)));
        Unsafe.Add(ref _destination, index) = BitConverter.UInt32BitsToSingle((uint)encoded << Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index)
    {
        var four = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref _source, Bf16Offset.Of(index)));
        var wide = Vector128.WidenLower(Vector128.CreateScalar(four).AsUInt16());
        (wide << Half).AsSingle().StoreUnsafe(ref _destination, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index)
    {
        var eight = Vector128.LoadUnsafe(ref _source, Bf16Offset.Of(index)).AsUInt16();
        var wide = Vector256.WidenLower(eight.ToVector256());
        (wide << Half).AsSingle().StoreUnsafe(ref _destination, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index)
    {
        var sixteen = Vector256.LoadUnsafe(ref _source, Bf16Offset.Of(index)).AsUInt16();
        var wide = Vector512.WidenLower(sixteen.ToVector512());
        (wide << Half).AsSingle().StoreUnsafe(ref _destination, index);
    }
}

/// <summary>Where an element begins.</summary>
internal static class Bf16Offset
{
    /// <summary>In bytes. It cannot wrap, since a span's bytes fit in memory; checking it would cost a branch a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Of(nuint index) => unchecked(index * sizeof(ushort));
}
