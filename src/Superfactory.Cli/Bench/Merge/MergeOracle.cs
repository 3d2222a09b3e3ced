using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>
/// What a merge must give, by the definitions alone and one number at a time: each contribution encoded and decoded, the sum of the
/// weighted numbers in island order, and with more than two islands the sum encoded and decoded once more.
/// </summary>
internal sealed class MergeOracle
{
    private const int PieceElements = 1 << 18;

    private readonly NumberFormat _contribution;
    private readonly NumberFormat _result;
    private readonly FragmentPlan _plan;

    /// <summary>An oracle for merges of tensors of the given sizes.</summary>
    /// <param name="sizes">Elements of each tensor, in registered order.</param>
    /// <param name="islands">Islands.</param>
    /// <param name="contribution">How contributions travel.</param>
    /// <param name="result">How results travel where there are more than two islands.</param>
    public MergeOracle(int[] sizes, int islands, NumberFormat contribution, NumberFormat result)
    {
        _contribution = contribution;
        _result = islands > 2 ? result : NumberFormat.Fp32;

        // A contribution is encoded chunk by chunk, and formats of blocks count from a chunk's first number.
        _plan = FragmentPlan.Create(sizes.Sum(), islands);
    }

    /// <summary>Compares what every island holds with what it must be.</summary>
    /// <param name="contributions">Of each island, in island order.</param>
    /// <param name="merged">What each island got.</param>
    /// <returns>Where the first island's first wrong number is, in words; null where every number of every island is right to the bit.</returns>
    public string? FirstDifference(IReadOnlyList<ReadOnlyMemory<float>> contributions, IReadOnlyList<ReadOnlyMemory<float>> merged)
    {
        var received = contributions.Select(contribution => Through(_contribution, contribution)).ToArray();
        var expected = Through(_result, Sum(received));
        for (var island = 0; island < merged.Count; island++)
        {
            var place = Bits(merged[island].Span).CommonPrefixLength(Bits(expected.Span));
            if (place < expected.Length)
            {
                return $"element {place} of island {island + 1} is {merged[island].Span[place]:R} where the scalar sum gives {expected.Span[place]:R}";
            }
        }

        return null;
    }

    private static ReadOnlySpan<int> Bits(ReadOnlySpan<float> numbers) => MemoryMarshal.Cast<float, int>(numbers);

    private static ReadOnlyMemory<float> Sum(ReadOnlyMemory<float>[] contributions)
    {
        var sum = new float[contributions[0].Length];
        var weight = (float)(1.0 / contributions.Length);
        Parallel.For(0, (sum.Length + PieceElements - 1) / PieceElements, piece =>
        {
            var end = Math.Min(sum.Length, (piece + 1) * PieceElements);
            foreach (var contribution in contributions)
            {
                var numbers = contribution.Span;
                for (var index = piece * PieceElements; index < end; index++)
                {
                    var weighted = weight * numbers[index];
                    sum[index] += weighted;
                }
            }
        });
        return sum;
    }

    /// <summary>Numbers as they are after a journey in a format.</summary>
    private ReadOnlyMemory<float> Through(NumberFormat format, ReadOnlyMemory<float> numbers)
    {
        if (format == NumberFormat.Fp32)
        {
            return numbers;
        }

        var arrived = new float[numbers.Length];
        Parallel.For(0, _plan.Chunks, chunk =>
        {
            var span = _plan.SpanOf(chunk);
            ScalarFormat.RoundTrip(format, numbers.Span.Slice(span.Offset, span.Length), arrived.AsSpan(span.Offset, span.Length));
        });
        return arrived;
    }
}
