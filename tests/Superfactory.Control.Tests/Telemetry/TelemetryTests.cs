using System.Collections.Immutable;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Tests.Telemetry;

public sealed class TelemetryTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private TelemetryStore _store = null!;

    public ValueTask InitializeAsync()
    {
        _store = TelemetryStore.Open(_directory.Path).Value!;
        _store.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Logs_of_a_job_are_cut_at_their_limit_keeping_the_newest()
    {
        const int Written = TelemetryLimits.LogLinesPerJobMax + TelemetryLimits.Slack + 1;
        await AppendAsync(new TelemetryBatch { Logs = [.. Enumerable.Range(1, Written).Select(number => Samples.Line(1, $"{number}"))] });

        var lines = ReadAll();

        lines.Count.ShouldBe(TelemetryLimits.LogLinesPerJobMax);
        lines[^1].Text.ShouldBe($"{Written}");
        lines[0].Text.ShouldBe($"{Written - TelemetryLimits.LogLinesPerJobMax + 1}");
    }

    [Fact]
    public async Task Measurements_of_a_long_run_are_thinned_and_keep_their_first_and_last()
    {
        const int Written = TelemetryLimits.MeasurementsPerJobMax + TelemetryLimits.Slack + 1;
        await AppendAsync(new TelemetryBatch { Measurements = [.. Enumerable.Range(1, Written).Select(Measured)] });

        var items = new List<Measurement>();
        var page = _store.ReadMeasurements(1, 0, TelemetryLimits.PageMax);
        while (!page.Items.IsEmpty)
        {
            items.AddRange(page.Items);
            page = _store.ReadMeasurements(1, page.Next, TelemetryLimits.PageMax);
        }

        items.Count.ShouldBeLessThanOrEqualTo(TelemetryLimits.MeasurementsPerJobMax);
        items.Count.ShouldBeGreaterThan(TelemetryLimits.MeasurementsPerJobMax / 2);
        items[0].Step.ShouldBe(1);
        items[1].Step.ShouldBe(3);
        items[^2].Step.ShouldBe(Written - 1);
        items[^1].Step.ShouldBe(Written);
    }

    [Fact]
    public async Task Ended_job_with_the_lowest_number_gives_way_when_too_many_jobs_are_kept()
    {
        _store.IsOpen = job => job == 1;
        await AppendAsync(new TelemetryBatch
        {
            Logs = [.. Enumerable.Range(1, TelemetryLimits.JobsMax + 1).Select(job => Samples.Line(job, "here"))],
        });

        _store.ReadLogs(1, 0, 10).Lines.ShouldHaveSingleItem();
        _store.ReadLogs(2, 0, 10).Lines.ShouldBeEmpty();
        _store.ReadLogs(3, 0, 10).Lines.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_kill()
    {
        using var copy = new TemporaryDirectory();
        await AppendAsync(new TelemetryBatch { Logs = [Samples.Line(1, "kept")], Board = [new("site/atlanta", "{}")] });
        foreach (var file in Directory.GetFiles(_directory.Path, "telemetry.db*"))
        {
            File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
        }

        await using var reopened = TelemetryStore.Open(copy.Path).Value!;
        reopened.ReadLogs(1, 0, 10).Lines.ShouldHaveSingleItem().Text.ShouldBe("kept");
        reopened.ReadBoard().Keys.ShouldBe(["site/atlanta"]);
    }

    [Fact]
    public void Traffic_only_rises_whatever_counts_from_zero_again()
    {
        var traffic = new SiteTraffic()
            .With("s1", [Link("a", 10), Link("b", 5)])
            .With("s1", [Link("a", 20)])
            .With("s1", [Link("a", 3), Link("b", 6)]);
        traffic.Total().Sent.ShouldBe(20 + 3 + 6);

        var next = traffic.With("s2", [Link("a", 1)]);
        next.Total().Sent.ShouldBe(29 + 1);
        next.With("s2", []).Total().Sent.ShouldBe(30);
    }

    private static LinkReport Link(string peer, long sent) => new() { Peer = peer, Connected = true, BytesSent = sent, BytesReceived = 0 };

    private static Measurement Measured(int step) => new()
    {
        Job = 1,
        Island = "atlanta",
        Step = step,
        UnixMilliseconds = step,
        Values = ImmutableSortedDictionary<string, double>.Empty.Add("loss", 1.0),
    };

    private async Task AppendAsync(TelemetryBatch batch) => await _store.AppendAsync(batch, TestContext.Current.CancellationToken);

    private List<LogLine> ReadAll()
    {
        var lines = new List<LogLine>();
        var page = _store.ReadLogs(1, 0, TelemetryLimits.PageMax);
        while (!page.Lines.IsEmpty)
        {
            lines.AddRange(page.Lines);
            page = _store.ReadLogs(1, page.Next, TelemetryLimits.PageMax);
        }

        return lines;
    }
}
