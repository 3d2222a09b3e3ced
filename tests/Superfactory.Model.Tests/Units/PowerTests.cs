using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Units;

/// <summary>Powers as people write them.</summary>
public sealed class PowerTests
{
    [Theory]
    [InlineData("140kW", 140_000)]
    [InlineData("1.36 MW", 1_360_000)]
    [InlineData("7w", 7)]
    [InlineData("1000GW", Power.MaxWatts)]
    public void A_power_is_a_number_and_a_unit(string text, long watts)
    {
        Power.TryParse(text, out var power, out var problem).ShouldBeTrue(problem?.ToString());
        power.Watts.ShouldBe(watts);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0kW")]
    [InlineData("-1kW")]
    [InlineData("0.5W")]
    [InlineData("1001GW")]
    [InlineData("kW")]
    [InlineData("12 horses")]
    public void What_is_none_is_refused_with_a_sentence(string? text)
    {
        Power.TryParse(text, out _, out var problem).ShouldBeFalse();
        problem!.Message.ShouldEndWith(".");
    }

    [Fact]
    public void What_is_written_is_read_back() => Prop.ForAll(
        Gen.Choose(1, int.MaxValue).Select(watts => (long)watts * 300).ToArbitrary(),
        watts => Power.TryParse(new Power(watts).ToString(), out var power, out _) && power.Watts == watts).QuickCheckThrowOnFailure();
}
