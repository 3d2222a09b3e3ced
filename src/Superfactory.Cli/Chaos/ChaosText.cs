using System.Globalization;
using System.Text.Json;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Chaos;

/// <summary>Says to people what came of a run under faults.</summary>
internal static class ChaosText
{
    /// <summary>A kind as reports write it.</summary>
    public static string Name(ChaosKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    /// <summary>Writes the report to the terminal, and each violation to its error output.</summary>
    public static void Write(Terminal terminal, ChaosReport report, IReadOnlyList<string> violations)
    {
        foreach (var violation in violations)
        {
            terminal.ErrorLine($"superfactory: {violation}");
        }

        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Faults.Length} faults; the next final result came after {report.RecoverySeconds.Median:0.00} s at the median, {report.RecoverySeconds.Max:0.00} s at most."));
        terminal.Line($"Replicas {(report.ReplicasIdentical ? "identical" : "NOT identical")}, ledger {(report.LedgerExact ? "exact" : "NOT exact")}, {report.Violations} violation{(report.Violations == 1 ? string.Empty : "s")}.");
    }
}
