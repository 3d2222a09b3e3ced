using System.Globalization;

namespace Superfactory.Cli.Soak;

/// <summary>What a soak found, for people.</summary>
internal static class SoakText
{
    /// <summary>The report in lines.</summary>
    public static IEnumerable<string> Lines(SoakReport report)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Schedules} schedules in {report.Seconds:0.0} s: {report.Violations} with a violation, {report.RoundsFinal} final results, {report.Epochs} epoch changes, {report.MergesRefused} contributions refused.");
        yield return $"Faults: {string.Join(", ", report.FaultsByKind.Select(kind => $"{kind.Key} {kind.Value}"))}.";
        yield return $"Trace {report.TraceSha256}.";
    }
}
