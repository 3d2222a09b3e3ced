using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Tests.Frames;

public sealed class ChecksumTests
{
    [Fact]
    public void Checksum_of_every_length_is_that_of_the_polynomial_bit_by_bit()
    {
        var bytes = new byte[7000];
        new Random(4).NextBytes(bytes);
        var crc = uint.MaxValue;
        Checksum.Compute([]).ShouldBe(~crc);
        for (var length = 1; length <= bytes.Length; length++)
        {
            crc = Bitwise(crc, bytes[length - 1]);
            Checksum.Compute(bytes.AsSpan(0, length)).ShouldBe(~crc, $"length {length}");
            Checksum.AppendInParts(uint.MaxValue, bytes.AsSpan(0, length)).ShouldBe(crc, $"length {length}");
        }
    }

    [Fact]
    public void Checksum_goes_on_from_any_other()
    {
        var bytes = new byte[20_000];
        new Random(5).NextBytes(bytes);
        for (var cut = 0; cut < bytes.Length; cut += 997)
        {
            Checksum.Append(Checksum.Compute(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)).ShouldBe(Checksum.Compute(bytes));
        }
    }

    /// <summary>The definition: the polynomial of Castagnoli, reflected (RFC 3720, appendix B.4).</summary>
    private static uint Bitwise(uint crc, byte value)
    {
        crc ^= value;
        for (var bit = 0; bit < 8; bit++)
        {
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1;
        }

        return crc;
    }

    [Fact]
    public void Checksum_by_products_of_polynomials_is_that_of_single_bytes()
    {
        Assert.SkipUnless(FoldedChecksum.IsSupported, "needs a processor that multiplies polynomials by whole vectors");
        var bytes = new byte[9 * FoldedChecksum.StepBytes];
        new Random(5).NextBytes(bytes);
        foreach (var register in new[] { 0u, 1u, 0x80000000u, uint.MaxValue, 0x12345678u })
        {
            for (var length = FoldedChecksum.StepBytes; length < bytes.Length; length += FoldedChecksum.StepBytes)
            {
                var expected = register;
                foreach (var value in bytes.AsSpan(3, length))
                {
                    expected = System.Numerics.BitOperations.Crc32C(expected, value);
                }

                FoldedChecksum.Append(register, bytes.AsSpan(3, length)).ShouldBe(expected);
            }
        }
    }
}
