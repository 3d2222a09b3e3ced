using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Reroute;

/// <summary><c>superfactory bench reroute</c>: how soon traffic finds another way when a link is cut, and back when it is restored.</summary>
internal static class RerouteBenchCommand
{
    private const string DefaultWan = "100mbit,20ms";

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var wan = Settings.Text("--wan", "RATE,ROUND-TRIP", $"The links between three islands, built by the laboratory (needs root). [default: {DefaultWan}]");
        var cuts = Settings.Whole("--cuts", "How often the link is cut and restored.", 1, RerouteBench.CutsMax, 7);
        var json = Settings.Text("--json", "FILE", "Write the figures to this file as JSON.");
        var command = new Command("reroute", "Measure how soon traffic goes on when a link is cut, and is back when it is restored.") { wan, cuts, json };
        command.SetAction((parsed, cancellation) =>
        {
            var problem = ReportFile.Check(parsed.GetValue(json));
            WanProfile? profile = null;
            if (problem is null && !WanProfile.TryParse(parsed.GetValue(wan) ?? DefaultWan, out profile, out var wrong))
            {
                problem = wrong with { Field = "--wan" };
            }

            problem ??= profile is null ? new Problem("Loopback has no links that could be cut.", Field: "--wan", Hint: "Name a link, such as 100mbit,20ms.") : null;
            return problem is not null
                ? Task.FromResult(terminal.Fail([problem], ExitCode.BadInput))
                : RunAsync(terminal, profile!, (int)parsed.GetValue(cuts), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, WanProfile wan, int cuts, string? json, CancellationToken cancellation)
    {
        try
        {
            var machine = Machine.Describe();
            var options = new MergeBenchOptions { Islands = RerouteBench.Islands, Mib = 1, Format = NumberFormat.Fp32, Wan = wan };
            await using var stage = new LabStage(options, wan, terminal.Time);
            await stage.StartAsync(cancellation);
            var measured = await new RerouteBench(stage, terminal.Time, terminal.ErrorLine).RunAsync(cuts, cancellation);
            var report = RerouteReport.Of(wan.ToString(), SteadyTraffic.MessageBytes * 8.0 * SteadyTraffic.MessagesPerSecond, measured, machine);
            ReportFile.Write(json, report);
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Cut: traffic went on after {report.SecondsMedian:0.000} s (median of {cuts}), {report.SecondsMax:0.000} s at most."));
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Restored: it was back after {report.BackSecondsMedian:0.000} s, {report.BackSecondsMax:0.000} s at most."));
            return ExitCode.Done;
        }
        catch (BenchException error)
        {
            return terminal.Fail([new Problem(error.Message)], error.ExitCode);
        }
    }
}
