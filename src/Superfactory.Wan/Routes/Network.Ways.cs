using System.Collections.Immutable;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Routes;

/// <summary>Which links are up, and which ways traffic takes because of it.</summary>
internal sealed partial class Network
{
    /// <summary>This site's own links changed, or what is known of others': says so and finds the ways anew.</summary>
    private void LinksChanged(long now)
    {
        ImmutableArray<LiveLink> links = [.. OwnLinks().Take(LinkStatePayload.LinksMax)];
        if (!links.SequenceEqual(_announced))
        {
            _announced = links;
            Announce();
        }

        Route(now);
    }

    private void Announce()
    {
        // At the highest version, which only a lie of a peer's leads to, others do not take what is new; everything else goes on.
        _version = Math.Min(_version + 1, LinkStatePayload.VersionMax);
        var state = new LinkStatePayload(Self, _version, _announced);
        _states.Accept(state);
        Flood(state, except: null);
    }

    private void Flood(LinkStatePayload state, string? except)
    {
        foreach (var port in _ports.Values)
        {
            if (port.Peer != except && port.Peer != state.Site && port.IsOpen)
            {
                port.Flood(state.Site, Frame.Control(FrameType.LinkState, state.Encode()));
            }
        }
    }

    private FrameRefusal ReceiveState(string from, ReadOnlySpan<byte> payload, long now)
    {
        if (LinkStatePayload.Decode(payload) is not { } state)
        {
            return FrameRefusal.Payload;
        }

        if (state.Site == Self)
        {
            // From before this start, by a clock that ran ahead: what is said from now on is newer.
            if (state.Version >= _version && _version < LinkStatePayload.VersionMax)
            {
                _version = state.Version;
                Announce();
            }

            return FrameRefusal.None;
        }

        if (_tables.ContainsKey(state.Site) && _states.Accept(state))
        {
            Flood(state, from);
            Route(now);
        }

        return FrameRefusal.None;
    }

    private IEnumerable<LiveLink> OwnLinks()
        => _ports.Values.Where(port => port.IsUp).Select(port => new LiveLink(port.Peer, port.RoundTripMicroseconds));

    private IEnumerable<LiveLink> LinksOf(string site) => site == Self ? OwnLinks() : _states.LinksOf(site);

    private bool IsUp(ImmutableArray<string> sites)
    {
        if (sites.Length < 2 || sites.Length - 2 > FrameLimits.RouteSitesMax || sites[0] != Self || !_ports.TryGetValue(sites[1], out var first) || !first.IsUp)
        {
            return false;
        }

        for (var index = 1; index < sites.Length - 1; index++)
        {
            if (!_states.IsUp(sites[index], sites[index + 1]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Finds the ways of everything anew.</summary>
    private void Route(long now)
    {
        foreach (var port in _ports.Values)
        {
            port.ClearFeeds();
        }

        foreach (var (peer, table) in _tables)
        {
            foreach (var trafficClass in Enum.GetValues<TrafficClass>())
            {
                table.Set(trafficClass, Legs(peer, trafficClass), now);
                foreach (var feed in table.Feeds(trafficClass))
                {
                    _ports[feed.Way.First].Add(trafficClass, feed);
                }
            }

            table.Drop(way => IsUp(way.Sites));
            table.Session.AcknowledgeAgain();
        }

        foreach (var port in _ports.Values)
        {
            port.WakeAll();
        }
    }

    private Leg[] Legs(string peer, TrafficClass trafficClass)
    {
        var granted = _grants.FirstOrDefault(grant => grant.To == peer && grant.Class == trafficClass);
        Leg[] live = [.. (granted?.Paths ?? []).Where(path => path.Sites[^1] == peer && IsUp(path.Sites)).Select(path => new Leg(path.Sites, path.BytesPerSecond))];
        if (live.Length > 0)
        {
            return live;
        }

        if (_ports[peer].IsUp)
        {
            return [new Leg([Self, peer], 0)];
        }

        if (PathFinder.Best(Self, peer, LinksOf) is { } best)
        {
            return [new Leg(best, 0)];
        }

        // A link that is suspected is better than none.
        return _ports[peer].IsOpen ? [new Leg([Self, peer], 0)] : [];
    }
}
