using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan.Links;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan;

/// <summary>Looks after a gateway's links five times a second, and says how they are. Thread-safe.</summary>
internal sealed class Caretaker : IDisposable
{
    private readonly GatewayCore _core;
    private readonly LinkLimits _limits;
    private readonly Clock _clock;
    private readonly ITimer _timer;
    private readonly Lock _looking = new();
    private readonly ConditionalWeakTable<Link, LinkCare> _cares = [];
    private long _lookedAt;

    public Caretaker(GatewayCore core, LinkLimits limits, Clock clock)
    {
        (_core, _limits, _clock) = (core, limits, clock);
        _timer = clock.Time.CreateTimer(static state => ((Caretaker)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Start() => _timer.Change(_limits.HeartbeatInterval, _limits.HeartbeatInterval);

    /// <summary>Looks after every link once.</summary>
    public void Look()
    {
        // A timer that comes while the last one is still at work has nothing to do.
        if (!_looking.TryEnter())
        {
            return;
        }

        try
        {
            var now = _clock.Now;
            var slept = _lookedAt > 0 && now - _lookedAt > _limits.SuspectAfter.Ticks;
            _lookedAt = now;
            foreach (var link in _core.Links)
            {
                CareOf(link).Look(_core.Network, now, slept, Locked);
            }

            Locked(() => _core.Network.OnTick(now));
        }
        catch (Exception exception)
        {
            // Thrown out of a timer, it would end the process and with it every link.
            _core.Switchboard.Failed("look after its links", exception);
        }
        finally
        {
            _looking.Exit();
        }
    }

    /// <summary>Waits, not for long, until the peers have everything.</summary>
    public async Task FinishAsync()
    {
        var open = _core.Links.Where(link => !link.Streams.IsEmpty).ToArray();
        await Task.WhenAll(open.Select(FinishAsync));
    }

    /// <summary>How each link is, in the order of the peers' names.</summary>
    public ImmutableArray<LinkReport> Reports() => [.. _core.Links.Select(link => Report(link, CareOf(link)))];

    public void Dispose() => _timer.Dispose();

    private async Task FinishAsync(Link link)
    {
        var empty = _core.Locked(() => _core.Network.FindSession(link.Peer)?.WhenEmptyAsync() ?? Task.CompletedTask);
        try
        {
            await empty.WaitAsync(_limits.FarewellMax, _clock.Time);
        }
        catch (TimeoutException)
        {
            _core.Notice(new GatewayNotice(GatewayNoticeKind.LinkDown, link.Peer, $"The link to {link.Peer} is closed before everything was acknowledged."));
        }
    }

    private LinkCare CareOf(Link link) => _cares.GetValue(link, made => new LinkCare(made, _limits, _clock));

    private void Locked(Action action) => _core.Locked(() =>
    {
        action();
        return true;
    });

    private LinkReport Report(Link link, LinkCare care)
    {
        var streams = link.Streams.Length;
        return _core.Locked(() =>
        {
            var session = _core.Network.FindSession(link.Peer);
            return new LinkReport
            {
                Peer = link.Peer,
                Connected = streams > 0 && session is not null && !_core.Network.Port(link.Peer).IsSuspect,
                BytesSent = link.Counters.Sent,
                BytesReceived = link.Counters.Received,
                Reconnects = link.Reconnects,
                FramesRefused = link.Voice.FramesRefused,
                FramesDropped = session is null ? 0 : _core.Network.Port(link.Peer).Relay.Dropped,
                RoundTripMilliseconds = link.Pulse.RoundTrip.Milliseconds,
                Streams = streams,
                Encryption = link.Encryption,
                Loss = link.Meter.Loss,
                BytesRetransmitted = link.Meter.BytesSentAgain + (session?.BytesSentAgain ?? 0),
                AchievableBytesPerSecond = link.Meter.AchievableBytesPerSecond,
                FullMilliseconds = link.Meter.FullMilliseconds,
                Classes = session is null ? [] : [.. Enum.GetValues<TrafficClass>().Select(trafficClass => Report(_core.Network.Routes(link.Peer), care, trafficClass))],
            };
        });
    }

    private static LinkClassReport Report(RouteTable table, LinkCare care, TrafficClass trafficClass) => new()
    {
        Class = trafficClass,
        BytesPerSecond = care.BytesPerSecond(trafficClass),
        InFlightBytes = table.Session.UnderWayBytes(trafficClass),
        WaitingBytes = table.Session.WaitingBytes(trafficClass),
        GrantedBytesPerSecond = table.Granted(trafficClass),
        Routes = [.. table.Feeds(trafficClass).OrderByDescending(feed => feed.Way.BytesUnderWay).ThenByDescending(feed => feed.Pacer.BytesPerSecond).Select(feed => feed.Way.Sites)],
    };
}
