using System.Buffers;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Defence;
using Superfactory.Sync.Merging.Wire;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Contributions whose norm is far over what was accepted before: refused alike everywhere, whatever is interrupted, and never in the model.</summary>
public sealed class DefenceTests
{
    /// <summary>Schedules of each scenario: 25, or as many as SUPERFACTORY_TEST_SEEDS says for a longer hunt.</summary>
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_TEST_SEEDS"), out var seeds) ? seeds : 25;

    [Theory]
    [InlineData(2, SyncMode.Diloco, NumberFormat.Bf16)]
    [InlineData(2, SyncMode.EveryStep, NumberFormat.Fp32)]
    [InlineData(3, SyncMode.Diloco, NumberFormat.E3m0)]
    [InlineData(4, SyncMode.EveryStep, NumberFormat.Fp32)]
    public void Contribution_far_over_the_norms_accepted_before_enters_no_model_whoever_leads_or_was_started_again(int islands, SyncMode mode, NumberFormat format)
    {
        var refused = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = mode, Format = format, Every = 2, OutlierOneIn = 2, Faults = (int)(seed % 8), Doubts = seed % 2 == 0,
                StallOneIn = seed % 4 == 1 ? 60 : 0, Fragments = islands * (1 + (int)(seed % 2)), Budget = new BudgetSpecification { Steps = mode == SyncMode.Diloco ? 60 : 30 },
            };

            refused += RunChecks.Verify(scenario, new Simulation(scenario)).RefusedForNorm;
        }

        refused.ShouldBeGreaterThan((int)_seeds);
    }

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(3, SyncMode.Diloco)]
    [InlineData(3, SyncMode.EveryStep)]
    public void Island_that_is_refused_again_and_again_is_set_aside_and_the_run_ends_without_it(int islands, SyncMode mode)
    {
        var aside = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var rogue = (int)(seed % (ulong)islands);
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = mode, Every = 2, Rogue = rogue, Faults = (int)(seed % 5),
                BlankIncarnations = seed % 2 == 0, Budget = new BudgetSpecification { Steps = mode == SyncMode.Diloco ? 60 : 40 },
            };

            var simulation = RunChecks.Verify(scenario, new Simulation(scenario));

            if (simulation.Control.IsAside(rogue))
            {
                aside++;
                simulation.Control.IsMember(rogue).ShouldBeFalse($"seed {seed}");
                simulation.RefusedForNorm.ShouldBeGreaterThanOrEqualTo(MergeLimits.RefusalsInRowMax, $"seed {seed}");
            }
        }

        // Where it was lost meanwhile, or the word of it comes late, the run may end before.
        aside.ShouldBeGreaterThan((int)_seeds / 2);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Trainer_whose_parameters_are_damaged_is_found_by_their_hash_and_takes_the_state_of_another(int islands)
    {
        var found = 0;
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = SyncMode.EveryStep, Format = NumberFormat.Fp32, DamageOneIn = 2, Faults = (int)(seed % 5), BlankIncarnations = false, TrainerCrashes = false,
                Budget = new BudgetSpecification { Steps = 20 },
            };

            found += RunChecks.Verify(scenario, new Simulation(scenario)).Notes.Count(note => note.Contains("takes the state of another"));
        }

        found.ShouldBeGreaterThan((int)_seeds);
    }

    [Fact]
    public void Run_without_a_limit_takes_any_norm()
    {
        var scenario = new Scenario { Seed = 1, Islands = 2, Every = 2, OutlierOneIn = 1, NormLimit = 0, Budget = new BudgetSpecification { Steps = 60 } };

        RunChecks.Verify(scenario, new Simulation(scenario)).RefusedForNorm.ShouldBe(0);
    }

    [Fact]
    public void Nothing_is_compared_before_sixteen_norms_are_accepted()
    {
        var norms = new NormHistory();
        for (var count = 0; count < NormHistory.Depth; count++)
        {
            norms.FindExcess(0, [1e12], 10).ShouldBeNull();
            norms.Accept([count < 8 ? 1.0 : 9.0]);
        }

        norms.Median(0).ShouldBe(2.0, "of eight norms of 1 and eight of 3");
        norms.FindExcess(0, [400.0], 10).ShouldBeNull("20 is ten times the median and not over it");
        norms.FindExcess(5, [400.1], 10).ShouldBe(new NormExcess(5, 0, Math.Sqrt(400.1), 2.0));
        norms.FindExcess(0, [400.1], 0).ShouldBeNull("there is no limit");
    }

    [Fact]
    public void Median_is_of_the_last_sixteen_and_a_median_of_nothing_refuses_nothing()
    {
        var norms = new NormHistory();
        for (var count = 0; count < 40; count++)
        {
            norms.Accept([count < 24 ? 1e20 : 4.0, 0.0]);
        }

        norms.Median(0).ShouldBe(2.0);
        norms.FindExcess(0, [4.0, 1e20], 10).ShouldBeNull();
    }

    [Fact]
    public void Norms_read_back_are_the_same_bytes_and_judge_alike()
    {
        var norms = new NormHistory();
        var random = new SeededRandom(7);
        for (var count = 0; count < 37; count++)
        {
            norms.Accept([random.Below(1000) + 1, random.Below(1000) + 1, random.Below(1000) + 1]);
        }

        var read = Read(Bytes(norms));

        Bytes(read).ShouldBe(Bytes(norms));
        Enumerable.Range(0, 3).Select(read.Median).ShouldBe(Enumerable.Range(0, 3).Select(norms.Median));
        norms.Accept([1, 2, 3]);
        read.Accept([1, 2, 3]);
        Bytes(read).ShouldBe(Bytes(norms));
    }

    [Fact]
    public void Model_cut_otherwise_begins_anew()
    {
        var norms = new NormHistory();
        for (var count = 0; count < NormHistory.Depth; count++)
        {
            norms.Accept([1.0, 1.0]);
        }

        norms.FindExcess(0, [1e9], 10).ShouldBeNull();
        norms.Accept([1.0]);
        norms.Fragments.ShouldBe(1);
        norms.Median(0).ShouldBeNull();
    }

    private static byte[] Bytes(NormHistory norms)
    {
        var buffer = new ArrayBufferWriter<byte>();
        norms.Write(new WireWriter(buffer));
        return buffer.WrittenSpan.ToArray();
    }

    private static NormHistory Read(byte[] bytes)
    {
        var reader = new WireReader(bytes);
        var norms = NormHistory.Read(ref reader);
        reader.Complete.ShouldBeTrue();
        return norms;
    }
}
