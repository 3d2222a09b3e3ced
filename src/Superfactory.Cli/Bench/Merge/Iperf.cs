using System.Globalization;
using System.Text;
using System.Text.Json;
using Superfactory.Cli.CommandLine;
using Superfactory.Site.Processes;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>What a link carries, by <c>iperf3</c>: one TCP connection from the first island to the second.</summary>
internal static class Iperf
{
    private const string Program = "iperf3";

    /// <summary>How long it sends, after <see cref="SlowStartSeconds"/> that do not count.</summary>
    private const int Seconds = 5;

    private const int SlowStartSeconds = 2;

    /// <summary>Bits of IP packets per second.</summary>
    /// <exception cref="BenchException">There is no iperf3, or it failed.</exception>
    public static async Task<double> MeasureAsync(MergeStage stage, int mtu, CancellationToken cancellation)
    {
        if (SystemTools.Find(Program) is not { } program)
        {
            throw new BenchException($"Cannot find the program '{Program}', which measures what a link carries. Install the package '{Program}'.", ExitCode.CannotReach);
        }

        var (first, second) = (stage.Islands[0], stage.Islands[1]);
        await using var server = await stage.StartBesideAsync(
            "iperf3 server", second, [program, "--server", "--one-off", "--bind", stage.AddressOf(second), "--forceflush"],
            static line => line.StartsWith("Server listening", StringComparison.Ordinal), cancellation);
        var report = new StringBuilder();
        await using var client = await stage.StartBesideAsync(
            "iperf3 client", first,
            [program, "--client", stage.AddressOf(second), "--time", Text(Seconds), "--omit", Text(SlowStartSeconds), "--json"],
            line =>
            {
                // Its report is all that it writes, one object over many lines.
                report.Append(line);
                return line == "}";
            },
            cancellation);
        return MergeFigures.PacketRate(Read(report.ToString()), mtu);
    }

    /// <summary>Payload bits per second from iperf3's report.</summary>
    internal static double Read(string report)
    {
        try
        {
            using var document = JsonDocument.Parse(report);
            return document.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble();
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BenchException($"iperf3 reported no rate: {report}", ExitCode.CannotReach, error);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
