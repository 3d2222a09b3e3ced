using Superfactory.Cli.Links;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Links;

/// <summary>How reserved rates are written for people.</summary>
public sealed class RateTextTests
{
    [Fact]
    public void Each_direction_says_what_it_carries_and_whose_rates_lead_over_it() => RateText.Lines(
    [
        new RateView { From = "atlanta", To = "texas", DeclaredBitsPerSecond = 100_000_000, BitsPerSecond = 60_000_000, Reason = "A digger.", Rates = [new JobRate(7, ["atlanta", "texas"], 40_000_000), new JobRate(9, ["iowa", "atlanta", "texas"], 1_500_000)] },
        new RateView { From = "texas", To = "atlanta", DeclaredBitsPerSecond = 100_000_000, BitsPerSecond = 100_000_000 },
        new RateView { From = "texas", To = "iowa", DeclaredBitsPerSecond = 100_000_000, BitsPerSecond = 0, Reason = "It is cut." },
    ]).ShouldBe(
    [
        "atlanta → texas  carries 60mbit of 100mbit, reserved 41.5mbit. A digger.",
        "  40mbit from atlanta to texas, job 7",
        "  1.5mbit from iowa to texas over atlanta, job 9",
        "texas → atlanta  carries 100mbit, reserved 0bit",
        "texas → iowa  cut of 100mbit, reserved 0bit. It is cut.",
    ]);

    [Fact]
    public void Without_links_it_says_where_they_come_from() => RateText.Lines([]).ShouldHaveSingleItem().ShouldStartWith("No link is known");
}
