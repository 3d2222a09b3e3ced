namespace Superfactory.Model.Tests;

public class NearMatchTests
{
    private static readonly string[] _known = ["every", "outer", "mode", "format", "learning_rate", "every-step"];

    [Theory]
    [InlineData("evry", "every")]
    [InlineData("evrey", "every")]
    [InlineData("EVERY", "every")]
    [InlineData("learning-rate", "learning_rate")]
    [InlineData("lerning_rat", "learning_rate")]
    [InlineData("every_step", "every-step")]
    [InlineData("mod", "mode")]
    public void A_few_slips_away_is_near(string given, string expected) => NearMatch.Find(given, _known).ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("batch")]
    [InlineData("completely different")]
    public void Anything_else_is_not(string given) => NearMatch.Find(given, _known).ShouldBeNull();

    [Fact]
    public void Of_equally_near_names_the_first_in_order_is_taken_whatever_the_order_given()
    {
        NearMatch.Find("sitec", ["siteb", "sitea"]).ShouldBe("sitea");
        NearMatch.Find("sitec", ["sitea", "siteb"]).ShouldBe("sitea");
    }

    [Fact]
    public void A_very_long_name_is_near_nothing() =>
        NearMatch.Find(new string('a', 1_000_000), [new string('a', 1_000_000)]).ShouldBeNull();

    [Fact]
    public void A_hint_is_a_question() => NearMatch.Hint("evry", _known).ShouldBe("Did you mean 'every'?");
}
