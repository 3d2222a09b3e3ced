using Superfactory.Sync.Arithmetic;

namespace Superfactory.Sync.Tests.Arithmetic;

/// <summary>Every operation against a loop that says what it means, for every length across every width of this machine.</summary>
public class VectorMathTests
{
    public static TheoryData<int, bool> Cases()
    {
        var cases = new TheoryData<int, bool>();
        foreach (var width in Enum.GetValues<VectorWidth>().Where(width => width <= VectorWidths.Widest))
        {
            cases.Add((int)width, false);
            cases.Add((int)width, true);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Subtract_at_every_length_gives_the_bits_of_a_plain_loop(int width, bool special) =>
        ForEveryLength(special, (left, right, what) =>
        {
            var expected = new float[left.Length];
            for (var index = 0; index < expected.Length; index++)
            {
                expected[index] = left[index] - right[index];
            }

            var actual = new float[left.Length];
            VectorMath.Subtract(left, right, actual, (VectorWidth)width);
            actual.ShouldBeBitwise(expected, what);

            VectorMath.Subtract(left, right, left, (VectorWidth)width);
            left.ShouldBeBitwise(expected, what + " in place");
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Scale_at_every_length_gives_the_bits_of_a_plain_loop(int width, bool special) =>
        ForEveryLength(special, (values, _, what) =>
        {
            var expected = Array.ConvertAll(values, value => 0.3f * value);
            var actual = new float[values.Length];
            VectorMath.Scale(0.3f, values, actual, (VectorWidth)width);
            actual.ShouldBeBitwise(expected, what);
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void MultiplyAccumulate_at_every_length_rounds_the_product_before_the_sum(int width, bool special) =>
        ForEveryLength(special, (accumulator, source, what) =>
        {
            var expected = new float[source.Length];
            for (var index = 0; index < expected.Length; index++)
            {
                // A product of single-precision numbers is exact in double precision: this rounds it once, by itself.
                var product = (float)(0.7f * (double)source[index]);
                expected[index] = (float)((double)accumulator[index] + product);
            }

            VectorMath.MultiplyAccumulate(0.7f, source, accumulator, (VectorWidth)width);
            accumulator.ShouldBeBitwise(expected, what);
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void NesterovStep_at_every_length_gives_the_bits_of_a_plain_loop(int width, bool special) =>
        ForEveryLength(special, (parameters, gradient, what) =>
        {
            var momentum = Numbers.Draw(parameters.Length, 77, special);
            var (expectedParameters, expectedMomentum) = (new float[parameters.Length], new float[parameters.Length]);
            for (var index = 0; index < parameters.Length; index++)
            {
                var kept = (float)(0.6f * (double)momentum[index]);
                var next = (float)((double)kept + gradient[index]);
                var ahead = (float)(0.6f * (double)next);
                var direction = (float)((double)gradient[index] + ahead);
                var step = (float)(0.9f * (double)direction);
                expectedMomentum[index] = next;
                expectedParameters[index] = (float)((double)parameters[index] - step);
            }

            VectorMath.NesterovStep(parameters, momentum, gradient, 0.9f, 0.6f, (VectorWidth)width);
            momentum.ShouldBeBitwise(expectedMomentum, what + ", momentum");
            parameters.ShouldBeBitwise(expectedParameters, what + ", parameters");
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void CountNonFinite_at_every_length_counts_infinities_and_NaN(int width, bool special) =>
        ForEveryLength(special, (values, _, what) =>
            VectorMath.CountNonFinite(values, (VectorWidth)width).ShouldBe(values.LongCount(value => !float.IsFinite(value)), what));

    [Theory]
    [MemberData(nameof(Cases))]
    public void SumOfSquares_at_every_length_adds_sixteen_lanes_in_order_and_in_pairs(int width, bool special) =>
        ForEveryLength(special, (values, _, what) =>
        {
            var lanes = new double[16];
            for (var index = 0; index < values.Length; index++)
            {
                lanes[index % 16] += (double)values[index] * values[index];
            }

            double[] eight = [.. Enumerable.Range(0, 8).Select(lane => lanes[lane] + lanes[lane + 8])];
            double[] four = [.. Enumerable.Range(0, 4).Select(lane => eight[lane] + eight[lane + 4])];
            var expected = four[0] + four[2] + (four[1] + four[3]);
            var actual = SquareSum.Of(values, (VectorWidth)width);
            (double.IsNaN(expected) ? double.IsNaN(actual) : actual.Equals(expected)).ShouldBeTrue($"{what}: {actual:R} for {expected:R}");
        });

    [Fact]
    public void SumOfSquares_of_small_integers_is_exact() =>
        VectorMath.SumOfSquares([.. Enumerable.Range(1, 100).Select(value => (float)value)]).ShouldBe(338350d);

    [Fact]
    public void Chunks_give_the_same_bits_as_the_whole()
    {
        var source = Numbers.Draw(1000, 3, special: true);
        var whole = Numbers.Draw(1000, 4, special: true);
        var chunked = whole.ToArray();
        VectorMath.MultiplyAccumulate(0.25f, source, whole);
        for (var start = 0; start < 1000; start += 37)
        {
            var count = Math.Min(37, 1000 - start);
            VectorMath.MultiplyAccumulate(0.25f, source.AsSpan(start, count), chunked.AsSpan(start, count));
        }

        chunked.ShouldBeBitwise(whole, "in chunks of 37");
    }

    [Fact]
    public void Spans_of_different_lengths_are_refused() =>
        Should.Throw<ArgumentException>(() => VectorMath.Subtract(new float[4], new float[5], new float[4]))
            .Message.ShouldContain("Expected a length of 4 but right.Length is 5");

    [Fact]
    public void Spans_that_overlap_other_than_exactly_are_refused()
    {
        var values = new float[40];
        Should.Throw<ArgumentException>(() => VectorMath.Scale(2f, values.AsSpan(0, 32), values.AsSpan(1, 32)));
        Should.Throw<ArgumentException>(() => VectorMath.MultiplyAccumulate(2f, values.AsSpan(1, 32), values.AsSpan(0, 32)));
        Should.Throw<ArgumentException>(() => VectorMath.NesterovStep(values, values, new float[40], 1f, 0f));
    }

    private static void ForEveryLength(bool special, Action<float[], float[], string> check)
    {
        for (var length = 0; length <= Numbers.LengthsEnd; length++)
        {
            check(Numbers.Draw(length, length + 1, special), Numbers.Draw(length, length + 1000, special), $"length {length}");
        }
    }
}
