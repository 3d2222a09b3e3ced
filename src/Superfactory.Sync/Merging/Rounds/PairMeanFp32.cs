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
        float firstWeight, ReadOnlySpan<float> first, float secondWeight, ReadOnlySpan<float> second, Span<float> mean, ref HeaderSum firstNumbers, ref HeaderSum secondNumbers, ref ChunkHash hash)
    {
        var count = mean.Length / Stripe * Stripe;
        fixed (float* to = mean, one = first[..count], two = second[..count])
        {
            if (!Vector512.IsHardwareAccelerated || !Sse.IsSupported || (nuint)to % (nuint)Vector512<byte>.Count != 0)
            {
                return 0;
            }

            Sweep(one, two, firstWeight, secondWeight, to, count, firstNumbers.Extend(), secondNumbers.Extend(), hash.Extend(count * sizeof(float)));
        }

        // These stores are not ordered with others by themselves.
        Sse.StoreFence();
        firstNumbers.Added(first[..count]);
        secondNumbers.Added(second[..count]);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sweep(
        float* first, float* second, float firstWeight, float secondWeight, float* mean, int count, Span<double> firstSquares, Span<double> secondSquares, Span<ulong> lanes)
    {
        ref var ofFirst = ref MemoryMarshal.GetReference(firstSquares);
        ref var ofSecond = ref MemoryMarshal.GetReference(secondSquares);
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        var (firstLow, firstHigh) = (Vector512.LoadUnsafe(ref ofFirst), Vector512.LoadUnsafe(ref ofFirst, 8));
        var (secondLow, secondHigh) = (Vector512.LoadUnsafe(ref ofSecond), Vector512.LoadUnsafe(ref ofSecond, 8));
        var (a, b, c, d) = (Vector512.LoadUnsafe(ref lane), Vector512.LoadUnsafe(ref lane, 8), Vector512.LoadUnsafe(ref lane, 16), Vector512.LoadUnsafe(ref lane, 24));
        var (one, two) = (Vector512.Create(firstWeight), Vector512.Create(secondWeight));
        for (var index = 0; index < count; index += Stripe)
        {
            a = ChunkHash.Round(a, Step(first + index, second + index, mean + index, one, two, ref firstLow, ref firstHigh, ref secondLow, ref secondHigh));
            b = ChunkHash.Round(b, Step(first + index + 16, second + index + 16, mean + index + 16, one, two, ref firstLow, ref firstHigh, ref secondLow, ref secondHigh));
            c = ChunkHash.Round(c, Step(first + index + 32, second + index + 32, mean + index + 32, one, two, ref firstLow, ref firstHigh, ref secondLow, ref secondHigh));
            d = ChunkHash.Round(d, Step(first + index + 48, second + index + 48, mean + index + 48, one, two, ref firstLow, ref firstHigh, ref secondLow, ref secondHigh));
        }

        firstLow.StoreUnsafe(ref ofFirst);
        firstHigh.StoreUnsafe(ref ofFirst, 8);
        secondLow.StoreUnsafe(ref ofSecond);
        secondHigh.StoreUnsafe(ref ofSecond, 8);
        a.StoreUnsafe(ref lane);
        b.StoreUnsafe(ref lane, 8);
        c.StoreUnsafe(ref lane, 16);
        d.StoreUnsafe(ref lane, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Step(
        float* first, float* second, float* mean, Vector512<float> firstWeight, Vector512<float> secondWeight,
        ref Vector512<double> firstLow, ref Vector512<double> firstHigh, ref Vector512<double> secondLow, ref Vector512<double> secondHigh)
    {
        var (one, two) = (Vector512.Load(first), Vector512.Load(second));
        Square(one, ref firstLow, ref firstHigh);
        Square(two, ref secondLow, ref secondHigh);
        var sum = Vector512<float>.Zero + (firstWeight * one);
        sum += secondWeight * two;
        sum.StoreAlignedNonTemporal(mean);
        return sum.AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(Vector512<float> numbers, ref Vector512<double> low, ref Vector512<double> high)
    {
        var (lower, upper) = Vector512.Widen(numbers);
        low += lower * lower;
        high += upper * upper;
    }
}
