using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Units;

public class BandwidthTests
{
    [Theory]
    [InlineData("100mbit", 100_000_000)]
    [InlineData("1gbit", 1_000_000_000)]
    [InlineData("1.5gbit", 1_500_000_000)]
    [InlineData(" 64 Kbit ", 64_000)]
    [InlineData("9600bit", 9600)]
    [InlineData("1000tbit", Bandwidth.MaxBitsPerSecond)]
    public void A_number_with_a_unit_is_read(string text, long bits)
    {
        Bandwidth.TryParse(text, out var bandwidth, out _).ShouldBeTrue();
        bandwidth.BitsPerSecond.ShouldBe(bits);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    public void No_unit_is_proposed_for_a_number_that_carries_nothing(string text)
    {
        Bandwidth.TryParse(text, out _, out var problem).ShouldBeFalse();
        problem.ShouldNotBeNull().Hint.ShouldBeNull();
    }

    [Theory]
    [InlineData("", "'' is no bandwidth")]
    [InlineData(null, "'' is no bandwidth")]
    [InlineData("100", "Did you mean '100mbit'?")]
    [InlineData("100mbt", "Did you mean '100mbit'?")]
    [InlineData("100 mbit/s", "Did you mean '100mbit'?")]
    [InlineData("100MB", "Links are measured in bits: 1 MB/s is 8mbit.")]
    [InlineData("fastmbit", "Expected a number over 0 and a unit")]
    [InlineData("1e3mbit", "'1e3' is no number")]
    [InlineData("0mbit", "carries nothing")]
    [InlineData("-1mbit", "carries nothing")]
    [InlineData("0.5bit", "no whole number of bits")]
    [InlineData("1001tbit", "more than 1000tbit")]
    [InlineData("79228162514264337593543950335tbit", "more than 1000tbit")]
    public void Anything_else_is_a_problem_that_says_what_was_expected(string? text, string expected)
    {
        Bandwidth.TryParse(text, out var bandwidth, out var problem).ShouldBeFalse();
        problem.ShouldNotBeNull().ToString().ShouldContain(expected);
        bandwidth.BitsPerSecond.ShouldBe(0);
    }

    [Theory]
    [InlineData(0, "0bit")]
    [InlineData(1, "1bit")]
    [InlineData(1500, "1.5kbit")]
    [InlineData(100_000_000, "100mbit")]
    [InlineData(1_500_000_000, "1.5gbit")]
    [InlineData(1_234_567_891, "1.234567891gbit")]
    [InlineData(Bandwidth.MaxBitsPerSecond, "1000tbit")]
    public void It_is_written_exactly_in_the_largest_unit_it_reaches(long bits, string expected) =>
        new Bandwidth(bits).ToString().ShouldBe(expected);

    [Fact]
    public void What_is_written_is_read_back()
    {
        for (long bits = 1; bits <= Bandwidth.MaxBitsPerSecond / 7; bits = (bits * 7) + 3)
        {
            Bandwidth.TryParse(new Bandwidth(bits).ToString(), out var again, out _).ShouldBeTrue();
            again.BitsPerSecond.ShouldBe(bits);
        }
    }

    [Fact]
    public void Negative_and_absurd_numbers_are_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new Bandwidth(-1));
        Should.Throw<ArgumentOutOfRangeException>(() => new Bandwidth(Bandwidth.MaxBitsPerSecond + 1));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1500, "1.5 kB")]
    [InlineData(12_345_678, "12.3 MB")]
    [InlineData(999_950, "1 MB")]
    [InlineData(2_000_000_000, "2 GB")]
    [InlineData(-1500, "-1.5 kB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void Numbers_of_bytes_are_shown_with_three_digits(long bytes, string expected) => ByteCount.Format(bytes).ShouldBe(expected);
}
