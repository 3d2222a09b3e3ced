using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>
/// Blocks of 64 codes of four bits, a sign and a magnitude: 0, or 2^(magnitude − 7) for 1 to 7, times the block's scale. A block is
/// the scale in bf16, two bytes little-endian, and a byte for each two codes, the earlier in the lower half.
/// </summary>
internal readonly partial struct E3m0Codec : INumberCodec
{
    /// <summary>The bytes of the scale.</summary>
    public const int ScaleBytes = sizeof(ushort);

    /// <summary>The largest magnitude: the code of the scale itself.</summary>
    public const int MagnitudeMax = 7;

    /// <summary>The bit of a code that says it is negative.</summary>
    public const int Negative = 8;

    public static NumberFormat Format => NumberFormat.E3m0;

    public static int BlockLength => INumberCodec.Block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int count) => count == 0 ? 0 : unchecked(ScaleBytes + ((count + 1) / 2));

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = Math.Max(largest, Math.Abs(Finite.Of(value)));
        }

        var pattern = Bf16.AtLeast(largest);
        BinaryPrimitives.WriteUInt16LittleEndian(block, pattern);
        block[ScaleBytes..].Clear();
        var scale = (double)Bf16.ToSingle(pattern);
        for (var index = 0; index < values.Length; index++)
        {
            var value = Finite.Of(values[index]);
            var code = Nearest(Math.Abs((double)value), scale) | (float.IsNegative(value) ? Negative : 0);
            block[ScaleBytes + (index / 2)] |= (byte)(code << (index % 2 * 4));
        }
    }

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = ScaleFrom(BinaryPrimitives.ReadUInt16LittleEndian(block));
        for (var index = 0; index < values.Length; index++)
        {
            var code = block[ScaleBytes + (index / 2)] >> (index % 2 * 4);
            var magnitude = (float)Level(code & MagnitudeMax) * scale;
            values[index] = (code & Negative) != 0 ? -magnitude : magnitude;
        }
    }

    /// <summary>A scale as it was read: zero where no encoder writes it, that is negative or not finite.</summary>
    public static float ScaleFrom(ushort pattern) => pattern > Bf16.Largest ? 0 : Bf16.ToSingle(pattern);

    /// <summary>The code of the level nearest to <paramref name="magnitude"/>, ties to the smaller. Everything here is exact in double precision.</summary>
    private static int Nearest(double magnitude, double scale)
    {
        var code = 0;
        while (code < MagnitudeMax && magnitude > (Level(code) + Level(code + 1)) / 2 * scale)
        {
            code++;
        }

        return scale == 0 ? 0 : code;
    }

    private static double Level(int magnitude) => magnitude == 0 ? 0 : Math.ScaleB(1, magnitude - MagnitudeMax);
}
