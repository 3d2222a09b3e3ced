using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Units;

public class WanProfileTests
{
    [Theory]
    [InlineData("100mbit,14ms", 100_000_000, 14_000)]
    [InlineData(" 1gbit , 0.5ms ", 1_000_000_000, 500)]
    [InlineData("10gbit,250us", 10_000_000_000, 250)]
    [InlineData("56kbit,0s", 56_000, 0)]
    [InlineData("1mbit,10s", 1_000_000, 10_000_000)]
    public void A_bandwidth_and_a_round_trip_are_read(string text, long bits, long microseconds)
    {
        var profile = WanProfile.Parse(text).Value.ShouldNotBeNull();
        profile.Rate.BitsPerSecond.ShouldBe(bits);
        profile.RoundTrip.ShouldBe(TimeSpan.FromMicroseconds(microseconds));
        WanProfile.Parse(profile.ToString()).Value.ShouldBe(profile);
    }

    [Fact]
    public void None_means_that_links_are_real()
    {
        WanProfile.TryParse("none", out var profile, out var problem).ShouldBeTrue();
        profile.ShouldBeNull();
        problem.ShouldBeNull();
        WanProfile.Parse("none").Problems.ShouldHaveSingleItem().Message.ShouldContain("no link to emulate");
    }

    [Theory]
    [InlineData("", "such as 100mbit,14ms, or none")]
    [InlineData(null, "such as 100mbit,14ms, or none")]
    [InlineData("nnone", "Did you mean 'none'?")]
    [InlineData("100mbit", "such as 100mbit,14ms")]
    [InlineData("100mbit,14ms,1", "such as 100mbit,14ms")]
    [InlineData("100mbit,14", "Did you mean '14ms'?")]
    [InlineData("100mbit,fast", "us, ms or s")]
    [InlineData("100mbit,-1ms", "out of range. Expected 0ms to 10s")]
    [InlineData("100mbit,11s", "out of range. Expected 0ms to 10s")]
    [InlineData("0mbit,14ms", "carries nothing")]
    [InlineData("100mb,14ms", "Did you mean '100mbit'?")]
    public void Anything_else_is_a_problem_that_says_what_was_expected(string? text, string expected)
    {
        WanProfile.TryParse(text, out var profile, out var problem).ShouldBeFalse();
        profile.ShouldBeNull();
        problem.ShouldNotBeNull().ToString().ShouldContain(expected);
    }

    [Fact]
    public void A_profile_is_written_as_it_is_read() =>
        new WanProfile(new Bandwidth(100_000_000), TimeSpan.FromMilliseconds(14)).ToString().ShouldBe("100mbit,14ms");
}
