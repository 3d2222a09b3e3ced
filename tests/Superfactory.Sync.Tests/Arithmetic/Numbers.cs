namespace Superfactory.Sync.Tests.Arithmetic;

/// <summary>Test data and bitwise comparison.</summary>
internal static class Numbers
{
    public const int LengthsEnd = 200;

    private static readonly float[] _special =
    [
        0f, -0f, float.Epsilon, -float.Epsilon, 1.1754942e-38f, 1.17549435e-38f, float.MaxValue, float.MinValue,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1f, -1f, 1.00390625f, 1.01171875f, 3.4e38f,
    ];

    /// <summary>Seeded numbers of any size; where <paramref name="special"/>, a third are zeros, denormals, infinities, NaN and the largest.</summary>
    public static float[] Draw(int count, int seed, bool special)
    {
        var state = unchecked((uint)seed * 2654435761u) | 1;
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            state = unchecked((state * 1664525u) + 1013904223u);
            var scaled = ((int)(state >> 8) - 0x80_0000) * MathF.ScaleB(1f, (int)(state % 40) - 43);
            values[index] = special && (state >> 16) % 3 == 0 ? _special[(state >> 20) % _special.Length] : scaled;
        }

        return values;
    }

    /// <summary>The same bits, except that any NaN equals any NaN.</summary>
    public static void ShouldBeBitwise(this ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (var index = 0; index < actual.Length; index++)
        {
            var same = float.IsNaN(expected[index])
                ? float.IsNaN(actual[index])
                : BitConverter.SingleToInt32Bits(expected[index]) == BitConverter.SingleToInt32Bits(actual[index]);
            if (!same)
            {
                Assert.Fail($"{what}: element {index} of {actual.Length} is {actual[index]:R} where {expected[index]:R} was expected.");
            }
        }
    }

    public static void ShouldBeBitwise(this float[] actual, float[] expected, string what) =>
        ShouldBeBitwise(actual.AsSpan(), expected.AsSpan(), what);
}
