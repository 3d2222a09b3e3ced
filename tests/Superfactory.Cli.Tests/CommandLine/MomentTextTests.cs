using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Tests.CommandLine;

public sealed class MomentTextTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 23, 18, 0, 0, TimeSpan.FromHours(1));

    [Theory]
    [InlineData("90min", 90)]
    [InlineData("2h", 120)]
    [InlineData("1d", 1440)]
    [InlineData("18:30", 30)]
    [InlineData("17:30", (24 * 60) - 30)]
    [InlineData("2026-11-23T17:30Z", 30)]
    [InlineData("2026-11-23T18:31+01:00", 31)]
    public void Times_are_read_as_people_write_them(string text, int minutes) =>
        MomentText.Read(text, _now).ShouldBe(_now.AddMinutes(minutes).ToUnixTimeMilliseconds());

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("-2h")]
    [InlineData("25:00")]
    [InlineData("2026-02-30T10:00Z")]
    [InlineData("99999999999h")]
    public void What_is_no_time_is_none(string text) => MomentText.Read(text, _now).ShouldBeNull();
}
