using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Local;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan;

/// <summary>
/// What of a gateway is not sockets: its switchboard, its network and its links, one lock that guards the first two, and one timer
/// for what they wait for. Thread-safe.
/// </summary>
internal sealed class GatewayCore : ILinkOwner, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Clock _clock;
    private readonly ITimer _alarm;
    private readonly SortedDictionary<string, Link> _links = new(StringComparer.Ordinal);
    private long _alarmAt = long.MaxValue;

    public GatewayCore(GatewayOptions options, LinkLimits limits, Func<long> draw, Clock clock)
    {
        _clock = clock;
        Start = draw();
        Switchboard = new Switchboard(options.Site, draw, _gate, options.Notice);
        Network = new Network(new NetworkSetup
        {
            Self = options.Site,
            Start = Start,
            Draw = draw,
            FirstVersion = clock.Time.GetUtcNow().Ticks,
            Owner = Switchboard,
            Floors = options.Floors,
            Limits = limits,
            Alarm = SetAlarm,
        });
        Switchboard.Network = Network;
        _alarm = clock.Time.CreateTimer(static state => ((GatewayCore)state!).OnAlarm(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Names this start of the gateway.</summary>
    public long Start { get; }

    public Switchboard Switchboard { get; }

    /// <summary>Only to be used through <see cref="Locked{T}"/>.</summary>
    public Network Network { get; }

    /// <summary>The links, in the order of their peers' names.</summary>
    public ImmutableArray<Link> Links => Locked(() => _links.Values.ToImmutableArray());

    /// <summary>The link to a site; null where that is no peer.</summary>
    public Link? FindLink(string peer) => Locked(() => _links.GetValueOrDefault(peer));

    /// <summary>Does something under the lock, then tells what there is to tell.</summary>
    public T Locked<T>(Func<T> action)
    {
        T result;
        GatewayNotice[]? notices;
        lock (_gate)
        {
            result = action();
            notices = Switchboard.TakeNotices();
        }

        TellAll(notices);
        return result;
    }

    /// <summary>Makes the links those to <paramref name="peers"/>.</summary>
    /// <param name="peers">The peers; this site itself is passed over.</param>
    /// <param name="create">Makes a link that is missing.</param>
    /// <param name="created">The new links, not started yet.</param>
    /// <returns>The links that were given up, to be disposed of.</returns>
    public ImmutableArray<Link> SetPeers(IReadOnlyList<PeerGateway> peers, Func<PeerGateway, Link> create, out ImmutableArray<Link> created)
    {
        var added = ImmutableArray.CreateBuilder<Link>();
        var removed = Locked(() =>
        {
            var now = _clock.Now;
            var wanted = peers.Where(peer => peer.Site != Network.Self).DistinctBy(peer => peer.Site).ToDictionary(peer => peer.Site, StringComparer.Ordinal);
            var gone = _links.Values.Where(link => !wanted.ContainsKey(link.Peer)).ToImmutableArray();
            foreach (var link in gone)
            {
                _links.Remove(link.Peer);
                Switchboard.ForgetPeer(link.Peer);
                Network.RemovePeer(link.Peer, now);
            }

            foreach (var peer in wanted.Values)
            {
                if (_links.TryGetValue(peer.Site, out var link))
                {
                    link.SetEndpoint(peer.Endpoint);
                    continue;
                }

                Switchboard.AddPeer(Network.AddPeer(peer.Site, now));
                _links[peer.Site] = link = create(peer);
                added.Add(link);
            }

            return gone;
        });
        created = added.ToImmutable();
        return removed;
    }

    /// <summary>Says which ways are granted.</summary>
    public void SetRoutes(ImmutableArray<WanRoute> routes)
    {
        lock (_gate)
        {
            Network.SetGrants(routes, _clock.Now);
        }
    }

    /// <inheritdoc/>
    public StreamPort? Open(string peer, int number) => Locked(() => Network.Open(peer, number, _clock.Now));

    /// <inheritdoc/>
    public void Close(string peer, StreamPort port)
    {
        lock (_gate)
        {
            Network.Close(peer, port, _clock.Now);
        }
    }

    /// <inheritdoc/>
    public bool TryTake(string peer, StreamPort port, out OutgoingFrame outgoing)
    {
        lock (_gate)
        {
            return Network.TryTake(peer, port, _clock.Now, out outgoing);
        }
    }

    /// <inheritdoc/>
    public FrameRefusal Receive(string peer, in FrameRead read)
    {
        FrameRefusal refusal;
        GatewayNotice[]? notices;
        lock (_gate)
        {
            refusal = Network.Receive(peer, read.Header, read.Route, read.Payload!, _clock.Now);
            notices = Switchboard.TakeNotices();
        }

        TellAll(notices);
        return refusal;
    }

    /// <inheritdoc/>
    public void Notice(GatewayNotice notice) => Switchboard.Notice(notice);

    /// <summary>How long the timer waits, in its unit of a millisecond: rounded up, so that it is not too early, which would be for ever where less is left.</summary>
    /// <param name="ticks">What is left, in ticks.</param>
    internal static TimeSpan AlarmSpan(long ticks)
        => TimeSpan.FromMilliseconds(Math.Max(1, (Math.Max(0, ticks) + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond));

    public void Dispose()
    {
        _alarm.Dispose();
        lock (_gate)
        {
            foreach (var session in Network.Sessions)
            {
                session.Close();
            }
        }
    }

    private void TellAll(GatewayNotice[]? notices)
    {
        foreach (var notice in notices ?? [])
        {
            Switchboard.Notice(notice);
        }
    }

    /// <summary>Called under the lock.</summary>
    private void SetAlarm(long at)
    {
        if (at < _alarmAt)
        {
            _alarmAt = at;
            _alarm.Change(AlarmSpan(at - _clock.Now), Timeout.InfiniteTimeSpan);
        }
    }

    private void OnAlarm()
    {
        try
        {
            lock (_gate)
            {
                _alarmAt = long.MaxValue;
                Network.OnAlarm(_clock.Now);
            }
        }
        catch (Exception exception)
        {
            // Thrown out of a timer, it would end the process and with it every link.
            Switchboard.Failed("wake what waits", exception);
        }
    }
}
