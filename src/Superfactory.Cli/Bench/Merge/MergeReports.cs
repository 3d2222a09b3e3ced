using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Makes the report of a measurement, and its text for people. Pure.</summary>
internal static class MergeReports
{
    /// <summary>The report.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="measured">What was measured.</param>
    /// <param name="lab">What is known of the laboratory; null without one.</param>
    /// <param name="tls">Whether it was encrypted between islands.</param>
    /// <param name="throughGateways">Whether it went through gateways.</param>
    /// <param name="machine">Where.</param>
    public static MergeReport Of(MergeBenchOptions options, MergeMeasurement measured, LabFigures? lab, bool tls, bool throughGateways, MachineReport machine)
    {
        var median = MergeFigures.Median(measured.Seconds);
        var bits = MergeFigures.BitsPerNumber(options.Format);
        var peer = PeerOf(options, measured, lab);
        return new MergeReport
        {
            Islands = options.Islands,
            Mib = options.Mib,
            Format = options.Format,
            Wan = options.Wan?.ToString() ?? WanProfile.None,
            Loss = options.Loss,
            Mtu = lab?.Mtu,
            Seed = options.Seed,
            Repeat = options.Repeat,
            Seconds = measured.Seconds,
            SecondsMedian = median,
            SecondsMin = measured.Seconds.Min(),
            SecondsMax = measured.Seconds.Max(),
            LinkUtilization = lab is null ? null : Utilization(options, lab, bits, median),
            BusierDirection = lab?.BusierDirection,
            CpuSeconds = measured.ProcessorTime.TotalSeconds,
            Identical = true,
            Tls = tls,
            ThroughGateways = throughGateways,
            Lab = lab is not null,
            LabRate = lab?.Rate,
            Peer = peer,
            Ratio = peer?.SecondsMedian / median,
            BesideBulk = measured.Bulk is { } bulk ? BulkReport.Of(bulk, median) : null,
            Machine = machine,
        };
    }

    /// <summary>The report in a few lines.</summary>
    public static IEnumerable<string> Text(MergeReport report)
    {
        List<ImmutableArray<string>> rows =
        [
            [$"{report.Mib} MiB, {report.Format.ToString().ToLowerInvariant()}, {report.Islands} islands", Seconds(report.SecondsMedian), Seconds(report.SecondsMin), Seconds(report.SecondsMax), Share(report.LinkUtilization)],
        ];
        if (report.Peer is { } peer)
        {
            rows.Add([$"{peer.Name}, {peer.Operations} at once", Seconds(peer.SecondsMedian), Seconds(peer.SecondsMin), Seconds(peer.SecondsMax), Share(peer.LinkUtilization)]);
        }

        if (report.BesideBulk is { } bulk)
        {
            rows.Add(["beside bulk", Seconds(bulk.SecondsMedian), Seconds(bulk.SecondsMin), Seconds(bulk.SecondsMax), Share(null)]);
        }

        return [.. Table.Lines(["merge", " median", " min", " max", " of the link"], rows), .. report.BesideBulk is { } beside ? Beside(beside) : []];
    }

    private static IEnumerable<string> Beside(BulkReport bulk)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture, $"Beside bulk a merge takes {bulk.Ratio:0.000} times as long, by the medians, and bulk gets {bulk.BulkBesideMergesBitsPerSecond / 1e6:0.0} Mbit/s of each link meanwhile.");
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"A control message takes {bulk.ControlIdle.MedianMs:0.0} ms (90th percentile {bulk.ControlIdle.P90Ms:0.0}) on idle links, {bulk.ControlBeside.MedianMs:0.0} ms ({bulk.ControlBeside.P90Ms:0.0}) beside bulk of {bulk.BulkBitsPerSecond / 1e6:0} Mbit/s.");
    }

    private static PeerReport? PeerOf(MergeBenchOptions options, MergeMeasurement measured, LabFigures? lab)
    {
        if (measured.PeerSeconds.IsEmpty)
        {
            return null;
        }

        var medians = measured.PeerSeconds.ToImmutableSortedDictionary(static pair => pair.Key, static pair => MergeFigures.Median(pair.Value));
        var best = medians.MinBy(static pair => pair.Value).Key;
        var seconds = measured.PeerSeconds[best];
        return new PeerReport
        {
            Name = "gloo",
            Operations = best,
            Seconds = seconds,
            SecondsMedian = medians[best],
            SecondsMin = seconds.Min(),
            SecondsMax = seconds.Max(),
            LinkUtilization = lab is null ? null : Utilization(options, lab, MergeFigures.BitsPerNumber(Model.Jobs.NumberFormat.Fp32), medians[best]),
            SecondsMedianByOperations = medians,
        };
    }

    private static double Utilization(MergeBenchOptions options, LabFigures lab, double bits, double seconds) => MergeFigures.Utilization(
        MergeFigures.BitsSent(options.Islands, options.Mib, bits, bits), options.Islands, Math.Max(lab.Asked, lab.Rate), seconds);

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.000} s");

    private static string Share(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0.000}") : "–";
}

/// <summary>What is known of the laboratory that a merge was measured in.</summary>
/// <param name="Mtu">The largest packet of its links.</param>
/// <param name="Asked">Bits per second that each link was asked to carry in each direction.</param>
/// <param name="Rate">Bits of IP packets per second that iperf3 reached.</param>
/// <param name="BusierDirection">With more than two islands, the share of its links that each filled in its busier direction.</param>
internal sealed record LabFigures(int Mtu, long Asked, double Rate, ImmutableSortedDictionary<string, double>? BusierDirection);
