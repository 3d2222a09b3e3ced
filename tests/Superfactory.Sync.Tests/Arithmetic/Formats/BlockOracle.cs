namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>
/// The formats of blocks as docs/formats.md says them, by search in double precision and number by number, with nothing of the code's.
/// </summary>
internal static class BlockOracle
{
    /// <summary>The numbers that encoding and decoding gives, and the bytes.</summary>
    public static (byte[] Encoded, float[] Decoded) Int8(float[] values) => Blocks(values, block =>
    {
        var largest = block.Max(value => Math.Abs(Finite(value)));
        var step = Bf16AtLeast((float)(largest / 127.0), limit: 0x7C01);
        var size = (double)Bf16(step);
        var codes = block.Select(value => size == 0 ? 0 : NearestWhole(Finite(value), size)).ToArray();
        return ([(byte)step, (byte)(step >> 8), .. codes.Select(code => unchecked((byte)code))], [.. codes.Select(code => (float)(code * size))]);
    });

    /// <summary>The numbers that encoding and decoding gives, and the bytes.</summary>
    public static (byte[] Encoded, float[] Decoded) E3m0(float[] values) => Blocks(values, block =>
    {
        var scale = Bf16AtLeast(block.Max(value => Math.Abs(Finite(value))), limit: 0x7F7F);
        double[] levels = [0, .. Enumerable.Range(-6, 7).Select(power => Math.Pow(2, power))];
        var codes = new int[block.Length];
        var decoded = new float[block.Length];
        for (var index = 0; index < block.Length; index++)
        {
            var magnitude = Math.Abs((double)Finite(block[index]));
            var best = 0;
            for (var level = 1; level < levels.Length && Bf16(scale) > 0; level++)
            {
                var nearer = Math.Abs(magnitude - (levels[level] * Bf16(scale))) < Math.Abs(magnitude - (levels[best] * Bf16(scale)));
                best = nearer ? level : best;
            }

            var negative = !float.IsNaN(block[index]) && float.IsNegative(block[index]);
            codes[index] = best + (negative ? 8 : 0);
            decoded[index] = (float)(levels[best] * Bf16(scale)) * (negative ? -1 : 1);
        }

        var pairs = Enumerable.Range(0, (block.Length + 1) / 2).Select(pair => (byte)(codes[2 * pair] + (16 * codes.ElementAtOrDefault((2 * pair) + 1))));
        return ([(byte)scale, (byte)(scale >> 8), .. pairs], decoded);
    });

    /// <summary>The value of a bf16 number.</summary>
    public static float Bf16(int pattern) => BitConverter.UInt32BitsToSingle((uint)pattern << 16);

    private static (byte[] Encoded, float[] Decoded) Blocks(float[] values, Func<float[], (byte[] Encoded, float[] Decoded)> encode)
    {
        var blocks = values.Chunk(64).Select(encode).ToArray();
        return ([.. blocks.SelectMany(block => block.Encoded)], [.. blocks.SelectMany(block => block.Decoded)]);
    }

    private static float Finite(float value) =>
        float.IsNaN(value) ? 0 : float.IsPositiveInfinity(value) ? float.MaxValue : float.IsNegativeInfinity(value) ? float.MinValue : value;

    // The smallest pattern whose value is large enough, by search from a pattern that is too small.
    private static int Bf16AtLeast(float magnitude, int limit)
    {
        var pattern = Math.Max(0, (int)(BitConverter.SingleToUInt32Bits(magnitude) >> 16) - 1);
        while (pattern < limit && Bf16(pattern) < magnitude)
        {
            pattern++;
        }

        return pattern;
    }

    private static int NearestWhole(double value, double step)
    {
        var below = (int)Math.Floor(value / step);
        var best = below - 1;
        for (var code = below; code <= below + 2; code++)
        {
            var (mine, others) = (Math.Abs(value - (code * step)), Math.Abs(value - (best * step)));
            best = mine < others || (mine == others && code % 2 == 0) ? code : best;
        }

        return best;
    }
}
