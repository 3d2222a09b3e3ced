using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;

namespace Superfactory.Wan.Local;

/// <summary>
/// Where this site's endpoints and the links meet: who is up where, who watches whom, and where a message goes. One lock guards it;
/// nothing in it waits. Thread-safe.
/// </summary>
internal sealed partial class Switchboard(string site, Func<long> draw, Action<GatewayNotice>? notice) : ILinkOwner
{
    /// <summary>Endpoints registered at one gateway, here and at each peer. With 528 bytes of presence each, telling them all is half a megabyte.</summary>
    public const int EndpointsMax = 1024;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, LocalEndpoint> _local = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Link> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<EndpointAddress, RemoteEndpoint> _remote = [];
    private long _callersRefused;

    /// <summary>The site that this is the gateway of.</summary>
    public string Site { get; } = site;

    /// <summary>Connections that were closed before they were any link's.</summary>
    public long CallersRefused => Interlocked.Read(ref _callersRefused);

    /// <summary>Tells people something.</summary>
    public void Notice(GatewayNotice text) => notice?.Invoke(text);

    /// <summary>Counts and tells a connection that was closed before it was any link's.</summary>
    public void RefuseCaller(GatewayNotice text)
    {
        Interlocked.Increment(ref _callersRefused);
        Notice(text);
    }

    /// <summary>The links, in the order of their peers' names.</summary>
    public ImmutableArray<Link> Links()
    {
        lock (_gate)
        {
            return [.. _links.Values];
        }
    }

    /// <summary>The link to a site; null where that is no peer.</summary>
    public Link? FindLink(string peer)
    {
        lock (_gate)
        {
            return _links.GetValueOrDefault(peer);
        }
    }

    /// <summary>Makes the links those to <paramref name="peers"/>.</summary>
    /// <param name="peers">The peers; this site itself is passed over.</param>
    /// <param name="create">Makes a link that is missing.</param>
    /// <param name="created">The new links, not started yet.</param>
    /// <returns>The links that were given up, to be disposed of.</returns>
    public ImmutableArray<Link> SetPeers(IReadOnlyList<PeerGateway> peers, Func<PeerGateway, Link> create, out ImmutableArray<Link> created)
    {
        var added = ImmutableArray.CreateBuilder<Link>();
        lock (_gate)
        {
            var wanted = peers.Where(peer => peer.Site != Site).DistinctBy(peer => peer.Site).ToDictionary(peer => peer.Site, StringComparer.Ordinal);
            var removed = _links.Values.Where(link => !wanted.ContainsKey(link.Peer)).ToImmutableArray();
            foreach (var link in removed)
            {
                _links.Remove(link.Peer);
                ForgetRemote(link);
            }

            foreach (var peer in wanted.Values)
            {
                if (_links.TryGetValue(peer.Site, out var link))
                {
                    link.SetEndpoint(peer.Endpoint);
                    continue;
                }

                _links[peer.Site] = link = create(peer);
                added.Add(link);
            }

            created = added.ToImmutable();
            return removed;
        }
    }

    /// <summary>Registers a local endpoint; one of the same name is replaced.</summary>
    /// <returns>The endpoint, or why it is refused.</returns>
    public (LocalEndpoint? Endpoint, string? Refused) Register(EndpointAddress address, Outbox outbox, Action<string> close)
    {
        if (address.Site != Site)
        {
            return (null, $"endpoint {address} cannot be registered at the gateway of site {Site}");
        }

        LocalEndpoint endpoint;
        LocalEndpoint? replaced;
        ImmutableArray<Link> overrun;
        lock (_gate)
        {
            if (_local.Count >= EndpointsMax && !_local.ContainsKey(address.Name))
            {
                return (null, $"{EndpointsMax} endpoints are registered at the gateway of site {Site}, the most there can be");
            }

            if (_local.TryGetValue(address.Name, out replaced))
            {
                Withdraw(replaced, dropMessages: true);
                replaced.Close("a newer process registered the same endpoint");
            }

            var self = new RegisteredEndpoint(address, draw());
            endpoint = new LocalEndpoint(self, outbox, close);
            _local.Add(address.Name, endpoint);
            endpoint.Add(Frame.Control(FrameType.Registered, Payloads.EncodeNumber(self.Registration)));
            overrun = [.. _links.Values.Where(link => !link.Session.TryEnqueueArrival(self, Frame.Control(FrameType.EndpointUp, self.Encode())))];
            foreach (var watcher in _local.Values.Where(watcher => watcher.Watches(address)))
            {
                watcher.TellUp(self);
            }
        }

        BeginAnew(overrun);
        if (replaced is not null)
        {
            Notice(new GatewayNotice(GatewayNoticeKind.EndpointRefused, string.Empty, $"A newer process registered endpoint {address} and replaces the one before."));
        }

        return (endpoint, null);
    }

    /// <summary>A local endpoint's connection ended. What it sent is still carried, then it is announced as gone.</summary>
    public void Unregister(LocalEndpoint endpoint)
    {
        lock (_gate)
        {
            if (_local.GetValueOrDefault(endpoint.Self.Address.Name) == endpoint)
            {
                Withdraw(endpoint, dropMessages: false);
            }
        }
    }

    /// <summary>A local endpoint wants to know of another one.</summary>
    /// <returns>False where it watches too many.</returns>
    public bool TryWatch(LocalEndpoint endpoint, EndpointAddress address)
    {
        lock (_gate)
        {
            if (!endpoint.TryWatch(address))
            {
                return false;
            }

            if (FindUp(address) is { } up)
            {
                endpoint.TellUp(up);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public void BeginSession(Link link, long session)
    {
        lock (_gate)
        {
            ForgetRemote(link);
            link.Session.Restart(session);
            if (_links.GetValueOrDefault(link.Peer) != link)
            {
                return;
            }

            // At most EndpointsMax, far under what may wait.
            foreach (var endpoint in _local.Values)
            {
                link.Session.TryEnqueueNews(Frame.Control(FrameType.EndpointUp, endpoint.Self.Encode()));
            }
        }
    }

    private static void BeginAnew(ImmutableArray<Link> overrun)
    {
        foreach (var link in overrun)
        {
            link.BeginAnew();
        }
    }

    private void Withdraw(LocalEndpoint endpoint, bool dropMessages)
    {
        _local.Remove(endpoint.Self.Address.Name);
        foreach (var link in _links.Values)
        {
            link.Session.EnqueueFarewell(endpoint.Self, Frame.Control(FrameType.EndpointDown, endpoint.Self.Encode()), dropMessages);
        }

        TellDown(endpoint.Self.Address);
    }

    private void ForgetRemote(Link link)
    {
        var gone = _remote.Values.Where(remote => remote.Link == link).Select(remote => remote.Self.Address);
        foreach (var address in gone.OrderBy(address => address.Name, StringComparer.Ordinal).ToArray())
        {
            _remote.Remove(address);
            TellDown(address);
        }
    }

    private void TellDown(EndpointAddress address)
    {
        foreach (var watcher in _local.Values)
        {
            watcher.TellDown(address);
        }
    }

    private RegisteredEndpoint? FindUp(EndpointAddress address) => address.Site == Site
        ? _local.GetValueOrDefault(address.Name)?.Self
        : _remote.TryGetValue(address, out var remote) ? remote.Self : null;

    private LocalEndpoint? FindLocal(RegisteredEndpoint endpoint)
        => endpoint.Address.Site == Site && _local.TryGetValue(endpoint.Address.Name, out var local) && local.Self == endpoint ? local : null;

    private sealed record RemoteEndpoint(RegisteredEndpoint Self, Link Link);
}
