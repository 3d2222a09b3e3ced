using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Superfactory.Sync.Arithmetic;

/// <summary>
/// The sum of squares in double precision over 16 lanes: element i goes to lane i mod 16, in order, and the lanes are added up in
/// pairs at the end. Sixteen is the widest vector, so that every width keeps the same lanes and gives the same bits.
/// A square of a single-precision number is exact in double precision; only the sums round.
/// </summary>
internal struct SquareSum
{
    /// <summary>The number of lanes.</summary>
    public const int Lanes = 16;

    private LaneArray _lanes;

    /// <summary>The sum, with vectors up to <paramref name="width"/>.</summary>
    public static double Of(ReadOnlySpan<float> values, VectorWidth width)
    {
        var sum = default(SquareSum);
        sum.Add(values, width);
        return sum.Total();
    }

    /// <summary>Adds elements after those before; each piece but the last holds a multiple of <see cref="Lanes"/>.</summary>
    public void Add(ReadOnlySpan<float> values, VectorWidth width)
    {
        Span<double> lanes = _lanes;
        var blocks = values[..(values.Length - (values.Length % Lanes))];
        if (Vector512.IsHardwareAccelerated && width >= VectorWidth.Bits512)
        {
            Add512(blocks, lanes);
        }
        else if (Vector256.IsHardwareAccelerated && width >= VectorWidth.Bits256)
        {
            Add256(blocks, lanes);
        }
        else if (Vector128.IsHardwareAccelerated && width >= VectorWidth.Bits128)
        {
            Add128(blocks, lanes);
        }
        else
        {
            AddScalar(blocks, lanes);
        }

        AddScalar(values[blocks.Length..], lanes);
    }

    /// <summary>The lanes, for a loop that adds squares to them itself, and as many to each.</summary>
    [UnscopedRef]
    public Span<double> Extend() => _lanes;

    /// <summary>Whether every lane is finite.</summary>
    public readonly bool IsFinite()
    {
        // Zero times an infinity or a NaN is NaN.
        var zero = 0d;
        foreach (var lane in (ReadOnlySpan<double>)_lanes)
        {
            zero += lane * 0;
        }

        return zero == 0;
    }

    /// <summary>The lanes in pairs.</summary>
    public double Total()
    {
        Span<double> lanes = _lanes;
        for (var count = Lanes / 2; count > 0; count /= 2)
        {
            for (var index = 0; index < count; index++)
            {
                lanes[index] += lanes[index + count];
            }
        }

        return lanes[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddScalar(ReadOnlySpan<float> values, Span<double> lanes)
    {
        for (var index = 0; index < values.Length; index++)
        {
            lanes[index % Lanes] += (double)values[index] * values[index];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add128(ReadOnlySpan<float> blocks, Span<double> lanes)
    {
        // Two lanes a vector are eight vectors: two passes of four keep them in the sixteen registers that every processor has.
        for (var half = 0; half < Lanes; half += 8)
        {
            ref var first = ref MemoryMarshal.GetReference(blocks);
            var (sum0, sum1) = (Vector128.Create<double>(lanes[half..]), Vector128.Create<double>(lanes[(half + 2)..]));
            var (sum2, sum3) = (Vector128.Create<double>(lanes[(half + 4)..]), Vector128.Create<double>(lanes[(half + 6)..]));
            for (var index = half; index < blocks.Length; index += Lanes)
            {
                var (a, b) = Vector128.Widen(Vector128.LoadUnsafe(ref first, unchecked((nuint)index)));
                var (c, d) = Vector128.Widen(Vector128.LoadUnsafe(ref first, unchecked((nuint)index + 4)));
                sum0 += a * a;
                sum1 += b * b;
                sum2 += c * c;
                sum3 += d * d;
            }

            sum0.CopyTo(lanes[half..]);
            sum1.CopyTo(lanes[(half + 2)..]);
            sum2.CopyTo(lanes[(half + 4)..]);
            sum3.CopyTo(lanes[(half + 6)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add256(ReadOnlySpan<float> blocks, Span<double> lanes)
    {
        ref var first = ref MemoryMarshal.GetReference(blocks);
        var (sum0, sum1) = (Vector256.Create<double>(lanes), Vector256.Create<double>(lanes[4..]));
        var (sum2, sum3) = (Vector256.Create<double>(lanes[8..]), Vector256.Create<double>(lanes[12..]));
        for (var index = 0; index < blocks.Length; index += Lanes)
        {
            var (a, b) = Vector256.Widen(Vector256.LoadUnsafe(ref first, unchecked((nuint)index)));
            var (c, d) = Vector256.Widen(Vector256.LoadUnsafe(ref first, unchecked((nuint)index + 8)));
            sum0 += a * a;
            sum1 += b * b;
            sum2 += c * c;
            sum3 += d * d;
        }

        sum0.CopyTo(lanes);
        sum1.CopyTo(lanes[4..]);
        sum2.CopyTo(lanes[8..]);
        sum3.CopyTo(lanes[12..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add512(ReadOnlySpan<float> blocks, Span<double> lanes)
    {
        ref var first = ref MemoryMarshal.GetReference(blocks);
        var (sum0, sum1) = (Vector512.Create<double>(lanes), Vector512.Create<double>(lanes[8..]));
        for (var index = 0; index < blocks.Length; index += Lanes)
        {
            var (a, b) = Vector512.Widen(Vector512.LoadUnsafe(ref first, unchecked((nuint)index)));
            sum0 += a * a;
            sum1 += b * b;
        }

        sum0.CopyTo(lanes);
        sum1.CopyTo(lanes[8..]);
    }

    [InlineArray(Lanes)]
    private struct LaneArray
    {
        private double _first;
    }
}
