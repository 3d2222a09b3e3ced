using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic;

public class NumberFormatTests
{
    private readonly CodecFormat<Bf16Codec> _bf16 = new();

    public static TheoryData<int, bool> Cases() => VectorMathTests.Cases();

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(-2f, 0xC000)]
    [InlineData(1.00390625f, 0x3F80)] // halfway, down to even
    [InlineData(1.01171875f, 0x3F82)] // halfway, up to even
    [InlineData(1.0039064f, 0x3F81)] // a little over halfway
    [InlineData(0f, 0x0000)]
    [InlineData(-0f, 0x8000)]
    [InlineData(float.Epsilon, 0x0000)] // the smallest denormal rounds to zero
    [InlineData(1.1754942e-38f, 0x0080)] // the largest denormal rounds to the smallest normal number
    [InlineData(9.2e-41f, 0x0001)] // a denormal that bf16 has
    [InlineData(float.MaxValue, 0x7F80)] // beyond the largest bf16 number: infinity
    [InlineData(3.3895314e38f, 0x7F7F)] // the largest bf16 number
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(float.NegativeInfinity, 0xFF80)]
    public void Bf16_rounds_to_nearest_ties_to_even(float value, int expected)
    {
        foreach (var width in Enum.GetValues<VectorWidth>())
        {
            // A whole block for the vectors, and one more for the definition.
            var encoded = new byte[130];
            _bf16.Encode(Enumerable.Repeat(value, 65).ToArray(), encoded, width);
            for (var index = 0; index < 65; index++)
            {
                ((int)BinaryPrimitives.ReadUInt16LittleEndian(encoded.AsSpan(index * 2))).ShouldBe(expected, $"{width}, element {index}");
            }
        }
    }

    [Theory]
    [InlineData(0x7F80_0001u)] // its only payload bit is in the half that is cut
    [InlineData(0x7FFF_FFFFu)] // rounding up would carry into the sign
    [InlineData(0xFFFF_FFFFu)]
    [InlineData(0xFFC0_0000u)]
    public void Bf16_keeps_a_NaN_a_NaN_of_the_same_sign(uint pattern)
    {
        var values = Enumerable.Repeat(BitConverter.UInt32BitsToSingle(pattern), 65).ToArray();
        foreach (var width in Enum.GetValues<VectorWidth>())
        {
            var encoded = new byte[130];
            var decoded = new float[65];
            _bf16.Encode(values, encoded, width);
            for (var index = 0; index < 65; index++)
            {
                BinaryPrimitives.ReadUInt16LittleEndian(encoded.AsSpan(index * 2)).ShouldBe((ushort)((pattern >> 16) | 0x40), $"{width}, element {index}");
            }

            _bf16.Decode(encoded, decoded, width);
            decoded.ShouldAllBe(value => float.IsNaN(value) && float.IsNegative(value) == (pattern >> 31 == 1));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bf16_at_every_length_and_any_alignment_gives_the_nearest_number(int width, bool special)
    {
        for (var length = 0; length <= Numbers.LengthsEnd; length++)
        {
            var values = Numbers.Draw(length, length + 5, special);
            var encoded = new byte[(length * 2) + 1].AsSpan(1);
            _bf16.Encode(values, encoded, (VectorWidth)width);
            for (var index = 0; index < length; index++)
            {
                var actual = BinaryPrimitives.ReadUInt16LittleEndian(encoded[(index * 2)..]);
                if (!float.IsNaN(values[index]))
                {
                    actual.ShouldBe(Nearest(values[index]), $"length {length}, {values[index]:R}");
                }
            }

            var decoded = new float[length];
            _bf16.Decode(encoded, decoded, (VectorWidth)width);
            var expected = new float[length];
            for (var index = 0; index < length; index++)
            {
                var upper = (uint)BinaryPrimitives.ReadUInt16LittleEndian(encoded[(index * 2)..]) << 16;
                expected[index] = BitConverter.UInt32BitsToSingle(upper);
                (float.IsNaN(values[index]) == float.IsNaN(expected[index])).ShouldBeTrue();
            }

            decoded.ShouldBeBitwise(expected, $"length {length}");
        }
    }

    [Fact]
    public void Bf16_gives_back_every_one_of_its_own_numbers()
    {
        var encoded = new byte[65536 * 2];
        for (var pattern = 0; pattern < 65536; pattern++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(encoded.AsSpan(pattern * 2), (ushort)pattern);
        }

        var decoded = new float[65536];
        var again = new byte[encoded.Length];
        _bf16.Decode(encoded, decoded);
        _bf16.Encode(decoded, again);
        for (var pattern = 0; pattern < 65536; pattern++)
        {
            var expected = float.IsNaN(decoded[pattern]) ? pattern | 0x40 : pattern;
            ((int)BinaryPrimitives.ReadUInt16LittleEndian(again.AsSpan(pattern * 2))).ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData(NumberFormat.Fp32)]
    [InlineData(NumberFormat.Bf16)]
    [InlineData(NumberFormat.Int8)]
    [InlineData(NumberFormat.E3m0)]
    public void DecodeAccumulate_gives_the_bits_of_decoding_and_then_accumulating(NumberFormat kind)
    {
        var format = NumberFormats.Get(kind);
        foreach (var length in Enumerable.Range(0, 70).Append(5000))
        {
            var encoded = new byte[format.EncodedBytes(length)];
            format.Encode(Numbers.Draw(length, 8, special: true), encoded);
            var expected = Numbers.Draw(length, 9, special: true);
            var actual = expected.ToArray();
            var decoded = new float[length];
            format.Decode(encoded, decoded);
            VectorMath.MultiplyAccumulate(0.4f, decoded, expected);
            format.DecodeAccumulate(0.4f, encoded, actual);
            actual.ShouldBeBitwise(expected, $"length {length}");
        }
    }

    [Fact]
    public void Fp32_keeps_every_bit_including_the_payload_of_a_NaN()
    {
        var format = NumberFormats.Get(NumberFormat.Fp32);
        ReadOnlySpan<uint> patterns = [0x3FC0_0000, 0x8000_0000, 0x7F80_0001];
        var encoded = new byte[12];
        format.Encode(MemoryMarshal.Cast<uint, float>(patterns), encoded);
        Convert.ToHexString(encoded).ShouldBe("0000C03F" + "00000080" + "0100807F");
        var decoded = new float[3];
        format.Decode(encoded, decoded);
        MemoryMarshal.Cast<float, uint>(decoded).ToArray().ShouldBe(patterns.ToArray());
    }

    [Fact]
    public void Every_number_format_of_a_job_has_a_codec_of_its_own() =>
        Enum.GetValues<NumberFormat>().ShouldAllBe(format => NumberFormats.Get(format).Format == format);

    [Fact]
    public void A_destination_of_another_length_is_refused() =>
        Should.Throw<ArgumentException>(() => _bf16.Encode(new float[3], new byte[7]));

    // By search, not by the trick of the code: the nearer of the two bf16 numbers around, in double precision, ties to the even one.
    private static ushort Nearest(float value)
    {
        var sign = float.IsNegative(value) ? 0x8000 : 0;
        var magnitude = Math.Abs((double)value);
        var below = (int)(BitConverter.SingleToUInt32Bits(MathF.Abs(value)) >> 16);
        if (double.IsInfinity(magnitude))
        {
            return (ushort)(sign | below);
        }

        var down = Magnitude(below);
        var up = Magnitude(below + 1);
        var takesUp = magnitude - down > up - magnitude || (magnitude - down == up - magnitude && below % 2 == 1);
        return (ushort)(sign | (takesUp ? below + 1 : below));
    }

    // The infinity stands where the next number would be, 2^128, for the purpose of rounding.
    private static double Magnitude(int pattern) =>
        pattern == 0x7F80 ? Math.ScaleB(1, 128) : BitConverter.UInt32BitsToSingle((uint)pattern << 16);
}
