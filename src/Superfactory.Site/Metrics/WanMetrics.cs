using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Metrics;

/// <summary>
/// The gateway's numbers as instruments of the meter <see cref="MeterName"/>, for whatever listens in the process or beside it (an
/// exporter, <c>dotnet-counters</c>). They are read when somebody asks, and cost nothing otherwise. Each is tagged with <c>site</c>
/// and <c>peer</c>, those of a class also with <c>class</c> (control, merge, bulk). Thread-safe.
/// </summary>
public sealed class WanMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Superfactory.Wan";

    private readonly Meter _meter;
    private readonly string _site;
    private readonly Func<ImmutableArray<LinkReport>> _links;

    /// <summary>Makes the instruments.</summary>
    /// <param name="site">The site.</param>
    /// <param name="links">How each link is now.</param>
    /// <param name="callersRefused">Connections that were closed before they were any link's.</param>
    public WanMetrics(string site, Func<ImmutableArray<LinkReport>> links, Func<long> callersRefused)
    {
        (_site, _links) = (site, links);
        _meter = new Meter(MeterName);
        Counter("superfactory.wan.bytes.sent", "By", "Bytes written to the link's sockets.", link => link.BytesSent);
        Counter("superfactory.wan.bytes.received", "By", "Bytes read from the link's sockets.", link => link.BytesReceived);
        Counter("superfactory.wan.bytes.retransmitted", "By", "Bytes that TCP or the gateway sent again.", link => link.BytesRetransmitted);
        Counter("superfactory.wan.reconnects", "{reconnect}", "How often a connection had to be made again.", link => link.Reconnects);
        Counter("superfactory.wan.frames.refused", "{frame}", "Frames refused, each of which closed its connection.", link => link.FramesRefused);
        Counter("superfactory.wan.frames.dropped", "{frame}", "Relayed frames that there was no room for; their senders send them again.", link => link.FramesDropped);
        Gauge("superfactory.wan.connected", "1", "1 where a connection is open, else 0.", link => link.Connected ? 1 : 0);
        Gauge("superfactory.wan.streams", "{stream}", "TCP connections that are open.", link => link.Streams);
        Gauge("superfactory.wan.round_trip", "ms", "The smoothed round-trip time; 0 before it is known.", link => link.RoundTripMilliseconds);
        Gauge("superfactory.wan.loss", "1", "The share of segments that TCP sent again lately, 0 to 1.", link => link.Loss);
        Gauge("superfactory.wan.achievable", "By/s", "What the link carries when it is full, as measured; 0 before it is known.", link => link.AchievableBytesPerSecond);
        ClassGauge("superfactory.wan.class.rate", "By/s", "Payload and framing sent in the last second.", own => own.BytesPerSecond);
        ClassGauge("superfactory.wan.class.in_flight", "By", "Sent and not acknowledged.", own => own.InFlightBytes);
        ClassGauge("superfactory.wan.class.waiting", "By", "Waiting to be sent.", own => own.WaitingBytes);
        ClassGauge("superfactory.wan.class.granted", "By/s", "What the control plane grants; left out where it sets no limit.", own => own.GrantedBytesPerSecond);
        _meter.CreateObservableCounter(
            "superfactory.wan.callers.refused", () => new Measurement<long>(callersRefused(), new KeyValuePair<string, object?>("site", _site)),
            "{connection}", "Connections that were closed before they were any link's.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Counter(string name, string unit, string description, Func<LinkReport, long> value)
        => _meter.CreateObservableCounter(name, () => _links().Select(link => new Measurement<long>(value(link), Tags(link))), unit, description);

    private void Gauge(string name, string unit, string description, Func<LinkReport, double> value)
        => _meter.CreateObservableGauge(name, () => _links().Select(link => new Measurement<double>(value(link), Tags(link))), unit, description);

    private void ClassGauge(string name, string unit, string description, Func<LinkClassReport, long?> value)
        => _meter.CreateObservableGauge(
            name,
            () => _links().SelectMany(link => link.Classes.IsDefault ? [] : link.Classes, (link, own) => (link, own, value: value(own)))
                .Where(entry => entry.value is not null)
                .Select(entry => new Measurement<long>(
                    entry.value!.Value,
                    [.. Tags(entry.link), new KeyValuePair<string, object?>("class", entry.own.Class.ToString().ToLowerInvariant())])),
            unit, description);

    private KeyValuePair<string, object?>[] Tags(LinkReport link) => [new("site", _site), new("peer", link.Peer)];
}
