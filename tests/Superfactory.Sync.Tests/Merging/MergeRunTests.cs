using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>Whole runs without interruption, compared with one plain loop.</summary>
public sealed class MergeRunTests
{
    [Theory]
    [InlineData(1, SyncMode.Diloco, NumberFormat.Bf16)]
    [InlineData(1, SyncMode.EveryStep, NumberFormat.Fp32)]
    [InlineData(2, SyncMode.Diloco, NumberFormat.Bf16)]
    [InlineData(2, SyncMode.EveryStep, NumberFormat.Fp32)]
    [InlineData(3, SyncMode.Diloco, NumberFormat.Fp32)]
    [InlineData(3, SyncMode.EveryStep, NumberFormat.Bf16)]
    [InlineData(5, SyncMode.Diloco, NumberFormat.Bf16)]
    public void Run_without_interruption_equals_the_plain_loop_to_the_bit(int islands, SyncMode mode, NumberFormat format)
    {
        var scenario = new Scenario { Seed = 7, Islands = islands, Mode = mode, Format = format };

        RunChecks.Verify(scenario);
    }

    [Theory]
    [InlineData(2, SyncMode.Diloco)]
    [InlineData(2, SyncMode.EveryStep)]
    [InlineData(4, SyncMode.Diloco)]
    public void State_crosses_to_an_island_once_at_the_start_and_once_at_the_end_however_greetings_cross(int islands, SyncMode mode)
    {
        const int KindAt = 2;
        const byte Offer = 8;
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var offers = 0;
            var simulation = new Simulation(new Scenario { Seed = seed, Islands = islands, Mode = mode });
            simulation.Network.Tamper = (_, _, bytes) =>
            {
                offers += bytes[KindAt] == Offer ? 1 : 0;
                return 1;
            };

            simulation.Run();

            offers.ShouldBe(2 * (islands - 1), $"seed {seed}");
        }
    }

    [Fact]
    public void Run_of_64_islands_with_fewer_parameters_than_islands_ends_alike_everywhere() =>
        RunChecks.Verify(new Scenario { Seed = 3, Islands = 64, Every = 1, Batches = [1], Budget = new BudgetSpecification { Steps = 1 } });
}
