using Superfactory.Cli.Bench.Training;

namespace Superfactory.Cli.Tests.Bench.Training;

/// <summary>The arithmetic of <c>superfactory bench training</c>.</summary>
public class TrainingFiguresTests
{
    [Theory]
    [InlineData(200, 1, 40)]
    [InlineData(200, 30, 30)]
    [InlineData(1500, 30, 300)]
    [InlineData(25, 5, 5)]
    public void Block_has_whole_rounds_and_five_blocks_fit(int steps, int every, int expected)
    {
        var block = TrainingFiguresOf.BlockSteps(steps, every);

        block.ShouldBe(expected);
        (steps / block).ShouldBeGreaterThanOrEqualTo(TrainingBenchOptions.BlocksMin);
    }

    [Fact]
    public void Utilization_is_the_median_of_each_block_over_the_one_without_merging_before_it()
    {
        TrainingBlock[] off = [new(1, 100), new(1, 50), new(2, 200)];
        TrainingBlock[] on = [new(1, 90), new(1, 40), new(4, 200)];

        var figures = TrainingFiguresOf.Of("diloco", 30, off, on, wanBytes: 7, waitSeconds: 1.5, loss: 2);

        (figures.ComputeUtilization, figures.ComputeUtilizationMin, figures.ComputeUtilizationMax, figures.Blocks).ShouldBe((0.8, 0.5, 0.9, 3));
        figures.ComputeUtilizationWhole.ShouldBe(330 / 6.0 / (350 / 4.0), 1e-9);
        (figures.TokensPerSecond, figures.TokensPerSecondOff).ShouldBe((50, 100));
        (figures.WanBytes, figures.WaitSeconds, figures.FinalLoss).ShouldBe((7, 1.5, 2));
    }

    [Fact]
    public void Modes_have_the_defaults_of_a_job_file_and_rounds_that_fit_five_times()
    {
        var modes = TrainingMode.Parse("every-step,diloco,auto", steps: 50, overlap: true).Value!;

        modes.Select(mode => (mode.Name, mode.Sync.Every, mode.Sync.Format.ToString())).ShouldBe([("every-step", 1, "Bf16"), ("diloco", 10, "Bf16"), ("auto", 10, "Bf16")]);
    }
}
