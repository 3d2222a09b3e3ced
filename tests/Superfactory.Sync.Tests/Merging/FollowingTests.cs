using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Joiners of every-step: they take the steps that the members merge, from a copy of a trainer's state on, and come to the same model.</summary>
public sealed class FollowingTests
{
    private const ulong Seeds = 20;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Joiner_takes_the_merged_steps_while_the_members_go_on_and_the_others_wait_for_what_is_left(int islands)
    {
        var (followed, ahead, lagged, said) = (0L, 0, 0, new HashSet<string>());
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            var rounds = new long[islands];
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = SyncMode.EveryStep, Format = NumberFormat.Fp32, Faults = 5, TrainerCrashes = seed % 2 == 0, Batches = [2],
                Budget = new BudgetSpecification { Steps = 120 },
            };
            RunChecks.Verify(scenario, new Simulation(scenario)
            {
                Disturb = simulation =>
                {
                    for (var island = 0; island < islands; island++)
                    {
                        var state = simulation.Machines[island].State;
                        followed += state.Follows && rounds[island] > 0 && state.History.Round > rounds[island] ? 1 : 0;
                        ahead += state.Follows && simulation.Machines.Max(machine => machine.State.History.Round) > state.History.Round ? 1 : 0;
                        lagged += state.Lags ? 1 : 0;
                        rounds[island] = state.Follows ? state.History.Round : 0;
                        said.Add(simulation.Machines[island].Progress.Waiting ?? string.Empty);
                    }
                },
            });
        }

        var counts = $"{followed} steps followed, {ahead} times behind, {lagged} times behind as a member";
        followed.ShouldBeGreaterThan(0, $"joiners take steps that others merged: {counts}");
        ahead.ShouldBeGreaterThan(0, counts);
        lagged.ShouldBeGreaterThan(0, counts);
        said.ShouldContain(text => text.Contains("since the copy of a trainer's state"));
        said.ShouldContain(text => text.Contains("steps that it lacks"));
    }
}
