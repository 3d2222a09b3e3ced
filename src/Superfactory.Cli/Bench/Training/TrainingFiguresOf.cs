using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Training;

/// <summary>One block of steps of all trainers.</summary>
/// <param name="Seconds">From the word to the slowest trainer's last step, by its own clock.</param>
/// <param name="Tokens">Of all trainers together.</param>
internal readonly record struct TrainingBlock(double Seconds, long Tokens)
{
    /// <summary>Tokens/s.</summary>
    public double Rate => Tokens / Seconds;
}

/// <summary>The arithmetic and the text of the figures. Pure.</summary>
internal static class TrainingFiguresOf
{
    /// <summary>Steps of a block with merging: at least a fifth of all in whole rounds, so that every block bears its rounds' full cost.</summary>
    /// <param name="steps">Steps in all.</param>
    /// <param name="every">Steps of a round, at most a fifth of all.</param>
    public static int BlockSteps(int steps, int every) => Math.Max(1, steps / TrainingBenchOptions.BlocksMin / every) * every;

    /// <summary>The figures of a mode from its blocks, in turn.</summary>
    /// <param name="mode">Its name.</param>
    /// <param name="every">Steps of a round.</param>
    /// <param name="off">Without merging; as many as <paramref name="on"/>.</param>
    /// <param name="on">With merging.</param>
    /// <param name="wanBytes">See <see cref="TrainingFigures.WanBytes"/>.</param>
    /// <param name="waitSeconds">See <see cref="TrainingFigures.WaitSeconds"/>.</param>
    /// <param name="loss">See <see cref="TrainingFigures.FinalLoss"/>.</param>
    public static TrainingFigures Of(
        string mode, int every, IReadOnlyList<TrainingBlock> off, IReadOnlyList<TrainingBlock> on, long wanBytes, double? waitSeconds, double loss)
    {
        double[] shares = [.. on.Zip(off, static (with, without) => with.Rate / without.Rate)];
        return new TrainingFigures
        {
            Mode = mode,
            Every = every,
            ComputeUtilization = MergeFigures.Median(shares),
            ComputeUtilizationMin = shares.Min(),
            ComputeUtilizationMax = shares.Max(),
            ComputeUtilizationWhole = Whole(on) / Whole(off),
            Blocks = shares.Length,
            TokensPerSecond = MergeFigures.Median([.. on.Select(static block => block.Rate)]),
            TokensPerSecondOff = MergeFigures.Median([.. off.Select(static block => block.Rate)]),
            WanBytes = wanBytes,
            WaitSeconds = waitSeconds,
            FinalLoss = loss,
        };
    }

    /// <summary>The report as lines for people.</summary>
    public static ImmutableArray<string> Text(TrainingReport report) =>
    [
        $"{report.Sites} sites, {report.Wan}, {report.Steps} steps each, one thread and core a trainer:",
        .. Table.Lines(
            ["MODE", "FORMAT", " COMPUTE UTILIZATION", " WHOLE", " TOKENS/S", " WITHOUT MERGING", " OVER THE WAN", " WAITED", " LOSS"],
            Rows(report).Select(static row => ImmutableArray.Create(
                row.Mode,
                row.Format ?? "–",
                string.Create(CultureInfo.InvariantCulture, $"{row.ComputeUtilization:0.000} ({row.ComputeUtilizationMin:0.000}–{row.ComputeUtilizationMax:0.000})"),
                row.ComputeUtilizationWhole.ToString("0.000", CultureInfo.InvariantCulture),
                Number(row.TokensPerSecond),
                Number(row.TokensPerSecondOff),
                ByteCount.Format(row.WanBytes),
                row.WaitSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s") : "–",
                row.FinalLoss.ToString("0.0000", CultureInfo.InvariantCulture))),
            indent: 2),
        .. from row in Rows(report)
           from choice in row.Choices ?? []
           select string.Create(CultureInfo.InvariantCulture, $"  {row.Mode} after round {choice.Round}: {choice.Reason}"),
    ];

    private static double Whole(IReadOnlyList<TrainingBlock> blocks) => blocks.Sum(static block => block.Tokens) / blocks.Sum(static block => block.Seconds);

    private static IEnumerable<TrainingFigures> Rows(TrainingReport report) =>
        report.Peer is { } peer ? [.. report.Modes, peer, report.OneSite] : [.. report.Modes, report.OneSite];

    private static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}
