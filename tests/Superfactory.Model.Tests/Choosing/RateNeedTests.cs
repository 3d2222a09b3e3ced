using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Choosing;

/// <summary>The rate that a job needs, against what is predicted at that rate.</summary>
public sealed class RateNeedTests
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void One_gigabyte_each_30_steps_in_16_bits_needs_what_two_percent_of_the_time_carry()
    {
        // 4 GB in fp32 are 2 GB in bf16; 30 steps of 0.5 s are 15 s, of which 2 % more may go into the transfer: 15 x (1 / 0.98 - 1) = 0.30612 s.
        var need = RateNeed.Least(new SyncSpecification { Every = 30 }, 2, 4_000_000_000, _step, TimeSpan.Zero)!.Value;

        (2e9 * 8 / need.BitsPerSecond).ShouldBe(15 * ((1 / 0.98) - 1), 0.0001);
    }

    [Theory]
    [InlineData(SyncMode.EveryStep, 2)]
    [InlineData(SyncMode.Diloco, 2)]
    [InlineData(SyncMode.Diloco, 4)]
    [InlineData(SyncMode.Streaming, 3)]
    public void A_mode_reaches_its_target_at_the_rate_and_not_at_one_bit_less(SyncMode mode, int islands)
    {
        var sync = new SyncSpecification { Mode = mode, Every = mode == SyncMode.EveryStep ? 1 : 40, Fragments = 4, Format = NumberFormat.Int8 };
        var need = RateNeed.Least(sync, islands, 400_000_000, _step, TimeSpan.FromMilliseconds(5))!.Value;
        var schedule = mode switch
        {
            SyncMode.EveryStep => MergeSchedule.EveryStep(NumberFormat.Int8),
            SyncMode.Streaming => MergeSchedule.Streaming(40, 4, 1, NumberFormat.Int8),
            _ => MergeSchedule.Diloco(40, NumberFormat.Int8),
        } with { ResultFormat = NumberFormat.Bf16 };

        Share(need.BitsPerSecond).ShouldBeGreaterThanOrEqualTo(ModeChooser.DefaultTarget);
        Share(need.BitsPerSecond - 1).ShouldBeLessThan(ModeChooser.DefaultTarget);

        int Share(long bits) => SharePredictor.Predict(
            new TrainingMeasurement { Islands = islands, ParameterBytes = 400_000_000, StepTime = _step, RoundTrip = TimeSpan.FromMilliseconds(5), LinkRate = new Bandwidth(bits * (islands - 1)) }, schedule).ShareMillionths;
    }

    [Fact]
    public void Auto_needs_no_more_than_any_of_its_modes()
    {
        var auto = new SyncSpecification { Mode = SyncMode.Auto };
        var need = RateNeed.Least(auto, 2, 4_000_000_000, _step, TimeSpan.FromMilliseconds(14))!.Value;
        var modes = ModePilot.Candidates.Select(candidate => RateNeed.Least(
            new SyncSpecification { Mode = candidate.Mode, Every = candidate.Every, Delay = candidate.Delay, Fragments = ModeChooser.StreamingFragments, Format = auto.FormatIn(candidate.Mode) }, 2, 4_000_000_000, _step, TimeSpan.FromMilliseconds(14)));

        need.ShouldBe(modes.Where(static mode => mode is not null).Min()!.Value);
    }

    [Fact]
    public void A_lower_target_needs_less() =>
        Auto(0.8).BitsPerSecond.ShouldBeLessThan(Auto(0.98).BitsPerSecond);

    [Fact]
    public void A_round_trip_that_takes_too_much_of_a_step_is_made_up_by_no_rate() =>
        RateNeed.Least(new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1 }, 2, 4_000_000, _step, TimeSpan.FromMilliseconds(14)).ShouldBeNull();

    private static Bandwidth Auto(double target) => RateNeed.Least(new SyncSpecification { Mode = SyncMode.Auto, Target = target }, 2, 4_000_000_000, _step, TimeSpan.FromMilliseconds(14))!.Value;
}
