using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Choosing;

/// <summary>What holds of every prediction. A failure prints the case, made smaller, and the seed to run it again.</summary>
public class SharePredictorTests
{
    private const int Cases = 2000;

    private static readonly Gen<TrainingMeasurement> _measurements =
        from step in Gen.Choose(1, 10_000)
        from numbers in Gen.Choose(1, 2_000_000_000)
        from islands in Gen.Choose(1, 64)
        from kilobits in Gen.Choose(1, 2_000_000_000)
        from roundTrip in Gen.Choose(0, 10_000)
        from work in Gen.Choose(0, 1000)
        select new TrainingMeasurement
        {
            StepTime = TimeSpan.FromMilliseconds(step),
            ParameterBytes = 4L * numbers,
            Islands = islands,
            LinkRate = new Bandwidth(1000L * kilobits),
            RoundTrip = TimeSpan.FromMilliseconds(roundTrip),
            OwnWork = TimeSpan.FromMilliseconds(work),
        };

    private static readonly Gen<MergeSchedule> _schedules =
        from every in Gen.Choose(1, 500)
        from fragments in Gen.Choose(1, every)
        from delay in Gen.Choose(0, every - 1)
        from format in Gen.Elements(Enum.GetValues<NumberFormat>())
        from mode in Gen.Choose(0, 2)
        select mode switch
        {
            0 => MergeSchedule.EveryStep(format),
            1 => MergeSchedule.Diloco(every, format),
            _ => MergeSchedule.Streaming(every, fragments, delay, format),
        };

    [Fact]
    public void Share_is_between_nothing_and_all() =>
        Holds((measured, schedule) => Share(measured, schedule) is >= 0 and <= SharePredictor.Whole);

    [Fact]
    public void More_bandwidth_never_lowers_the_share() => Holds((measured, schedule) =>
        Share(measured with { LinkRate = new Bandwidth((measured.LinkRate.BitsPerSecond * 5 / 4) + 1) }, schedule) >= Share(measured, schedule));

    [Fact]
    public void Longer_round_trip_never_raises_the_share() => Holds((measured, schedule) =>
        Share(measured with { RoundTrip = measured.RoundTrip + TimeSpan.FromMilliseconds(1) }, schedule) <= Share(measured, schedule));

    [Fact]
    public void More_parameters_never_raise_the_share() => Holds((measured, schedule) =>
        Share(measured with { ParameterBytes = measured.ParameterBytes * 2 }, schedule) <= Share(measured, schedule));

    [Fact]
    public void More_islands_never_raise_the_share() => Holds((measured, schedule) =>
        Share(measured with { Islands = measured.Islands + 1 }, schedule) <= Share(measured, schedule));

    [Fact]
    public void Fewer_bits_never_lower_the_share() => Holds((measured, schedule) =>
        Share(measured, schedule with { Format = NumberFormat.E3m0, ResultFormat = NumberFormat.E3m0 }) >= Share(measured, schedule));

    [Fact]
    public void Longer_delay_never_lowers_the_share() => Holds((measured, schedule) =>
        schedule.Mode != "streaming" || schedule.Delay + 1 >= schedule.Every
        || Share(measured, MergeSchedule.Streaming(schedule.Every, schedule.Fragments, schedule.Delay + 1, schedule.Format)) >= Share(measured, schedule));

    [Fact]
    public void Merging_less_often_never_lowers_the_share() => Holds((measured, schedule) =>
        schedule.Mode != "diloco" || Share(measured, MergeSchedule.Diloco(schedule.Every + 1, schedule.Format)) >= Share(measured, schedule));

    [Fact]
    public void Island_alone_never_waits() => Holds((measured, schedule) => Share(measured with { Islands = 1 }, schedule) == SharePredictor.Whole);

    [Fact]
    public void Two_islands_wait_for_one_transfer_of_all_numbers_and_one_round_trip()
    {
        // A million numbers of 16 bits at 100 Mbit/s: 160 ms; with the round trip 180 ms, after 9 steps of 200 ms: 1.8 / 1.98.
        var measured = Measured(numbers: 1_000_000, megabits: 100, step: 200, roundTrip: 20);

        Share(measured, MergeSchedule.Diloco(9)).ShouldBe(909_090);
    }

    [Fact]
    public void Four_islands_send_three_quarters_of_a_contribution_and_as_much_of_results()
    {
        // 0.75 × (16 + 32) bits × a million at 100 Mbit/s: 360 ms.
        var measured = Measured(numbers: 1_000_000, megabits: 100, step: 360, roundTrip: 0) with { Islands = 4 };

        Share(measured, MergeSchedule.Diloco(1) with { ResultFormat = NumberFormat.Fp32 }).ShouldBe(500_000);
    }

    [Fact]
    public void Fragments_that_arrive_within_their_delay_cost_only_the_copying()
    {
        // A quarter of a million numbers of 4.25 bits at 100 Mbit/s: 10.6 ms and 20 ms round trip, within a step of 100 ms.
        var measured = Measured(numbers: 1_000_000, megabits: 100, step: 100, roundTrip: 20) with { OwnWork = TimeSpan.FromMilliseconds(100) };

        Share(measured, MergeSchedule.Streaming(100, 4, 1)).ShouldBe(990_099);
    }

    [Fact]
    public void Link_that_is_slower_than_fragments_are_made_is_waited_for_whatever_the_delay()
    {
        // A million numbers of 16 bits at 1 Mbit/s: 16 s for every 10 steps of 100 ms.
        var measured = Measured(numbers: 1_000_000, megabits: 1, step: 100, roundTrip: 0);

        Share(measured, MergeSchedule.Streaming(10, 2, 9, NumberFormat.Bf16)).ShouldBe(62_500);
    }

    [Fact]
    public void Value_out_of_range_is_named() => Should.Throw<ArgumentOutOfRangeException>(
        () => SharePredictor.Predict(Measured(1, 1, 1, 0) with { StepTime = TimeSpan.Zero }, MergeSchedule.EveryStep())).ParamName.ShouldBe("StepTime");

    internal static TrainingMeasurement Measured(long numbers, long megabits, int step, int roundTrip) => new()
    {
        StepTime = TimeSpan.FromMilliseconds(step),
        ParameterBytes = 4 * numbers,
        Islands = 2,
        LinkRate = new Bandwidth(megabits * 1_000_000),
        RoundTrip = TimeSpan.FromMilliseconds(roundTrip),
    };

    private static int Share(TrainingMeasurement measured, MergeSchedule schedule) => SharePredictor.Predict(measured, schedule).ShareMillionths;

    private static void Holds(Func<TrainingMeasurement, MergeSchedule, bool> law) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Cases),
        Prop.ForAll(_measurements.Zip(_schedules).ToArbitrary(), pair => law(pair.Item1, pair.Item2)));
}
