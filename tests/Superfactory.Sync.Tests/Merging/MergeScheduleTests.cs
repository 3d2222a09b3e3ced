using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Whole runs under many seeded schedules with links cut, trainers crashed, islands restarted blank and contributions refused.</summary>
public sealed class MergeScheduleTests
{
    /// <summary>Schedules of each scenario: 60, or as many as SUPERFACTORY_TEST_SEEDS says for a longer hunt.</summary>
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_TEST_SEEDS"), out var seeds) ? seeds : 60;

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(2, SyncMode.EveryStep)]
    [InlineData(3, SyncMode.Diloco)]
    [InlineData(3, SyncMode.EveryStep)]
    [InlineData(4, SyncMode.Diloco)]
    [InlineData(5, SyncMode.EveryStep)]
    public void Run_under_interruptions_equals_the_plain_loop_and_ends(int islands, SyncMode mode) =>
        ForSeeds(seed => new Scenario { Seed = seed, Islands = islands, Mode = mode, Faults = 1 + (int)(seed % 14) });

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 0)]
    [InlineData(2, 40)]
    [InlineData(3, 40)]
    [InlineData(4, 40)]
    public void Run_that_sends_gradients_from_where_the_trainer_wrote_them_survives_its_crashes(int islands, int stallOneIn) =>
        ForSeeds(seed => new Scenario
        {
            Seed = seed, Islands = islands, Mode = SyncMode.EveryStep, Format = NumberFormat.Fp32, Faults = 2 + (int)(seed % 14), StallOneIn = stallOneIn,
            BlankIncarnations = seed % 2 == 0, Budget = new BudgetSpecification { Steps = 16 },
        });

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(3, SyncMode.Diloco)]
    [InlineData(3, SyncMode.EveryStep)]
    public void Run_with_refused_contributions_deals_their_samples_again_and_merges_each_once(int islands, SyncMode mode) =>
        ForSeeds(seed => new Scenario
        {
            Seed = seed, Islands = islands, Mode = mode, Faults = (int)(seed % 6), PoisonOneIn = 2, Budget = new BudgetSpecification { Steps = 21 },
        });

    [Fact]
    public void Run_with_overflows_skips_the_step_everywhere_and_merges_its_samples_later() =>
        ForSeeds(seed => new Scenario { Seed = seed, Islands = 2 + (int)(seed % 2), Mode = SyncMode.EveryStep, Faults = (int)(seed % 6), OverflowOneIn = 4 });

    [Fact]
    public void Run_with_a_budget_in_samples_ends_with_a_turn_cut_off() =>
        ForSeeds(seed => new Scenario { Seed = seed, Islands = 3, Faults = (int)(seed % 6), Budget = new BudgetSpecification { Samples = 31 + (int)(seed % 7) } });

    [Fact]
    public void Run_whose_loop_draws_no_samples_takes_its_steps_and_has_no_ledger() =>
        ForSeeds(seed => new Scenario { Seed = seed, Islands = 2, Tracked = false, Batches = [1], Faults = (int)(seed % 9) });

    [Fact]
    public void Run_of_one_island_survives_crashes_of_its_trainer() =>
        ForSeeds(seed => new Scenario { Seed = seed, Islands = 1, Mode = seed % 2 == 0 ? SyncMode.Diloco : SyncMode.EveryStep, Faults = 6 });

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(3, SyncMode.Diloco)]
    [InlineData(4, SyncMode.EveryStep)]
    public void Run_whose_islands_are_taken_for_stalled_at_any_time_goes_on_without_them_for_a_round(int islands, SyncMode mode)
    {
        var leftOut = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = islands, Mode = mode, Faults = (int)(seed % 6), StallOneIn = 40, Budget = new BudgetSpecification { Steps = 21 } };
            var simulation = new Simulation(scenario);

            RunChecks.Verify(scenario, simulation);

            leftOut += simulation.Fates.Values.Count(fate => fate.LeftOut != 0);
        }

        leftOut.ShouldBeGreaterThan((int)_seeds / 10);
    }

    [Theory]
    [InlineData(2, SyncMode.Diloco, NumberFormat.Bf16)]
    [InlineData(3, SyncMode.Diloco, NumberFormat.Int8)]
    [InlineData(3, SyncMode.EveryStep, NumberFormat.Fp32)]
    public void Run_whose_trainers_change_what_they_gave_merges_nothing_that_its_header_does_not_say(int islands, SyncMode mode, NumberFormat format)
    {
        var leftOut = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = islands, Mode = mode, Format = format, Faults = (int)(seed % 4), BelieOneIn = 2, Budget = new BudgetSpecification { Steps = 21 } };
            var simulation = new Simulation(scenario);

            RunChecks.Verify(scenario, simulation);

            leftOut += simulation.Fates.Values.Count(fate => fate.LeftOut != 0);
        }

        leftOut.ShouldBeGreaterThan((int)_seeds / 10);
    }

    [Theory]
    [InlineData(2, NumberFormat.Int8, NumberFormat.Bf16)]
    [InlineData(2, NumberFormat.E3m0, NumberFormat.Bf16)]
    [InlineData(3, NumberFormat.E3m0, NumberFormat.Bf16)]
    [InlineData(3, NumberFormat.Int8, NumberFormat.Int8)]
    [InlineData(4, NumberFormat.Bf16, NumberFormat.E3m0)]
    public void Run_in_any_format_equals_the_plain_loop_with_and_without_error_feedback(int islands, NumberFormat format, NumberFormat result) =>
        ForSeeds(seed => new Scenario
        {
            // A residual is lost with the island that keeps it: here none is.
            Seed = seed, Islands = islands, Format = format, ResultFormat = result, ErrorFeedback = seed % 2 == 0, ChunkLength = 1 + (int)(seed % 9),
            Mode = seed % 3 == 0 ? SyncMode.EveryStep : SyncMode.Diloco, Faults = (int)(seed % 6), TrainerCrashes = false, BlankIncarnations = seed % 2 != 0,
            // Whoever leads a fragment for one attempt has no residual of it.
            StallOneIn = islands == 2 && seed % 4 < 2 ? 30 : 0, Budget = new BudgetSpecification { Steps = 20 },
        });

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Run_whose_leaders_have_little_room_holds_contributors_back_and_ends_alike(int islands)
    {
        var scenario = new Scenario { Seed = 3, Islands = islands, Sizes = [400], ChunkLength = 2, StashBytes = 1, Fragments = islands, Faults = 4 };
        var simulation = new Simulation(scenario);

        RunChecks.Verify(scenario, simulation);

        simulation.KeptBytesPeak.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Results_of_a_round_that_ended_at_their_leader_between_its_hello_and_the_peers_answer_are_sent_still() =>
        RunChecks.Verify(new Scenario
        {
            // In this schedule a link comes back between a leader that is about to apply the round and an island that lacks its results.
            Seed = 365, Islands = 3, Format = NumberFormat.Int8, ResultFormat = NumberFormat.Int8, ChunkLength = 6, Mode = SyncMode.Diloco, Faults = 5,
            TrainerCrashes = false, Budget = new BudgetSpecification { Steps = 20 },
        });

    [Fact]
    public void Results_of_an_attempt_that_ended_at_their_leader_before_others_heard_of_it_are_sent_still() =>
        RunChecks.Verify(new Scenario
        {
            // In this schedule an island says what it has of the last attempt, and meanwhile its peer alone makes another and applies the round.
            Seed = 487, Islands = 3, Mode = SyncMode.EveryStep, Format = NumberFormat.Fp32, Faults = 13, StallOneIn = 40,
            BlankIncarnations = false, Budget = new BudgetSpecification { Steps = 16 },
        });

    [Fact]
    public void Same_seed_gives_the_same_effects_in_the_same_order()
    {
        var scenario = new Scenario { Seed = 99, Islands = 3, Faults = 8 };

        new Simulation(scenario).Run().Trace.ShouldBe(new Simulation(scenario).Run().Trace);
        new Simulation(scenario).Run().Trace.ShouldNotBe(new Simulation(scenario with { Seed = 100 }).Run().Trace);
    }

    private static void ForSeeds(Func<ulong, Scenario> make)
    {
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            RunChecks.Verify(make(seed));
        }
    }
}
