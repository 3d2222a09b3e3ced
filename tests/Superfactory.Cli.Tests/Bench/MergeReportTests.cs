using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Tests.Bench;

/// <summary>The report in JSON and in words.</summary>
public sealed class MergeReportTests
{
    private static readonly MergeBenchOptions _options = new()
    {
        Islands = 2,
        Mib = 64,
        Format = NumberFormat.Fp32,
        Wan = new WanProfile(new Bandwidth(1_000_000_000), TimeSpan.FromMilliseconds(20)),
        Loss = 0.001,
        Repeat = 3,
    };

    private static readonly MergeMeasurement _measured = new(
        [0.6, 0.625, 0.7], TimeSpan.FromSeconds(1.5),
        ImmutableSortedDictionary<int, ImmutableArray<double>>.Empty.Add(1, [1.0, 0.9, 1.1]).Add(4, [0.875, 0.8, 0.9]));

    private static readonly MachineReport _machine = new()
    {
        Processor = "processor", Cores = 2, MemoryBytes = 1, System = "system", Kernel = "6", Runtime = ".NET", LoadBefore = 0.5, Version = "0.1.0",
    };

    [Fact]
    public void Report_of_a_link_has_every_field_by_its_name()
    {
        var json = Json(Report(_options, _measured, new LabFigures(9000, 1_000_000_000, 990e6, null)));

        ((int)json["islands"]!, (int)json["mib"]!, (string?)json["format"], (string?)json["wan"], (double)json["loss"]!).ShouldBe((2, 64, "fp32", "1gbit,20ms", 0.001));
        ((double)json["seconds_median"]!, (double)json["seconds_min"]!, (double)json["seconds_max"]!).ShouldBe((0.625, 0.6, 0.7));
        ((double)json["link_utilization"]!).ShouldBe(64 * 1048576 * 8.0 / (1e9 * 0.625), 1e-12);
        ((double)json["cpu_seconds"]!, (bool)json["identical"]!, (bool)json["tls"]!, (bool)json["through_gateways"]!, (bool)json["lab"]!).ShouldBe((1.5, true, true, true, true));
        ((double)json["lab_rate"]!, (int)json["mtu"]!, (int)json["repeat"]!, (long)json["seed"]!).ShouldBe((990e6, 9000, 3, 1));
        ((int)json["machine"]!["cores"]!, (string?)json["machine"]!["superfactory"]).ShouldBe((2, "0.1.0"));
        json["seconds"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact]
    public void Peer_counts_with_its_better_number_of_operations()
    {
        var json = Json(Report(_options, _measured, new LabFigures(9000, 1_000_000_000, 990e6, null)));

        var peer = json["peer"]!;
        ((string?)peer["name"], (int)peer["operations"]!, (double)peer["seconds_median"]!, (double)peer["seconds_min"]!, (double)peer["seconds_max"]!).ShouldBe(("gloo", 4, 0.875, 0.8, 0.9));
        ((double)peer["seconds_median_by_operations"]!["1"]!).ShouldBe(1.0);
        ((double)json["ratio"]!).ShouldBe(0.875 / 0.625, 1e-12);
    }

    [Fact]
    public void Link_that_carries_more_than_asked_counts_with_what_it_carries()
    {
        var report = Report(_options, _measured, new LabFigures(9000, 1_000_000_000, 1.02e9, null));

        report.LinkUtilization.ShouldNotBeNull().ShouldBe(64 * 1048576 * 8.0 / (1.02e9 * 0.625), 1e-12);
    }

    [Fact]
    public void Report_of_loopback_says_nothing_of_a_link_or_a_peer()
    {
        var json = Json(MergeReports.Of(
            _options with { Wan = null, Loss = 0 }, _measured with { PeerSeconds = ImmutableSortedDictionary<int, ImmutableArray<double>>.Empty }, lab: null, tls: false, throughGateways: false, _machine));

        ((string?)json["wan"], (bool)json["tls"]!, (bool)json["through_gateways"]!, (bool)json["lab"]!).ShouldBe(("none", false, false, false));
        foreach (var absent in new[] { "beside_bulk", "link_utilization", "lab_rate", "mtu", "peer", "ratio", "busier_direction" })
        {
            json.ContainsKey(absent).ShouldBeFalse(absent);
        }
    }

    [Fact]
    public void Text_is_a_row_for_each_of_ours_and_the_peer() =>
        MergeReports.Text(Report(_options, _measured, new LabFigures(9000, 1_000_000_000, 990e6, null))).ShouldBe(
        [
            "merge                     median      min      max  of the link",
            "64 MiB, fp32, 2 islands  0.625 s  0.600 s  0.700 s        0.859",
            "gloo, 4 at once          0.875 s  0.800 s  0.900 s        0.614",
        ]);

    [Fact]
    public void What_was_measured_beside_bulk_is_compared_with_what_was_measured_without()
    {
        var measured = _measured with { Bulk = new BulkMeasurement([0.65, 0.6, 0.7], [40e6, 38e6, 50e6], [10, 12, 11, 30], [20, 31, 25, 24], 900e6) };
        var report = Report(_options, measured, new LabFigures(9000, 1_000_000_000, 990e6, null));

        var json = Json(report)["beside_bulk"]!;
        ((double)json["seconds_median"]!, (double)json["seconds_min"]!, (double)json["seconds_max"]!, (double)json["ratio"]!).ShouldBe((0.65, 0.6, 0.7, 0.65 / 0.625));
        ((double)json["bulk_bits_per_second"]!, (double)json["bulk_beside_merges_bits_per_second"]!, (double)json["control_longer_ms"]!).ShouldBe((900e6, 40e6, 13));
        ((double)json["control_idle"]!["median_ms"]!, (double)json["control_idle"]!["p90_ms"]!, (double)json["control_idle"]!["most_ms"]!).ShouldBe((11.5, 12, 30));
        MergeReports.Text(report).TakeLast(3).ShouldBe(
        [
            "beside bulk              0.650 s  0.600 s  0.700 s            –",
            "Beside bulk a merge takes 1.040 times as long, by the medians, and bulk gets 40.0 Mbit/s of each link meanwhile.",
            "A control message takes 11.5 ms (90th percentile 12.0) on idle links, 24.5 ms (25.0) beside bulk of 900 Mbit/s.",
        ]);
    }

    private static MergeReport Report(MergeBenchOptions options, MergeMeasurement measured, LabFigures? lab) =>
        MergeReports.Of(options, measured, lab, tls: true, throughGateways: true, _machine);

    private static JsonObject Json(MergeReport report) => JsonSerializer.SerializeToNode(report, FactoryJson.Readable)!.AsObject();
}
