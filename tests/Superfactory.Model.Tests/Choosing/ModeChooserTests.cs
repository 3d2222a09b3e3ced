using Superfactory.Model.Choosing;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Choosing;

/// <summary>What <c>auto</c> decides.</summary>
public class ModeChooserTests
{
    [Theory]
    [InlineData(100_000, "every-step")]
    [InlineData(1_000, "diloco every 10")]
    [InlineData(300, "diloco every 30")]
    [InlineData(100, "diloco every 100")]
    [InlineData(10, "streaming with delay 1")]
    public void First_mode_that_reaches_the_target_is_chosen(long megabits, string expected)
    {
        var choice = ModeChooser.Choose(Demo(megabits));

        choice.Chosen.Schedule.ToString().ShouldBe(expected);
        choice.ReachesTarget.ShouldBeTrue();
        choice.Predictions.TakeWhile(prediction => prediction != choice.Chosen).ShouldAllBe(prediction => prediction.ShareMillionths < ModeChooser.DefaultTarget);
    }

    [Fact]
    public void Longer_delay_is_chosen_where_a_shorter_one_waits() =>
        ModeChooser.Choose(Demo(1_000) with { RoundTrip = TimeSpan.FromMilliseconds(900) }, target: 999_000).Chosen.Schedule.Delay.ShouldBe(5);

    [Fact]
    public void Nearest_mode_is_chosen_where_none_reaches_the_target_and_the_reason_says_so()
    {
        var choice = ModeChooser.Choose(new TrainingMeasurement
        {
            StepTime = TimeSpan.FromMilliseconds(10), ParameterBytes = 400_000_000, Islands = 2, LinkRate = new Bandwidth(1_000_000), RoundTrip = TimeSpan.Zero,
        });

        choice.ReachesTarget.ShouldBeFalse();
        choice.Chosen.ShareMillionths.ShouldBe(choice.Predictions.Max(prediction => prediction.ShareMillionths));
        choice.Reason.ShouldBe("No mode is predicted to reach 98 % of the compute-only rate; streaming with delay 4 (0.2 %) comes nearest.");
    }

    [Fact]
    public void Reason_names_what_fell_short() => ModeChooser.Choose(Demo(1_000)).Reason.ShouldBe(
        "diloco every 10 (98.3 %) is the least stale mode that is predicted to reach 98 % of the compute-only rate; short of it: every-step (80.6 %).");

    [Fact]
    public void Candidates_are_in_order_of_staleness() => string.Join(", ", ModeChooser.Candidates()).ShouldBe(
        "every-step, diloco every 10, diloco every 30, diloco every 100, streaming with delay 1, streaming with delay 2, streaming with delay 3, streaming with delay 4, streaming with delay 5");

    /// <summary>About the demo's model: 0.87 million numbers, 200 ms a step.</summary>
    private static TrainingMeasurement Demo(long megabits) => SharePredictorTests.Measured(870_000, megabits, step: 200, roundTrip: megabits == 100_000 ? 1 : 20);
}
