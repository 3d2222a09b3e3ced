using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Bench;

/// <summary>The report as a table for people. Pure.</summary>
internal static class CodecReportText
{
    /// <summary>The lines.</summary>
    public static ImmutableArray<string> Lines(CodecReport report)
    {
        ImmutableArray<ImmutableArray<string>> rows =
        [
            Row("memcpy", "32", report.Memcpy),
            .. report.Formats.SelectMany(static entry => Rows(entry.Key, entry.Value)),
        ];
        var threads = report.Threads == 1 ? "1 thread" : $"{report.Threads} threads";
        return
        [
            $"{report.Mib} MiB of fp32, {threads}, {(report.VectorBits == 0 ? "no vectors" : $"vectors of {report.VectorBits} bits")}, median of {report.Repeat}:",
            string.Empty,
            .. Table.Lines(["OPERATION", " BITS", " MILLISECONDS", " LEAST", " MOST", " GB/S OF FP32", " OF MEMCPY"], rows),
        ];
    }

    private static ImmutableArray<ImmutableArray<string>> Rows(string format, CodecFigures figures)
    {
        var bits = figures.BitsPerValue.ToString("0.##", CultureInfo.InvariantCulture);
        return
        [
            Row($"{format} encode", bits, figures.Encode),
            Row($"{format} decode", bits, figures.Decode),
            Row($"{format} mean of two", bits, figures.Mean),
            Row($"{format} measure", bits, figures.Measure),
        ];
    }

    private static ImmutableArray<string> Row(string operation, string bits, CodecTiming timing) =>
        [operation, bits, Milliseconds(timing.SecondsMedian), Milliseconds(timing.SecondsMin), Milliseconds(timing.SecondsMax), Number(timing.BytesPerSecond / 1e9), Number(timing.OfMemcpy)];

    private static string Milliseconds(double seconds) => (seconds * 1e3).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
