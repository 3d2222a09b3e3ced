using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Whole runs under many seeded schedules in which islands are lost, left out while they live, and let in again.</summary>
public sealed class MembershipScheduleTests
{
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var seeds) ? seeds : 100;

    [Theory]
    [InlineData(1, SyncMode.Diloco)]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(3, SyncMode.Diloco)]
    [InlineData(5, SyncMode.Diloco)]
    [InlineData(2, SyncMode.EveryStep)]
    [InlineData(4, SyncMode.EveryStep)]
    [InlineData(3, SyncMode.EveryStep, BatchPolicy.Shrink)]
    public void Run_whose_membership_changes_at_any_step_has_one_history_and_merges_each_sample_once(int islands, SyncMode mode, BatchPolicy batch = BatchPolicy.Keep)
    {
        var (epochs, leftOut) = (0, 0);
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = mode, Batch = batch, Doubts = true, Faults = (int)(seed % 12), StallOneIn = seed % 3 == 0 ? 60 : 0,
                PoisonOneIn = seed % 5 == 0 && mode == SyncMode.Diloco ? 5 : 0, Fragments = islands * (1 + (int)(seed % 3)), Budget = new BudgetSpecification { Steps = 25 },
            };
            var simulation = new Simulation(scenario);

            RunChecks.Verify(scenario, simulation);

            epochs += simulation.Control.Epoch.Number;
            leftOut += simulation.Fates.Values.Count(fate => fate.LeftOut != 0);
        }

        (epochs > (islands > 1 ? 2 : 1) * (int)_seeds).ShouldBeTrue($"{epochs} epochs in {_seeds} runs");
        (leftOut > (islands > 1 ? (int)_seeds / 4 : -1)).ShouldBeTrue($"{leftOut} rounds were merged without an island");
    }
}
