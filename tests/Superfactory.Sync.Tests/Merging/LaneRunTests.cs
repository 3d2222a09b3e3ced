using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Runs whose model is merged in lanes, compared with one plain loop over the whole model.</summary>
public sealed class LaneRunTests
{
    [Theory]
    [InlineData(2, 2, NumberFormat.Bf16)]
    [InlineData(2, 4, NumberFormat.Fp32)]
    [InlineData(3, 2, NumberFormat.Bf16)]
    [InlineData(4, 3, NumberFormat.Fp32)]
    public void Run_in_lanes_without_interruption_equals_the_plain_loop_over_the_whole_model(int islands, int lanes, NumberFormat format)
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            var run = Verify(new Scenario { Seed = seed, Islands = islands, Format = format, NormLimit = 0 }, lanes);

            run.Notes.ShouldBeEmpty();
            run.Retried.ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData(2, 2, 150)]
    [InlineData(3, 2, 150)]
    [InlineData(3, 3, 450)]
    public void Islands_that_are_lost_lane_by_lane_leave_one_history_and_every_sample_merged_once(int islands, int lanes, ulong seeds)
    {
        var (caughtUp, retried) = (0, 0);
        for (var seed = 1UL; seed <= seeds; seed++)
        {
            var run = Verify(new Scenario { Seed = seed, Islands = islands, Faults = 5, NormLimit = 0, Budget = new BudgetSpecification { Steps = 14 } }, lanes);
            (caughtUp, retried) = (caughtUp + run.CaughtUp, retried + run.Retried.Count);
        }

        // Otherwise the schedules would not reach the moments that lanes are about.
        caughtUp.ShouldBeGreaterThan(0);
        retried.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Contribution_that_is_not_finite_in_one_lane_is_refused_in_all()
    {
        var refused = 0L;
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var run = Verify(new Scenario { Seed = seed, Islands = 3, PoisonOneIn = 2, NormLimit = 0, Budget = new BudgetSpecification { Steps = 20 } }, lanes: 2);
            var counts = run.Machines.SelectMany(lane => lane).Select(machine => machine.Progress.ContributionsRefused).Distinct().ToList();
            counts.Count.ShouldBe(1, $"seed {seed}");
            refused += counts[0];
        }

        refused.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Norm_far_over_those_before_in_one_lane_refuses_the_contribution_in_all()
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            var run = new LaneSimulation(new Scenario { Seed = seed, Islands = 2, OutlierOneIn = 2, Every = 1, Fragments = 1, Budget = new BudgetSpecification { Steps = 40 } }, lanes: 2).Run();
            var counts = run.Machines.SelectMany(lane => lane).Select(machine => machine.Progress.ContributionsRefused).Distinct().ToList();

            counts.Count.ShouldBe(1, $"seed {seed}");
            counts[0].ShouldBeGreaterThan(0, $"seed {seed}");
            run.Notes.ShouldAllBe(note => note.Contains("the norm of fragment 0"));
        }
    }

    private static LaneSimulation Verify(Scenario scenario, int lanes)
    {
        var where = $"seed {scenario.Seed}";
        var run = new LaneSimulation(scenario, lanes).Run();
        var reference = new Reference(scenario, run.Fates, run.Origin);
        reference.Run();
        foreach (var island in run.Members)
        {
            var trainer = run.Trainers[island];
            trainer.Parameters.AsSpan().SequenceEqual(reference.Parameters).ShouldBeTrue($"{where}: the model at island {island} is not the reference's");
            foreach (var machine in run.Machines[island])
            {
                machine.State.History.Ledger!.MergedRanges.ShouldBe([new PositionRange(0, reference.Planned)], where);
                machine.Progress.Ledger.ShouldBe(new(reference.Planned, reference.Planned, 0, 0), where);
            }
        }

        run.Members.Select(island => run.Trainers[island].ModelHash).Distinct().Count().ShouldBe(1, where);
        reference.Merged.Order().ShouldBe(Enumerable.Range(0, (int)reference.Planned).Select(position => (long)position), where);
        return run;
    }
}
