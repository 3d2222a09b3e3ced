using System.Diagnostics.Metrics;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Site.Metrics;

namespace Superfactory.Site.Tests.Metrics;

public sealed class WanMetricsTests
{
    [Fact]
    public void Every_instrument_is_named_in_the_documentation_with_its_unit_and_tells_the_link_s_number()
    {
        var report = new LinkReport
        {
            Peer = "atlanta",
            Connected = true,
            BytesSent = 1,
            BytesReceived = 2,
            BytesRetransmitted = 3,
            Reconnects = 4,
            FramesRefused = 5,
            FramesDropped = 14,
            Streams = 6,
            RoundTripMilliseconds = 7.5,
            Loss = 0.25,
            AchievableBytesPerSecond = 8,
            Classes =
            [
                new LinkClassReport { Class = TrafficClass.Merge, BytesPerSecond = 9, InFlightBytes = 10, WaitingBytes = 11, GrantedBytesPerSecond = 12 },
                new LinkClassReport { Class = TrafficClass.Bulk },
            ],
        };
        var seen = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var documented = Documentation();
        using var metrics = new WanMetrics("wisconsin", () => [report], () => 13);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == WanMetrics.MeterName)
                {
                    documented.ShouldContain($"| `{instrument.Name}` | {instrument.Unit} |");
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();

        listener.RecordObservableInstruments();

        seen.Select(entry => $"{entry.Key} {entry.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)}").ShouldBe(
        [
            "achievable atlanta 8", "bytes.received atlanta 2", "bytes.retransmitted atlanta 3", "bytes.sent atlanta 1", "callers.refused 13",
            "class.granted atlanta merge 12", "class.in_flight atlanta bulk 0", "class.in_flight atlanta merge 10", "class.rate atlanta bulk 0",
            "class.rate atlanta merge 9", "class.waiting atlanta bulk 0", "class.waiting atlanta merge 11", "connected atlanta 1",
            "frames.dropped atlanta 14", "frames.refused atlanta 5", "loss atlanta 0.25", "reconnects atlanta 4", "round_trip atlanta 7.5", "streams atlanta 6",
        ]);

        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Other tests' gateways of this process have other sites.
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value as string);
            if (named["site"] == "wisconsin")
            {
                string?[] parts = [instrument.Name["superfactory.wan.".Length..], named.GetValueOrDefault("peer"), named.GetValueOrDefault("class")];
                seen[string.Join(' ', parts.Where(part => part is not null))] = value;
            }
        }
    }

    private static string Documentation()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Superfactory.slnx")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException($"The tests run outside the repository, in {AppContext.BaseDirectory}.");
        }

        return File.ReadAllText(Path.Combine(root.FullName, "docs", "routing.md"));
    }
}
