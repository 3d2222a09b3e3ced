using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Demo;

/// <summary>Writes a <see cref="DemoReport"/> as lines of text. Pure.</summary>
internal static class DemoReportText
{
    /// <summary>Hexadecimal digits of a hash that are shown.</summary>
    private const int HashDigits = 16;

    /// <summary>Lines of the model's text that are shown.</summary>
    private const int SampleLinesMax = 8;

    /// <summary>The report as lines.</summary>
    public static ImmutableArray<string> Lines(DemoReport report)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        var mode = report.Mode switch
        {
            SyncMode.EveryStep => "gradients merged every step",
            SyncMode.Auto => "merged as the run chose by itself",
            SyncMode.Streaming => $"merged fragment by fragment, each every {report.Every} steps (Streaming DiLoCo)",
            _ => $"merged every {report.Every} steps (DiLoCo)",
        };
        lines.Add($"One model, {report.Sites.Length} sites, {RunDisplayText.Number(report.Steps)} steps each, {mode}, in {RunDisplayText.Clock(TimeSpan.FromSeconds(report.Seconds))}.");
        lines.Add(string.Empty);
        lines.Add($"  validation loss   {RunDisplayText.Loss(report.Loss.Initial)} at the start, {RunDisplayText.Loss(report.Loss.Final)} at the end");
        lines.Add($"  over the WAN      {ByteCount.Format(report.Wan.Bytes)} in {RunDisplayText.Merges(report.Rounds)} ({report.Wan.Profile}); every-step data parallel would have sent {ByteCount.Format(report.Wan.BytesEveryStep)}{Ratio(report.Wan)}");
        lines.Add($"  time in steps     {Percent(report.StepTimeShare["mean"])} of the time from the first step to the last");
        lines.Add($"  replicas          {(report.ReplicasIdentical ? "identical to the last bit" : "DIFFERENT")}");
        if (report.Ledger is { } ledger)
        {
            // Streaming merges a model fragment by fragment: its ledger counts each sample once for each.
            var what = report.Mode == SyncMode.Streaming ? "pairs          " : "samples        ";
            var unit = report.Mode == SyncMode.Streaming ? " of sample and fragment" : string.Empty;
            lines.Add($"  {what}   {RunDisplayText.Number(ledger.Planned)}{unit} planned, {RunDisplayText.Number(ledger.Merged)} merged, {Once(ledger)}");
        }

        lines.Add(string.Empty);
        lines.AddRange(Table.Lines(
            ["SITE", " TOKENS", " TIME IN STEPS", "SHA-256 OF THE MODEL THERE"],
            report.Sites.Select(site => ImmutableArray.Create(
                site,
                RunDisplayText.Number(report.Tokens[site]),
                Percent(report.StepTimeShare[site]),
                report.Replicas[site][..Math.Min(HashDigits, report.Replicas[site].Length)] + "…")),
            indent: 2));
        if (report.Sample is { } sample)
        {
            lines.Add(string.Empty);
            lines.Add("  The model writes:");
            lines.AddRange(sample.ReplaceLineEndings("\n").Split('\n').Where(static line => line.Trim().Length > 0).Take(SampleLinesMax).Select(static line => "    " + Printable(line)));
        }

        return lines.ToImmutable();
    }

    private static string Once(LedgerTotals ledger) => ledger.Replayed == 0 ? "each once" : $"{RunDisplayText.Number(ledger.Replayed)} of them trained twice after a loss";

    private static string Ratio(WanReport wan) => wan.Bytes > 0
        ? string.Create(CultureInfo.InvariantCulture, $", {(double)wan.BytesEveryStep / wan.Bytes:0.#} times as much")
        : string.Empty;

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    /// <summary>A model may write anything, also what would command the terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Select(static character => char.IsControl(character) ? '·' : character));
}
