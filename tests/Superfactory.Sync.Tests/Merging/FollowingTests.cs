using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Transfer;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Islands of every-step that come back: they take the steps that the others took, and end with the parameters of a plain loop all the same.</summary>
public sealed class FollowingTests
{
    [Theory]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void Island_that_comes_back_takes_the_others_steps_or_a_whole_state_where_it_cannot(int islands, bool refuses)
    {
        var (followed, spared, whole) = (0, 0, 0);
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = SyncMode.EveryStep, Doubts = true, BackOneIn = 3, Faults = (int)(seed % 8), FaultOneIn = 40,
                OverflowOneIn = seed % 3 == 0 ? 9 : 0, Fragments = islands, Budget = new BudgetSpecification { Steps = 40 },
            };
            var simulation = RunChecks.Verify(scenario, new Simulation(scenario)
            {
                Disturb = simulation =>
                {
                    foreach (var trainer in simulation.Trainers.OfType<VirtualTrainer>())
                    {
                        trainer.Refuses = refuses;
                    }
                },
            });
            foreach (var trainer in simulation.Trainers.OfType<VirtualTrainer>())
            {
                followed += trainer.StepsFollowed;
                spared += trainer is { StatesTaken: 1, StepsFollowed: > 0 } ? 1 : 0;
                whole += trainer.StatesTaken > 1 ? 1 : 0;
            }
        }

        followed.ShouldBeGreaterThan(0);
        (refuses ? whole : spared).ShouldBeGreaterThan(4, $"{followed} steps followed, {spared} took one state and steps, {whole} took states");
    }

    [Fact]
    public void Members_that_pause_say_which_island_takes_what_it_lacks()
    {
        HashSet<string> said = [];
        for (var seed = 1UL; seed <= 10 && said.Count == 0; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = 3, Mode = SyncMode.EveryStep, Doubts = true, BackOneIn = 3, Faults = 6, FaultOneIn = 40, Fragments = 3, Budget = new BudgetSpecification { Steps = 40 } };
            new Simulation(scenario)
            {
                Disturb = simulation => said.UnionWith(simulation.Machines
                    .Where(machine => machine.State is { SelfIsMember: true, Initialised: true, History.Round: > 0, Failed: false } && machine.State.Fellows.Any(fellow => fellow is { Established: true, Hello.Initialised: false }))
                    .Select(machine => machine.Progress.Waiting ?? string.Empty).Where(waiting => waiting.EndsWith(", which takes the rest of the run's state that it lacks", StringComparison.Ordinal))),
            }.Run();
        }

        said.ShouldNotBeEmpty();
        said.ShouldAllBe(waiting => waiting.StartsWith("waits for island-"));
    }

    [Fact]
    public void Steps_arrive_as_they_were_and_what_is_cut_short_or_has_a_gap_is_none()
    {
        ImmutableArray<KeptStep> steps = [new(4, 10, 11, new byte[] { 1, 2, 3 }), new(5, 11, 12, new byte[] { 4 })];
        var packed = StepPack.Write(steps, new byte[] { 9, 8 });

        var read = StepPack.Read(packed).ShouldNotBeNull();

        read.Steps.Select(step => (step.Round, step.Before, step.After)).ShouldBe([(4, 10, 11), (5, 11, 12)]);
        read.Bytes.Select(bytes => bytes.ToArray()).ShouldBe([[1, 2, 3], [4]]);
        read.Rest!.Value.ToArray().ShouldBe([9, 8]);
        StepPack.Read(StepPack.Write([], null)).ShouldNotBeNull().ShouldSatisfyAllConditions(none => none.Steps.ShouldBeEmpty(), none => none.Rest.ShouldBeNull());
        for (var length = 0; length < packed.Length; length++)
        {
            StepPack.Read(packed.AsMemory(0, length)).ShouldBeNull($"{length} bytes of {packed.Length}");
        }

        byte[] longer = [.. packed, 0];
        StepPack.Read(longer).ShouldBeNull();
        StepPack.Read(StepPack.Write([steps[0], steps[1] with { Round = 6 }], null)).ShouldBeNull();
        StepPack.Read(StepPack.Write([steps[0], steps[1] with { Before = 10 }], null)).ShouldBeNull();
    }
}
