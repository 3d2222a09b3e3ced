using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Checkpoints that the lanes of an island cut together while rounds go on.</summary>
public sealed class LaneCheckpointTests
{
    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    public void Lanes_cut_the_same_round_of_one_history_whatever_is_lost_meanwhile(int islands, int lanes)
    {
        var cut = 0;
        for (var seed = 1UL; seed <= 60; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = islands, Faults = 5, NormLimit = 0, Budget = new BudgetSpecification { Steps = 14 } };
            var run = new LaneSimulation(scenario, lanes) { Cuts = true }.Run();

            run.Missed.ShouldBeEmpty($"seed {seed}");
            run.Checkpoints.ShouldAllBe(checkpoint => checkpoint.Lanes.Select(lane => lane.Round).Distinct().Count() == 1, $"seed {seed}");
            run.Checkpoints.ShouldAllBe(checkpoint => checkpoint.Lanes.Select(lane => lane.Ledger).Distinct().Count() == 1, $"seed {seed}");
            cut += run.Checkpoints.Count;
        }

        cut.ShouldBeGreaterThan(60);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void Run_that_goes_on_from_what_lanes_cut_ends_as_if_it_had_never_stopped(int islands, int lanes)
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            var (scenario, whole, start) = Stopped(seed, islands, lanes);

            var again = new LaneSimulation(scenario, lanes, start).Run();

            again.Members.ShouldAllBe(island => again.Trainers[island].ModelHash == whole.Trainers[island].ModelHash, $"seed {seed}");
            again.Trainers[0].Parameters.ShouldBe(whole.Trainers[0].Parameters, $"seed {seed}");
            MergedOnce(again, seed);
        }
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public void Island_without_the_checkpoint_takes_every_lane_s_state_from_one_that_has_it(int islands, int lanes)
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            var (scenario, _, start) = Stopped(seed, islands, lanes);

            var again = new LaneSimulation(scenario, lanes, start with { At = [start.Island] }).Run();

            again.Members.Select(island => again.Trainers[island].ModelHash).Distinct().ShouldHaveSingleItem($"seed {seed}");
            MergedOnce(again, seed);
        }
    }

    [Fact]
    public void First_lane_that_asks_after_it_said_that_it_is_ready_is_too_late_for_the_others()
    {
        var missed = 0;
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = 2, NormLimit = 0, Budget = new BudgetSpecification { Steps = 14 } };
            missed += new LaneSimulation(scenario, lanes: 2) { Cuts = true, AsksTooLate = true }.Run().Missed.Count;
        }

        missed.ShouldBeGreaterThan(0);
    }

    /// <summary>A run, and what was cut of it on the way.</summary>
    private static (Scenario Scenario, LaneSimulation Whole, LaneCheckpoint Start) Stopped(ulong seed, int islands, int lanes)
    {
        var scenario = new Scenario { Seed = seed, Islands = islands, Format = NumberFormat.Fp32, NormLimit = 0, Budget = new BudgetSpecification { Steps = 14 } };
        var whole = new LaneSimulation(scenario, lanes) { Cuts = true }.Run();
        return (scenario, whole, whole.Checkpoints.First(checkpoint => checkpoint.Lanes[0] is { Finished: false, Round: > 1 }));
    }

    private static void MergedOnce(LaneSimulation run, ulong seed)
    {
        var planned = run.Machines[0][0].Progress.Ledger!.Planned;
        run.Machines.SelectMany(lanes => lanes).ShouldAllBe(machine => machine.Progress.Ledger == new LedgerTotals(planned, planned, 0, 0, 0), $"seed {seed}");
    }
}
