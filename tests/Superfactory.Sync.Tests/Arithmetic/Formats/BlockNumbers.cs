namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>Seeded numbers that are hard on formats of blocks. Pure.</summary>
internal static class BlockNumbers
{
    /// <summary>The kinds of numbers.</summary>
    public static readonly string[] Kinds = ["ordinary", "special", "zeros", "denormal", "tiny scale", "huge", "outlier", "halfway", "any bits"];

    /// <summary>The kinds that hold finite numbers alone.</summary>
    public static readonly string[] FiniteKinds = [.. Kinds.Except(["special", "any bits"])];

    /// <summary>Numbers of a kind.</summary>
    public static float[] Draw(string kind, int count, int seed)
    {
        if (kind is "ordinary" or "special")
        {
            return Numbers.Draw(count, seed, kind == "special");
        }

        var state = unchecked(((uint)seed * 747796405u) + 2891336453u);
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            state = unchecked((state * 1664525u) + 1013904223u);
            values[index] = One(kind, index, state ^ (state >> 15));
        }

        return values;
    }

    private static float One(string kind, int index, uint bits)
    {
        var unit = ((int)(bits >> 8) - 0x80_0000) * MathF.ScaleB(1, -23);
        return kind switch
        {
            // A few numbers among zeros of both signs, and blocks of nothing else.
            "zeros" => bits % 97 == 0 ? unit : (bits & 1) == 0 ? 0f : -0f,
            "denormal" => BitConverter.UInt32BitsToSingle(bits & 0x807F_FFFF),

            // Largest numbers around 2^-133 to 2^-101, where limits between levels become denormal.
            "tiny scale" => unit * MathF.ScaleB(1, -101 - (index / 64 % 33)),
            "huge" => bits % 5 == 0 ? (index % 2 == 0 ? float.MaxValue : float.MinValue) : unit * float.MaxValue,
            "outlier" => bits % 61 == 0 ? unit * 1e20f : unit * 1e-3f,

            // Beside 127, a step of 1: halves; beside 1, limits between levels: 1.5 times a power of two, and the singles beside them.
            "halfway" => Halfway(index, bits),
            _ => BitConverter.UInt32BitsToSingle(bits),
        };
    }

    private static float Halfway(int index, uint bits)
    {
        if (index % 64 == 0)
        {
            return index % 128 == 0 ? 127 : 1;
        }

        var half = index / 64 % 2 == 0 ? ((int)(bits % 253) / 2) - 63.5f : MathF.ScaleB(bits % 7 == 0 ? 1 : 1.5f, -1 - (int)(bits % 7));
        var nudged = ((bits >> 8) % 3) switch { 0 => half, 1 => MathF.BitIncrement(half), _ => MathF.BitDecrement(half) };
        return (bits >> 16) % 2 == 0 ? nudged : -nudged;
    }
}
