using System.Collections.Immutable;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Routes;

/// <summary>Takes what arrives for this site.</summary>
internal interface INetworkOwner
{
    /// <summary>A new session begins: everything that the peer announced is gone, and this site's endpoints are to be announced.</summary>
    void BeginSession(Session session);

    /// <summary>A numbered frame arrived, once. Takes its payload; must not wait.</summary>
    FrameRefusal Received(Session session, Frame frame);

    /// <summary>Something that people should know of. Called under the gateway's lock: it must not call back.</summary>
    void NoticeLater(GatewayNotice notice);
}

/// <summary>What the network is made of. Immutable.</summary>
internal sealed record NetworkSetup
{
    public required string Self { get; init; }

    /// <summary>Names this start of the gateway.</summary>
    public required long Start { get; init; }

    /// <summary>Draws a number that nobody else draws; never 0.</summary>
    public required Func<long> Draw { get; init; }

    /// <summary>Higher at each start than at the ones before, as the time of day is.</summary>
    public required long FirstVersion { get; init; }

    public required INetworkOwner Owner { get; init; }

    public ClassFloors Floors { get; init; } = new();

    public LinkLimits Limits { get; init; } = new();

    /// <summary>Told that something is due at a time, in ticks.</summary>
    public Action<long> Alarm { get; init; } = _ => { };
}

/// <summary>
/// A gateway between its endpoints and its connections: a session with each peer, a port for each link, who is linked to whom, and
/// which ways traffic takes. Knows no socket and no clock; time comes in as ticks. Pure; not thread-safe: the gateway's lock guards it.
/// </summary>
internal sealed partial class Network(NetworkSetup setup)
{
    private readonly SortedDictionary<string, RouteTable> _tables = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, LinkPort> _ports = new(StringComparer.Ordinal);
    private readonly LinkStates _states = new();
    private ImmutableArray<WanRoute> _grants = [];
    private ImmutableArray<LiveLink> _announced = [];
    private long _version = setup.FirstVersion;
    private long _lastStream;
    private long _lastHalf;

    public string Self => setup.Self;

    /// <summary>The session with a peer; null where that is none.</summary>
    public Session? FindSession(string peer) => _tables.GetValueOrDefault(peer)?.Session;

    /// <summary>Which ways the traffic to a peer takes.</summary>
    public RouteTable Routes(string peer) => _tables[peer];

    /// <summary>The link to a peer.</summary>
    public LinkPort Port(string peer) => _ports[peer];

    /// <summary>The sessions, in the order of the peers' names.</summary>
    public IEnumerable<Session> Sessions => _tables.Values.Select(table => table.Session);

    /// <summary>Makes a peer known.</summary>
    public Session AddPeer(string peer, long now)
    {
        var session = new Session(peer, setup.Start, setup.Limits, DrawHalf) { Wake = WakeFor };
        _tables[peer] = new RouteTable(session);
        _ports[peer] = new LinkPort(peer, setup.Floors, new StreamShifts(setup.Limits.Shifts, setup.Limits.ShiftLength.Ticks));
        Route(now);
        return session;
    }

    /// <summary>Gives a peer up.</summary>
    public void RemovePeer(string peer, long now)
    {
        if (_tables.Remove(peer, out var table))
        {
            table.Session.Close();
            _ports.Remove(peer);
            _states.Keep(site => site == Self || _tables.ContainsKey(site));
            LinksChanged(now);
        }
    }

    /// <summary>Says which ways are granted; what is missing takes the best there is.</summary>
    public void SetGrants(ImmutableArray<WanRoute> grants, long now)
    {
        _grants = grants;
        Route(now);
    }

    /// <summary>A connection is open.</summary>
    /// <returns>Its place in the link; null where the peer was given up.</returns>
    public StreamPort? Open(string peer, int number, long now)
    {
        if (!_ports.TryGetValue(peer, out var port))
        {
            return null;
        }

        var stream = new StreamPort(++_lastStream, number);
        var first = !port.IsOpen;
        port.Open(stream);
        if (first)
        {
            port.IsSuspect = false;
            LinksChanged(now);
            TellStates(port);
        }

        return stream;
    }

    /// <summary>A connection is gone: what left over it and is not acknowledged leaves again, over others.</summary>
    public void Close(string peer, StreamPort stream, long now)
    {
        if (_ports.TryGetValue(peer, out var port))
        {
            port.Close(stream);
            if (!port.IsOpen)
            {
                LinksChanged(now);
            }
        }

        GiveUp(port, stream);
    }

    /// <summary>Judges the connections of a link by their signs of life: over one that is silent while others speak nothing more leaves, and what did leaves again over those.</summary>
    public void JudgeStreams(string peer, IReadOnlyList<StreamSign> signs)
    {
        if (_ports.TryGetValue(peer, out var port))
        {
            foreach (var fallen in port.Judge(signs, setup.Limits.SuspectAfter.Ticks))
            {
                GiveUp(port, fallen);
            }
        }
    }

    /// <summary>Says whether a link is to be relied on, and how long its round trip is.</summary>
    public void Judge(string peer, bool isSuspect, double roundTripMilliseconds, long now)
    {
        if (!_ports.TryGetValue(peer, out var port))
        {
            return;
        }

        var changed = port.IsSuspect != isSuspect;
        port.IsSuspect = isSuspect;

        // News of small changes is not worth telling everyone.
        var microseconds = (int)Math.Min(roundTripMilliseconds * 1000, int.MaxValue);
        var told = port.RoundTripMicroseconds;
        if (Math.Abs(microseconds - told) > Math.Max(told / 4, 1000))
        {
            port.RoundTripMicroseconds = microseconds;
            changed |= port.IsUp;
        }

        if (changed)
        {
            LinksChanged(now);
        }
    }

    /// <summary>Takes the next frame for a connection.</summary>
    public bool TryTake(string peer, StreamPort stream, long now, out OutgoingFrame outgoing)
    {
        outgoing = default;
        if (!_ports.TryGetValue(peer, out var port))
        {
            return false;
        }

        var taken = port.TryTake(stream, now, out outgoing);
        if (!taken && port.PacedUntil is { } until)
        {
            setup.Alarm(until);
        }

        return taken;
    }

    /// <summary>Something may be due that was told by <see cref="NetworkSetup.Alarm"/>.</summary>
    public void OnAlarm(long now)
    {
        foreach (var session in Sessions)
        {
            session.AcknowledgeIfDue(now);
            if (session.AckDueAt is { } due)
            {
                setup.Alarm(due);
            }
        }

        foreach (var port in _ports.Values)
        {
            port.WakePaced(now);
            if (port.PacedUntil is { } until)
            {
                setup.Alarm(until);
            }
        }
    }

    /// <summary>Looks after what takes longer: sessions not agreed on, frames that others dropped. A few times a second.</summary>
    public void OnTick(long now)
    {
        foreach (var session in Sessions)
        {
            session.Remind();
            session.FindLost(now, setup.Limits.OvertakenMax.Ticks, setup.Limits.SilentWayMax.Ticks);
        }
    }

    /// <summary>Ends a session; what the peer announced is gone.</summary>
    public void End(Session session)
    {
        session.End();
        setup.Owner.BeginSession(session);
    }

    /// <summary>A half of a session: the upper 32 bits count, so that a later one is known as such; the lower ones are drawn, so that no two sessions look alike.</summary>
    private long DrawHalf() => (++_lastHalf << 32) | (setup.Draw() & uint.MaxValue);

    /// <summary>What left over a connection may not have arrived: it leaves again.</summary>
    private void GiveUp(LinkPort? port, StreamPort stream)
    {
        foreach (var session in Sessions)
        {
            session.LoseStream(stream.Id);
            session.AcknowledgeAgain();
        }

        if (port is { IsOpen: true })
        {
            // What it was to tell of links went with it, and is said only once.
            TellStates(port);
        }
    }

    /// <summary>Tells a neighbour all that is known of links; it passes over what it knows.</summary>
    private void TellStates(LinkPort port)
    {
        foreach (var state in _states.All)
        {
            port.Flood(state.Site, Frame.Control(FrameType.LinkState, state.Encode()));
        }
    }

    private void WakeFor(Session session, TrafficClass trafficClass)
    {
        if (_tables.TryGetValue(session.Peer, out var table))
        {
            foreach (var feed in table.Feeds(trafficClass))
            {
                _ports.GetValueOrDefault(feed.Way.First)?.Wake(trafficClass);
            }
        }
    }
}
