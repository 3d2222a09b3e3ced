using Superfactory.Cli.CommandLine;
using Superfactory.Model;

namespace Superfactory.Cli.Bench.Merge;

/// <summary><c>superfactory bench merge</c> from its options to its report.</summary>
internal static class MergeBenchRun
{
    /// <summary>Puts the stage up, measures, takes it down, reports.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Terminal terminal, MergeBenchOptions options, CancellationToken cancellation)
    {
        try
        {
            var report = await MeasureAsync(terminal, options, cancellation);
            ReportFile.Write(options.JsonFile, report);
            foreach (var line in MergeReports.Text(report))
            {
                terminal.Line(line);
            }

            return ExitCode.Done;
        }
        catch (BenchException error)
        {
            return terminal.Fail([new Problem(error.Message)], error.ExitCode);
        }
    }

    private static async Task<MergeReport> MeasureAsync(Terminal terminal, MergeBenchOptions options, CancellationToken cancellation)
    {
        var machine = Machine.Describe();
        await using MergeStage stage = options.Wan is { } wan ? new LabStage(options, wan, terminal.Time) : new LoopbackStage(options, terminal.Time);
        await stage.StartAsync(cancellation);
        var measured = await new MergeBench(options, stage, terminal.Time, terminal.ErrorLine).RunAsync(cancellation);
        return MergeReports.Of(options, measured, stage.Figures, stage.Tls, stage.ThroughGateways, machine);
    }
}
