using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary>Counts infinities and NaNs: numbers whose exponent bits are all set.</summary>
internal ref struct CountNonFiniteKernel(ref float values) : IVectorKernel
{
    private const uint Exponent = 0x7F80_0000;

    private readonly ref float _values = ref values;

    /// <summary>How many were found.</summary>
    public long Count { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step1(nuint index) =>
        Count = unchecked(Count + ((BitConverter.SingleToUInt32Bits(Unsafe.Add(ref _values, index)) & Exponent) == Exponent ? 1 : 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step4(nuint index)
    {
        var exponent = Vector128.Create(Exponent);
        var hits = Vector128.Equals(Vector128.LoadUnsafe(ref _values, index).AsUInt32() & exponent, exponent);
        Count = unchecked(Count + BitOperations.PopCount(hits.ExtractMostSignificantBits()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step8(nuint index)
    {
        var exponent = Vector256.Create(Exponent);
        var hits = Vector256.Equals(Vector256.LoadUnsafe(ref _values, index).AsUInt32() & exponent, exponent);
        Count = unchecked(Count + BitOperations.PopCount(hits.ExtractMostSignificantBits()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step16(nuint index)
    {
        var exponent = Vector512.Create(Exponent);
        var hits = Vector512.Equals(Vector512.LoadUnsafe(ref _values, index).AsUInt32() & exponent, exponent);
        Count = unchecked(Count + BitOperations.PopCount(hits.ExtractMostSignificantBits()));
    }
}
