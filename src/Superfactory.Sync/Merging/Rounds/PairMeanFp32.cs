using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// <see cref="PairMean"/> of single-precision numbers in vectors of 512 bits: numbers are measured, averaged, hashed and written while
/// they are in registers. The mean goes past the cache: an ordinary store reads its line of memory first and drives out another.
/// </summary>
internal static unsafe class PairMeanFp32
{
    /// <summary>Numbers of a step: a stripe of the hash.</summary>
    private const int Stripe = 64;

    /// <summary>Takes the mean of whole stripes.</summary>
    /// <returns>How many numbers were taken; 0 where this machine or this memory is not made for it.</returns>
    public static int Take(
        float firstWeight, ReadOnlySpan<float> first, float secondWeight, ReadOnlySpan<float> second, bool firstArrived, Span<float> mean, ref HeaderSum numbers, ref ChunkHash hash)
    {
        var count = mean.Length / Stripe * Stripe;
        fixed (float* to = mean, one = first[..count], two = second[..count])
        {
            if (!Vector512.IsHardwareAccelerated || !Sse.IsSupported || (nuint)to % (nuint)Vector512<byte>.Count != 0)
            {
                return 0;
            }

            Sweep(one, two, firstWeight, secondWeight, firstArrived ? one : two, to, count, numbers.Extend(), hash.Extend(count * sizeof(float)));
        }

        // These stores are not ordered with others by themselves.
        Sse.StoreFence();
        numbers.Added((firstArrived ? first : second)[..count]);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sweep(
        float* first, float* second, float firstWeight, float secondWeight, float* measured, float* mean, int count, Span<double> squares, Span<ulong> lanes)
    {
        ref var square = ref MemoryMarshal.GetReference(squares);
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        var (low, high) = (Vector512.LoadUnsafe(ref square), Vector512.LoadUnsafe(ref square, 8));
        var (a, b, c, d) = (Vector512.LoadUnsafe(ref lane), Vector512.LoadUnsafe(ref lane, 8), Vector512.LoadUnsafe(ref lane, 16), Vector512.LoadUnsafe(ref lane, 24));
        var (one, two) = (Vector512.Create(firstWeight), Vector512.Create(secondWeight));
        for (var index = 0; index < count; index += Stripe)
        {
            a = ChunkHash.Round(a, Step(first, second, measured, mean, index, one, two, ref low, ref high));
            b = ChunkHash.Round(b, Step(first, second, measured, mean, index + 16, one, two, ref low, ref high));
            c = ChunkHash.Round(c, Step(first, second, measured, mean, index + 32, one, two, ref low, ref high));
            d = ChunkHash.Round(d, Step(first, second, measured, mean, index + 48, one, two, ref low, ref high));
        }

        low.StoreUnsafe(ref square);
        high.StoreUnsafe(ref square, 8);
        a.StoreUnsafe(ref lane);
        b.StoreUnsafe(ref lane, 8);
        c.StoreUnsafe(ref lane, 16);
        d.StoreUnsafe(ref lane, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Step(
        float* first, float* second, float* measured, float* mean, int index, Vector512<float> firstWeight, Vector512<float> secondWeight, ref Vector512<double> low, ref Vector512<double> high)
    {
        var (lower, upper) = Vector512.Widen(Vector512.Load(measured + index));
        low += lower * lower;
        high += upper * upper;
        var sum = Vector512<float>.Zero + (firstWeight * Vector512.Load(first + index));
        sum += secondWeight * Vector512.Load(second + index);
        sum.StoreAlignedNonTemporal(mean + index);
        return sum.AsUInt64();
    }
}
