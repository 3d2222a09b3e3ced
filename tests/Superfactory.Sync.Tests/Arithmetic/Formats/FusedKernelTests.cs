using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>Every pass that does several things at once against the things one after another, number by number.</summary>
public class FusedKernelTests
{
    private const int LengthsEnd = 200;
    private const int Long = 3000;

    public static TheoryData<NumberFormat, int, string> Cases()
    {
        var cases = new TheoryData<NumberFormat, int, string>();
        foreach (var format in Enum.GetValues<NumberFormat>())
        {
            foreach (var width in Enum.GetValues<VectorWidth>().Where(width => width <= VectorWidths.Widest))
            {
                foreach (var kind in BlockNumbers.Kinds)
                {
                    cases.Add(format, (int)width, kind);
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void DecodeAccumulate_rounds_the_product_and_then_the_sum(NumberFormat format, int width, string kind) =>
        ForEveryLength(format, (VectorWidth)width, kind, (passes, values, seed) =>
        {
            var accumulator = BlockNumbers.Draw(kind, values.Length, seed + 1);
            var expected = Zip(accumulator, passes.Decoded(values), static (sum, number) => sum + (float)(0.4f * number));
            passes.DecodeAccumulate(0.4f, passes.Encoded(values), accumulator);
            accumulator.ShouldBeBitwise(expected, $"length {values.Length}");
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Mean_adds_first_to_zero_and_then_second(NumberFormat format, int width, string kind) =>
        ForEveryLength(format, (VectorWidth)width, kind, (passes, values, seed) =>
        {
            var others = BlockNumbers.Draw(kind, values.Length, seed + 1);
            var expected = Zip(passes.Decoded(values), passes.Decoded(others), static (first, second) => (0f + (float)(0.3f * first)) + (float)(0.7f * second));
            var mean = new float[values.Length];
            mean.AsSpan().Fill(float.NaN);
            passes.Mean(0.3f, passes.Encoded(values), 0.7f, passes.Encoded(others), mean);
            mean.ShouldBeBitwise(expected, $"length {values.Length}");
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void EncodeSum_and_AdvanceResidual_keep_what_encoding_lost(NumberFormat format, int width, string kind) =>
        ForEveryLength(format, (VectorWidth)width, kind, (passes, values, seed) =>
        {
            var residual = BlockNumbers.Draw(kind, values.Length, seed + 1);
            var sums = Zip(values, residual, static (value, rest) => value + rest);
            var encoded = passes.EncodedSum(values, residual);
            encoded.ShouldBe(passes.Encoded(sums), $"length {values.Length}");
            var expected = Zip(sums, passes.Decoded(sums), static (sum, number) => sum - number);
            passes.AdvanceResidual(values, encoded, residual);
            residual.ShouldBeBitwise(expected, $"length {values.Length}");
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Measure_gives_the_squares_of_what_is_decoded_and_counts_what_is_not_finite(NumberFormat format, int width, string kind) =>
        ForEveryLength(format, (VectorWidth)width, kind, (passes, values, _) =>
        {
            var what = $"length {values.Length}";
            var decoded = passes.Decoded(values);
            var nonFinite = values.Zip(decoded).LongCount(pair => !float.IsFinite(pair.First) || !float.IsFinite(pair.Second));
            var measured = passes.Measure(values);
            measured.NonFinite.ShouldBe(nonFinite, what);
            measured.SquaredNorm.ShouldBe(nonFinite == 0 ? VectorMath.SumOfSquares(decoded) : 0, what);
            if (nonFinite == 0)
            {
                passes.MeasureEncoded(passes.Encoded(values), values.Length).ShouldBe(measured, what);
            }
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void MeasureSum_is_Measure_of_the_sums(NumberFormat format, int width, string kind) =>
        ForEveryLength(format, (VectorWidth)width, kind, (passes, values, seed) =>
        {
            var residual = BlockNumbers.Draw(kind, values.Length, seed + 1);
            var sums = Zip(values, residual, static (value, rest) => value + rest);
            passes.MeasureSum(values, residual).ShouldBe(passes.Measure(sums), $"length {values.Length}");
        });

    [Theory]
    [InlineData(NumberFormat.Bf16, 3.4e38f, 1)]
    [InlineData(NumberFormat.Fp32, 3.4e38f, 0)]
    [InlineData(NumberFormat.Int8, 3.4e38f, 0)]
    [InlineData(NumberFormat.E3m0, 3.4e38f, 0)]
    [InlineData(NumberFormat.Int8, float.NaN, 1)]
    [InlineData(NumberFormat.E3m0, float.NegativeInfinity, 1)]
    public void Measure_counts_what_the_format_makes_infinite(NumberFormat format, float value, int expected)
    {
        var values = new float[2000];
        values[1777] = value;
        NumberFormats.Get(format).Measure(values).NonFinite.ShouldBe(expected);
    }

    [Fact]
    public void Header_numbers_of_chunks_add_up_until_one_is_not_finite()
    {
        (new HeaderNumbers(1.5, 0) + new HeaderNumbers(2.25, 0)).ShouldBe(new HeaderNumbers(3.75, 0));
        (new HeaderNumbers(1.5, 0) + new HeaderNumbers(0, 2)).ShouldBe(new HeaderNumbers(0, 2));
        (new HeaderNumbers(0, 2) + new HeaderNumbers(7, 0) + new HeaderNumbers(0, 1)).ShouldBe(new HeaderNumbers(0, 3));
    }

    [Theory]
    [InlineData(NumberFormat.Fp32)]
    [InlineData(NumberFormat.Bf16)]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void Spans_of_wrong_lengths_and_spans_that_overlap_are_refused(NumberFormat kind)
    {
        var format = NumberFormats.Get(kind);
        var encoded = new byte[format.EncodedBytes(64)];
        var numbers = new float[64];
        Should.Throw<ArgumentException>(() => format.Encode(numbers, encoded.AsSpan(1)));
        Should.Throw<ArgumentException>(() => format.Decode(encoded, numbers.AsSpan(2)));
        Should.Throw<ArgumentException>(() => format.DecodeAccumulate(1, encoded.AsSpan(1), numbers));
        Should.Throw<ArgumentException>(() => format.Mean(1, encoded, 1, encoded.AsSpan(1), numbers));
        Should.Throw<ArgumentException>(() => format.EncodeSum(numbers, numbers.AsSpan(1), encoded));
        Should.Throw<ArgumentException>(() => format.AdvanceResidual(numbers, encoded, numbers.AsSpan(1)));
        Should.Throw<ArgumentException>(() => format.MeasureEncoded(encoded, 62));
        Should.Throw<ArgumentException>(() => format.MeasureSum(numbers, numbers.AsSpan(1)));
        Should.Throw<ArgumentException>(() => format.Decode(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan())[..encoded.Length], numbers));
    }

    private static float[] Zip(float[] left, float[] right, Func<float, float, float> combine) =>
        [.. left.Zip(right, combine)];

    private static void ForEveryLength(NumberFormat format, VectorWidth width, string kind, Action<IPasses, float[], int> check)
    {
        IPasses passes = format switch
        {
            NumberFormat.Fp32 => new Passes<Fp32Codec>(width),
            NumberFormat.Bf16 => new Passes<Bf16Codec>(width),
            NumberFormat.Int8 => new Passes<Int8Codec>(width),
            _ => new Passes<E3m0Codec>(width),
        };
        foreach (var length in Enumerable.Range(0, LengthsEnd + 1).Append(Long))
        {
            check(passes, BlockNumbers.Draw(kind, length, length + 1), length + 100);
        }
    }
}
