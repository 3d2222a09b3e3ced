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
}
