namespace Superfactory.Cli.Bench;

/// <summary>Seeded numbers of a normal distribution with mean 0 and deviation 1: SplitMix64, and Box and Muller's transform (1958). Pure.</summary>
internal static class NormalNumbers
{
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;
    private const float Unit = 1f / (1 << 24);

    /// <summary>Fills <paramref name="values"/>; the same seed gives the same numbers.</summary>
    public static void Fill(Span<float> values, ulong seed)
    {
        var state = seed;
        for (var index = 0; index < values.Length; index += 2)
        {
            var bits = Next(ref state);

            // Over 0 and up to 1, whose logarithm is finite; and 0 up to, not including, 1.
            var radius = MathF.Sqrt(-2 * MathF.Log(((bits & 0xFF_FFFF) + 1) * Unit));
            var (sine, cosine) = MathF.SinCos(2 * MathF.PI * ((bits >> 40) * Unit));
            values[index] = radius * cosine;
            if (index + 1 < values.Length)
            {
                values[index + 1] = radius * sine;
            }
        }
    }

    private static ulong Next(ref ulong state)
    {
        unchecked
        {
            state += Step;
            var mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
