using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>How far what is decoded may be from what was encoded: the bounds that docs/formats.md states.</summary>
public class ErrorBoundTests
{
    private const int Count = 6400;

    public static TheoryData<string, int> FiniteKinds()
    {
        var cases = new TheoryData<string, int>();
        foreach (var kind in BlockNumbers.FiniteKinds)
        {
            for (var seed = 1; seed <= 5; seed++)
            {
                cases.Add(kind, seed);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(FiniteKinds))]
    public void Bf16_is_off_by_a_256th_at_most(string kind, int seed) =>
        ForEach(NumberFormat.Bf16, kind, seed, (_, value, decoded) =>
            Math.Abs(value) > Bf16.ToSingle(Bf16.Largest) ? 0 : Math.Max(Math.Abs((double)value) / 256, Math.ScaleB(1, -134)) - Math.Abs((double)value - decoded));

    [Theory]
    [MemberData(nameof(FiniteKinds))]
    public void Int8_is_off_by_a_252nd_of_the_largest_of_its_block_at_most(string kind, int seed) =>
        ForEach(NumberFormat.Int8, kind, seed, (largest, value, decoded) =>
            (largest / 252) + Math.ScaleB(1, -134) - Math.Abs((double)value - decoded));

    [Theory]
    [MemberData(nameof(FiniteKinds))]
    public void E3m0_is_off_by_a_third_or_a_127th_of_the_largest_of_its_block_at_most(string kind, int seed) =>
        ForEach(NumberFormat.E3m0, kind, seed, (largest, value, decoded) =>
            Math.Max(Math.Abs((double)value) / 3, (largest / 127) + Math.ScaleB(1, -140)) - Math.Abs((double)value - decoded));

    [Theory]
    [InlineData(NumberFormat.Bf16)]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void Error_feedback_loses_nothing_for_good(NumberFormat kind)
    {
        const int Rounds = 50;
        var format = NumberFormats.Get(kind);
        var residual = new float[Count];
        var encoded = new byte[format.EncodedBytes(Count)];
        var (given, sent, plain) = (new double[Count], new float[Count], new float[Count]);
        for (var round = 0; round < Rounds; round++)
        {
            // What is small beside its block would be rounded to the same side each time.
            var values = Numbers.Draw(Count, seed: 1 + (round / 10), special: false);
            format.EncodeSum(values, residual, encoded);
            format.DecodeAccumulate(1, encoded, sent);
            format.AdvanceResidual(values, encoded, residual);
            format.Encode(values, encoded);
            format.DecodeAccumulate(1, encoded, plain);
            for (var index = 0; index < Count; index++)
            {
                given[index] += values[index];
            }
        }

        var (withFeedback, without, rest) = (Distance(given, sent), Distance(given, plain), Math.Sqrt(residual.Sum(value => (double)value * value)));
        withFeedback.ShouldBe(rest, tolerance: 1e-3 * rest);
        withFeedback.ShouldBeLessThan(without / 4);
    }

    private static double Distance(double[] given, float[] sent) =>
        Math.Sqrt(given.Zip(sent).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));

    // The slack is what is left of the bound: negative where it is passed.
    private static void ForEach(NumberFormat kind, string numbers, int seed, Func<double, float, float, double> slack)
    {
        var format = NumberFormats.Get(kind);
        var values = BlockNumbers.Draw(numbers, Count, seed);
        var encoded = new byte[format.EncodedBytes(Count)];
        var decoded = new float[Count];
        format.Encode(values, encoded);
        format.Decode(encoded, decoded);
        for (var start = 0; start < Count; start += 64)
        {
            var largest = (double)values.AsSpan(start, 64).ToArray().Max(Math.Abs);
            for (var index = start; index < start + 64; index++)
            {
                if (!(slack(largest, values[index], decoded[index]) >= 0))
                {
                    Assert.Fail($"{kind}: {values[index]:R} became {decoded[index]:R} in a block whose largest is {largest:R}.");
                }
            }
        }
    }
}
