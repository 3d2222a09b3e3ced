using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Tests.Choosing;

/// <summary>When a run changes its mode, and when it does not.</summary>
public class ModePilotTests
{
    private static readonly SyncSpecification _auto = new() { Mode = SyncMode.Auto, Every = RunSchedule.First.Every };

    [Fact]
    public void Nothing_is_decided_before_every_member_has_measured_long_enough_under_the_present_schedule()
    {
        var present = RunSchedule.First;
        ModePilot.Decide(present, false, _auto, [Measured(present, 100), null]).ShouldBeNull();
        ModePilot.Decide(present, false, _auto, [Measured(present, 100), Measured(present, 100) with { Rounds = 1 }]).ShouldBeNull();
        ModePilot.Decide(present, false, _auto, [Measured(present, 100), Measured(present, 100) with { LinkBitsPerSecond = 0 }]).ShouldBeNull();
        ModePilot.Decide(new RunSchedule(SyncMode.Diloco, 30), false, _auto, [Measured(present, 100), Measured(present, 100)]).ShouldBeNull();
        ModePilot.Decide(present, false, _auto, [Measured(present, 100)]).ShouldBeNull("an island alone merges with nobody");
        ModePilot.IsEnough(Measured(new RunSchedule(SyncMode.EveryStep, 1), 100) with { Rounds = 19 }).ShouldBeFalse();
        ModePilot.IsEnough(Measured(new RunSchedule(SyncMode.EveryStep, 1), 100) with { Rounds = 20 }).ShouldBeTrue();
    }

    [Fact]
    public void Slowest_island_and_link_decide()
    {
        var present = RunSchedule.First;
        var choice = ModePilot.Decide(present, false, _auto, [Measured(present, 100_000), Measured(present, 200)]).ShouldNotBeNull();
        choice.Schedule.ShouldBe(ModePilot.Decide(present, false, _auto, [Measured(present, 200), Measured(present, 200)])!.Schedule);
    }

    [Fact]
    public void Where_no_candidate_reaches_the_target_the_nearest_is_kept()
    {
        var stalest = ModePilot.Candidates[^1];
        var slow = Measured(stalest, 1);
        ModePilot.Decide(stalest, true, _auto, [slow, slow])!.Schedule.ShouldBe(stalest);
    }

    [Theory]
    [InlineData(1_000, "diloco every 10")]
    [InlineData(100, "diloco every 100")]
    [InlineData(30, "streaming with delay 1")]
    [InlineData(10, "streaming with delay 1")]
    [InlineData(2, "streaming with delay 4")]
    public void Link_too_slow_for_diloco_is_streamed_over_with_the_least_delay_that_suffices(long megabits, string wanted)
    {
        var first = Measured(RunSchedule.First, megabits);
        var choice = ModePilot.Decide(RunSchedule.First, false, _auto, [first, first]).ShouldNotBeNull();
        choice.Schedule.ToString().ShouldBe(wanted);
        choice.PredictedMillionths.ShouldBeGreaterThanOrEqualTo(980_000);
    }

    [Fact]
    public void Streaming_is_measured_over_as_many_steps_as_others_a_fragment_being_merged_in_each_round()
    {
        var streaming = ModePilot.Candidates[^1];
        ModePilot.IsEnough(Measured(streaming, 10) with { Rounds = 3, Fragments = 20 }).ShouldBeFalse();
        ModePilot.IsEnough(Measured(streaming, 10) with { Rounds = 4, Fragments = 20 }).ShouldBeTrue();
    }

    /// <summary>Whatever is measured, deciding again by the same measurements changes nothing more: a run does not flap.</summary>
    [Theory]
    [InlineData(0.9)]
    [InlineData(0.98)]
    [InlineData(0.999)]
    public void Deciding_again_by_the_same_measurements_changes_nothing_more(double target)
    {
        var sync = _auto with { Target = target };
        for (var megabits = 1L; megabits < 200_000; megabits += 1 + (megabits / 50))
        {
            foreach (var begun in ModePilot.Candidates)
            {
                var first = ModePilot.Decide(begun, true, sync, [Measured(begun, megabits), Measured(begun, megabits)])!;
                var again = ModePilot.Decide(first.Schedule, true, sync, [Measured(first.Schedule, megabits), Measured(first.Schedule, megabits)])!;
                again.Schedule.ShouldBe(first.Schedule, $"{megabits} Mbit/s from {begun}");
            }
        }
    }

    private static IslandMeasurement Measured(RunSchedule schedule, long megabits) => new()
    {
        Schedule = schedule, Rounds = 20, StepMicroseconds = 200_000, OwnWorkMicroseconds = 2_000, ParameterBytes = 3_480_000,
        LinkBitsPerSecond = megabits * 1_000_000, RoundTripMicroseconds = 20_000, ShareMillionths = 900_000, Fragments = 2,
    };
}
