using System.Collections.Immutable;
using Superfactory.Control.Events;
using Superfactory.Control.Reading;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Telemetry;

/// <summary>Takes from a report what is no history, keeps it, and shows it to subscribers. Safe to use from any thread.</summary>
internal sealed class ReportTaker(FactoryWriter writer, TelemetryStore store, IslandBoard board, EventHub hub, Publisher publisher)
{
    /// <summary>Returns once what the report brought is kept.</summary>
    public async ValueTask TakeAsync(string site, AgentReport report, CancellationToken cancellation)
    {
        var state = writer.State;
        var taken = Sanitize(state, site, report);
        var batch = new TelemetryBatch
        {
            Logs = taken.Logs,
            Measurements = taken.Measurements,
            Board = board.Take(state, site, taken),
        };
        await store.AppendAsync(batch, cancellation);
        foreach (var line in taken.Logs.Where(line => hub.IsWanted(line.Job)))
        {
            hub.Publish(FactoryEvent.Of(line));
        }

        foreach (var measurement in taken.Measurements.Where(measurement => hub.IsWanted(measurement.Job)))
        {
            hub.Publish(FactoryEvent.Of(measurement));
        }

        publisher.PublishJobs(taken.Gangs.Where(gang => gang.Progress is not null).Select(gang => gang.Job)
            .Concat(taken.Measurements.Select(measurement => measurement.Job)).Distinct().Order());
    }

    // An agent speaks for its own islands of jobs that exist, and within the limits.
    private static AgentReport Sanitize(FactoryState state, string site, AgentReport report) => report with
    {
        Gangs = report.Gangs.IsDefault ? [] : report.Gangs,
        Links = report.Links.IsDefault ? [] : [.. report.Links.Where(static link => !string.IsNullOrEmpty(link?.Peer)).Select(Counted)],
        Logs = report.Logs.IsDefault ? [] : [.. report.Logs
            .Where(line => IsOwn(state, site, line.Job))
            .Select(line => line with { Island = site, Text = Cut(line.Text) })],
        Measurements = report.Measurements.IsDefault ? [] : [.. report.Measurements
            .Where(measurement => IsOwn(state, site, measurement.Job))
            .Select(measurement => measurement with { Island = site, Values = Cut(measurement.Values) })],
    };

    // Counts begin at zero; one that is said to be less is none.
    private static LinkReport Counted(LinkReport link) => link with
    {
        BytesSent = Math.Max(0, link.BytesSent),
        BytesReceived = Math.Max(0, link.BytesReceived),
        AchievableBytesPerSecond = Math.Max(0, link.AchievableBytesPerSecond),
        FullMilliseconds = Math.Max(0, link.FullMilliseconds),
        Classes = link.Classes.IsDefault ? [] : [.. link.Classes.Where(static own => own is not null)],
    };

    private static bool IsOwn(FactoryState state, string site, long job)
        => state.Jobs.TryGetValue(job, out var known) && known.Islands.Any(island => string.Equals(island.Site, site, StringComparison.Ordinal));

    private static string Cut(string text) => text.Length > TelemetryLimits.LineLengthMax ? text[..TelemetryLimits.LineLengthMax] : text;

    private static ImmutableSortedDictionary<string, double> Cut(ImmutableSortedDictionary<string, double> values)
        => values.Count <= TelemetryLimits.ValuesPerMeasurementMax ? values : values.Take(TelemetryLimits.ValuesPerMeasurementMax).ToImmutableSortedDictionary();
}
