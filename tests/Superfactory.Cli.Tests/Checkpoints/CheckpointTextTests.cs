using Superfactory.Cli.Checkpoints;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Checkpoints;

/// <summary>Checkpoints as people read them.</summary>
public sealed class CheckpointTextTests
{
    [Fact]
    public void Each_checkpoint_says_where_it_lies_and_what_is_wrong_with_a_copy()
    {
        var lines = CheckpointText.List(new CheckpointList(7, 1, [Sealed(1) with { Held = true }, Sealed(2)]), now: 185_000);

        lines[1].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .ShouldBe(["1", "10", "40", "1,200", "2.05 kB", "3:05", "held", "atlanta (damaged), iowa (site is away), wisconsin (verified)"]);
        lines[3].ShouldBe("checkpoint 1 at atlanta: The checkpoint's part history.bin was altered.");
    }

    [Fact]
    public void A_job_without_a_checkpoint_says_so() =>
        CheckpointText.List(new CheckpointList(7, 0, []), 0).ShouldBe(["Job 7 has no checkpoint yet."]);

    private static CheckpointView Sealed(long number) => new()
    {
        Number = number,
        Round = 10,
        Epoch = 1,
        Islands = ["wisconsin", "atlanta"],
        Mode = SyncMode.Diloco,
        StateHash = "ab",
        Ledger = new LedgerTotals(4000, 1200, 0, 2800),
        Steps = 40,
        Bytes = 2048,
        SealedUnixMilliseconds = 0,
        Copies =
        [
            Copy("atlanta") with { Standing = CheckpointStanding.Damaged, Problem = "The checkpoint's part history.bin was altered." },
            Copy("iowa") with { Connected = false },
            Copy("wisconsin") with { VerifiedUnixMilliseconds = 1 },
        ],
    };

    private static CheckpointCopyView Copy(string site) => new() { Site = site, Connected = true, Seal = "aa", Standing = CheckpointStanding.Whole };
}
