using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Number formats by their scalar definitions, not by the vectors that merges use.</summary>
internal static class ScalarFormat
{
    /// <summary>Encodes numbers and decodes them again.</summary>
    public static void RoundTrip(NumberFormat format, ReadOnlySpan<float> numbers, Span<float> arrived)
    {
        switch (format)
        {
            case NumberFormat.Fp32:
                numbers.CopyTo(arrived);
                break;
            case NumberFormat.Bf16:
                RoundTrip<Bf16Codec>(numbers, arrived);
                break;
            case NumberFormat.Int8:
                RoundTrip<Int8Codec>(numbers, arrived);
                break;
            case NumberFormat.E3m0:
                RoundTrip<E3m0Codec>(numbers, arrived);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such number format.");
        }
    }

    private static void RoundTrip<TCodec>(ReadOnlySpan<float> numbers, Span<float> arrived)
        where TCodec : struct, INumberCodec
    {
        Span<byte> block = stackalloc byte[INumberCodec.Block * sizeof(float)];
        for (var start = 0; start < numbers.Length; start += INumberCodec.Block)
        {
            var count = Math.Min(INumberCodec.Block, numbers.Length - start);
            var encoded = block[..TCodec.Bytes(count)];
            TCodec.Encode(numbers.Slice(start, count), encoded);
            TCodec.Decode(encoded, arrived.Slice(start, count));
        }
    }
}
