using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Whole runs under many seeded schedules in which the control plane changes what is merged, and when.</summary>
public sealed class ModeChangeScheduleTests
{
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var seeds) ? seeds : 25;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_whose_mode_changes_comes_to_what_plain_loops_come_to(int islands)
    {
        var changes = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            changes += Verify(new Scenario { Seed = seed, Islands = islands, Mode = SyncMode.Auto, ModeChanges = 6, Budget = new BudgetSpecification { Steps = 60 } });
        }

        (changes > 2 * (int)_seeds).ShouldBeTrue($"the mode changed {changes} times in {_seeds} runs");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Run_whose_mode_changes_while_islands_and_trainers_are_lost_has_one_history_and_merges_each_sample_once(int islands)
    {
        var changes = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            changes += Verify(new Scenario
            {
                Seed = seed, Islands = islands, Mode = SyncMode.Auto, ModeChanges = 8, Faults = (int)(seed % 10), Doubts = seed % 2 == 0, Tracked = seed % 7 != 0,
                PoisonOneIn = seed % 5 == 0 ? 5 : 0, OverflowOneIn = seed % 3 == 0 ? 6 : 0, Budget = new BudgetSpecification { Steps = 60 },
            });
        }

        (changes > (int)_seeds).ShouldBeTrue($"the mode changed {changes} times in {_seeds} runs");
    }

    /// <summary>How often the mode changed.</summary>
    private static int Verify(Scenario scenario)
    {
        var simulation = RunChecks.Verify(scenario);
        var modes = simulation.Fates.OrderBy(fate => fate.Key).Select(fate => fate.Value.Schedule?.Mode).Where(mode => mode is not null).ToList();
        return modes.Zip(modes.Skip(1)).Count(pair => pair.First != pair.Second);
    }
}
