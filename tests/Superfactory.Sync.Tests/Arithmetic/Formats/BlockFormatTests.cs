using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>int8 and e3m0 against an oracle of the tests' own, at every length and every width of this machine's vectors.</summary>
public class BlockFormatTests
{
    private const int LengthsEnd = 330;

    public static TheoryData<int, string> Cases()
    {
        var cases = new TheoryData<int, string>();
        foreach (var width in Enum.GetValues<VectorWidth>().Where(width => width <= VectorWidths.Widest))
        {
            foreach (var kind in BlockNumbers.Kinds)
            {
                cases.Add((int)width, kind);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Int8_at_every_length_gives_the_bytes_and_numbers_of_the_oracle(int width, string kind) =>
        ShouldBeLikeTheOracle(new CodecFormat<Int8Codec>(), BlockOracle.Int8, (VectorWidth)width, kind);

    [Theory]
    [MemberData(nameof(Cases))]
    public void E3m0_at_every_length_gives_the_bytes_and_numbers_of_the_oracle(int width, string kind) =>
        ShouldBeLikeTheOracle(new CodecFormat<E3m0Codec>(), BlockOracle.E3m0, (VectorWidth)width, kind);

    [Theory]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void Pieces_of_whole_blocks_give_the_bytes_of_the_whole(NumberFormat kind)
    {
        var format = NumberFormats.Get(kind);
        format.BlockLength.ShouldBe(64);
        var values = BlockNumbers.Draw("special", 1000, 3);
        var whole = new byte[format.EncodedBytes(1000)];
        format.Encode(values, whole);
        var pieces = new List<byte>();
        for (var start = 0; start < values.Length; start += 192)
        {
            var count = Math.Min(192, values.Length - start);
            var piece = new byte[format.EncodedBytes(count)];
            format.Encode(values.AsSpan(start, count), piece);
            pieces.AddRange(piece);
        }

        pieces.ToArray().ShouldBe(whole);
    }

    [Theory]
    [InlineData(NumberFormat.Int8, 0, 0)]
    [InlineData(NumberFormat.Int8, 1, 3)]
    [InlineData(NumberFormat.Int8, 64, 66)]
    [InlineData(NumberFormat.Int8, 65, 69)]
    [InlineData(NumberFormat.E3m0, 0, 0)]
    [InlineData(NumberFormat.E3m0, 1, 3)]
    [InlineData(NumberFormat.E3m0, 63, 34)]
    [InlineData(NumberFormat.E3m0, 64, 34)]
    [InlineData(NumberFormat.E3m0, 67, 38)]
    public void A_block_takes_its_scale_and_its_codes(NumberFormat kind, int count, int bytes) =>
        NumberFormats.Get(kind).EncodedBytes(count).ShouldBe(bytes);

    [Fact]
    public void More_bytes_than_an_array_holds_are_refused() =>
        Should.Throw<OverflowException>(() => NumberFormats.Get(NumberFormat.Fp32).EncodedBytes(int.MaxValue));

    [Theory]
    [InlineData(NumberFormat.Int8, 0x7C01, true)]
    [InlineData(NumberFormat.Int8, 0x7C02, false)]
    [InlineData(NumberFormat.Int8, 0x7F80, false)]
    [InlineData(NumberFormat.Int8, 0x7FC0, false)]
    [InlineData(NumberFormat.Int8, 0x8000, false)]
    [InlineData(NumberFormat.Int8, 0xBF80, false)]
    [InlineData(NumberFormat.E3m0, 0x7F7F, true)]
    [InlineData(NumberFormat.E3m0, 0x7F80, false)]
    [InlineData(NumberFormat.E3m0, 0x7FC0, false)]
    [InlineData(NumberFormat.E3m0, 0x8000, false)]
    [InlineData(NumberFormat.E3m0, 0xBF80, false)]
    public void A_scale_that_no_encoder_writes_makes_a_block_of_zeros(NumberFormat kind, int scale, bool valid)
    {
        foreach (var (width, decoded) in Garbage(kind, scale, code: 0x77))
        {
            decoded.ShouldAllBe(value => float.IsFinite(value) && value != 0 == valid, $"{width}");
        }
    }

    [Fact]
    public void The_byte_minus_128_is_read_as_minus_127()
    {
        foreach (var (width, decoded) in Garbage(NumberFormat.Int8, scale: 0x7C01, code: 0x80))
        {
            decoded.ShouldAllBe(value => value == -127 * BlockOracle.Bf16(0x7C01), $"{width}");
        }
    }

    [Fact]
    public void E3m0_gives_back_every_code_times_every_scale_that_an_encoder_writes()
    {
        var format = NumberFormats.Get(NumberFormat.E3m0);
        var block = new byte[34];
        var (values, again) = (new float[64], new byte[34]);
        for (var scale = 0x0006; scale <= 0x7F7F; scale++)
        {
            // Scales so small that two of the levels are one single are left out.
            (block[0], block[1]) = ((byte)scale, (byte)(scale >> 8));
            for (var pair = 0; pair < 32; pair++)
            {
                block[2 + pair] = (byte)(pair == 0 ? 0xF7 : (pair * 37) & 0xFF);
            }

            format.Decode(block, values);
            format.Encode(values, again);
            again.ShouldBe(block, $"scale {scale:X4}");
        }
    }

    // A whole block for the vectors, and one number for the definition.
    private static IEnumerable<(VectorWidth Width, float[] Decoded)> Garbage(NumberFormat kind, int scale, byte code)
    {
        var bytes = new byte[NumberFormats.Get(kind).EncodedBytes(65)];
        bytes.AsSpan().Fill(code);
        foreach (var start in new[] { 0, bytes.Length - 3 })
        {
            (bytes[start], bytes[start + 1]) = ((byte)scale, (byte)(scale >> 8));
        }

        foreach (var width in Enum.GetValues<VectorWidth>().Where(width => width <= VectorWidths.Widest))
        {
            var decoded = new float[65];
            if (kind == NumberFormat.Int8)
            {
                new CodecFormat<Int8Codec>().Decode(bytes, decoded, width);
            }
            else
            {
                new CodecFormat<E3m0Codec>().Decode(bytes, decoded, width);
            }

            yield return (width, decoded);
        }
    }

    private static void ShouldBeLikeTheOracle<TCodec>(
        CodecFormat<TCodec> format, Func<float[], (byte[] Encoded, float[] Decoded)> oracle, VectorWidth width, string kind)
        where TCodec : struct, INumberCodec
    {
        for (var length = 0; length <= LengthsEnd; length++)
        {
            var what = $"{format.Format}, {width}, {kind}, length {length}";
            var values = BlockNumbers.Draw(kind, length, length + 11);
            var (bytes, numbers) = oracle(values);

            // One byte on, so that nothing is aligned; and a byte behind, which nobody may touch.
            var memory = new byte[format.EncodedBytes(length) + 2];
            memory.AsSpan().Fill(0xA5);
            var encoded = memory.AsSpan(1, memory.Length - 2);
            format.Encode(values, encoded, width);
            encoded.ToArray().ShouldBe(bytes, what);
            (memory[0], memory[^1]).ShouldBe(((byte)0xA5, (byte)0xA5), what);

            var decoded = new float[length];
            format.Decode(encoded, decoded, width);
            decoded.ShouldBeBitwise(numbers, what);
        }
    }
}
