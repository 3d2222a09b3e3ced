using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Rounds that close without islands that are late: what those bring is dropped and counted, and their samples are dealt again.</summary>
public sealed class QuorumTests
{
    /// <summary>Schedules of each scenario: 40, or as many as SUPERFACTORY_TEST_SEEDS says for a longer hunt.</summary>
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_TEST_SEEDS"), out var seeds) ? seeds : 40;

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 1)]
    public void Round_that_closes_without_late_islands_is_the_plain_loops_and_merges_each_sample_once(int islands, int quorum)
    {
        var (leftOut, late, refused) = (0, 0, 0L);
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Quorum = quorum, SlowOneIn = 12, Faults = (int)(seed % 7), Doubts = seed % 3 == 0, StallOneIn = seed % 4 == 1 ? 60 : 0,
                Fragments = islands * (1 + (int)(seed % 2)), Budget = new BudgetSpecification { Steps = 24 },
            };
            var simulation = new Simulation(scenario);

            RunChecks.Verify(scenario, simulation);

            leftOut += simulation.Fates.Values.Count(fate => fate.LeftOut != 0);
            late += simulation.Notes.Count(note => note.Contains("came too late"));
            refused += simulation.Machines[simulation.Members.First()].Progress.ContributionsRefused;
        }

        leftOut.ShouldBeGreaterThan((int)_seeds);
        late.ShouldBeGreaterThan((int)_seeds / 4);
        refused.ShouldBeGreaterThanOrEqualTo(leftOut / 2, "what was left out is counted");
    }

    [Fact]
    public void Run_without_a_quorum_closes_no_round_early()
    {
        var scenario = new Scenario { Seed = 3, Islands = 3, Budget = new BudgetSpecification { Steps = 24 } };
        var simulation = new Simulation(scenario) { Disturb = simulation => simulation.Machines.ShouldAllBe(machine => !machine.IsQuorate) };

        RunChecks.Verify(scenario, simulation);

        simulation.Fates.Values.ShouldAllBe(fate => fate.LeftOut == 0);
    }
}
