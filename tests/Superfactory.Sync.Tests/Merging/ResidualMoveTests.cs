using Superfactory.Model.Jobs;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>
/// What rounding took from results moves with their leaders: whole runs in which islands leave and come back, their contributions exact,
/// so that every bit of a result says which residual its leader used.
/// </summary>
public sealed class ResidualMoveTests
{
    private static readonly ulong _seeds = ulong.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var seeds) ? seeds : 40;

    [Theory]
    [InlineData(3, SyncMode.Diloco, NumberFormat.Bf16)]
    [InlineData(3, SyncMode.Diloco, NumberFormat.E3m0)]
    [InlineData(4, SyncMode.Diloco, NumberFormat.Int8)]
    [InlineData(5, SyncMode.Diloco, NumberFormat.Int8)]
    public void Results_come_out_as_if_one_island_had_led_them_all_unless_who_had_their_residuals_left(int islands, SyncMode mode, NumberFormat result)
    {
        var (moved, lost, skipped) = (0, 0, 0);
        for (var seed = 1UL; seed <= _seeds; seed++)
        {
            var scenario = new Scenario
            {
                Seed = seed, Islands = islands, Mode = mode, Format = NumberFormat.Fp32, ResultFormat = result, ErrorFeedback = true, Doubts = true, BackOneIn = 150, FaultOneIn = 200, Faults = (int)(seed % 12),
                TrainerCrashes = false, BlankIncarnations = false, Fragments = islands * (1 + (int)(seed % 3)), ChunkLength = 1 + (int)(seed % 4), Budget = new BudgetSpecification { Steps = 40 },
            };
            var simulation = new Simulation(scenario).Run();
            if (simulation.Restarts > 0)
            {
                // Who is started again has lost its memory, and the residuals with it.
                skipped++;
                continue;
            }

            RunChecks.Verify(scenario, simulation);
            var reference = new Reference(scenario, simulation.Fates, simulation.Origin);
            reference.Run();
            moved += reference.ResidualsMoved;
            lost += reference.ResidualsLost;
        }

        moved.ShouldBeGreaterThan(0, $"{lost} lost, {skipped} skipped");
        lost.ShouldBeGreaterThan(0);
    }
}
