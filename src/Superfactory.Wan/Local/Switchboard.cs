using Superfactory.Wan.Frames;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Local;

/// <summary>
/// Where this site's endpoints and the sessions with other sites meet: who is up where, who watches whom, and where a message goes.
/// The gateway's lock guards it; nothing in it waits. Thread-safe, except where a method says that the caller holds the lock.
/// </summary>
internal sealed partial class Switchboard(string site, Func<long> draw, Lock gate, Action<GatewayNotice>? notice) : INetworkOwner
{
    /// <summary>Endpoints registered at one gateway, here and at each peer. With 528 bytes of presence each, telling them all is half a megabyte.</summary>
    public const int EndpointsMax = 1024;

    private readonly SortedDictionary<string, LocalEndpoint> _local = new(StringComparer.Ordinal);
    private readonly Dictionary<EndpointAddress, RemoteEndpoint> _remote = [];
    private readonly Queue<GatewayNotice> _later = new();
    private string? _lastFailure;
    private long _callersRefused;

    /// <summary>The site that this is the gateway of.</summary>
    public string Site { get; } = site;

    /// <summary>The sessions with other sites. Set once, before anything happens.</summary>
    public Network Network { get; set; } = null!;

    /// <summary>Connections that were closed before they were any link's.</summary>
    public long CallersRefused => Interlocked.Read(ref _callersRefused);

    /// <summary>Tells people something. Not under the lock.</summary>
    public void Notice(GatewayNotice text)
        => notice?.Invoke(text with { Site = PrintableText.Of(text.Site), Text = PrintableText.Of(text.Text) });

    /// <inheritdoc/>
    public void NoticeLater(GatewayNotice text) => _later.Enqueue(text);

    /// <summary>Takes what there is to be told since the last time, under the lock; null where there is nothing.</summary>
    public GatewayNotice[]? TakeNotices()
    {
        if (_later.Count == 0)
        {
            return null;
        }

        GatewayNotice[] notices = [.. _later];
        _later.Clear();
        return notices;
    }

    /// <summary>Counts and tells a connection that was closed before it was any link's.</summary>
    public void RefuseCaller(GatewayNotice text)
    {
        Interlocked.Increment(ref _callersRefused);
        Notice(text);
    }

    /// <summary>Tells of a defect that cost no more than one turn of a task that is done again and again. The same one is told once in a row.</summary>
    /// <param name="task">What was not done, as the gateway's task.</param>
    /// <param name="exception">The defect.</param>
    public void Failed(string task, Exception exception)
    {
        var text = $"The gateway failed to {task}, and goes on: {exception.GetType().Name}: {exception.Message} Please report it.";
        if (Interlocked.Exchange(ref _lastFailure, text) != text)
        {
            Notice(new GatewayNotice(GatewayNoticeKind.Failure, string.Empty, text));
        }
    }

    /// <summary>There is a new peer, which is to hear of this site's endpoints. The caller holds the lock.</summary>
    public void AddPeer(Session session)
    {
        foreach (var endpoint in _local.Values)
        {
            session.Arrive(endpoint.Self);
        }
    }

    /// <summary>A site is no peer any more: everything that it announced is gone. The caller holds the lock.</summary>
    public void ForgetPeer(string peer)
    {
        var gone = _remote.Values.Where(remote => remote.Session.Peer == peer).Select(remote => remote.Self.Address);
        foreach (var address in gone.OrderBy(address => address.Name, StringComparer.Ordinal).ToArray())
        {
            _remote.Remove(address);
            TellDown(address);
        }
    }

    /// <inheritdoc/>
    public void BeginSession(Session session) => ForgetPeer(session.Peer);

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
        lock (gate)
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

            endpoint = new LocalEndpoint(new RegisteredEndpoint(address, draw()), outbox, close);
            Announce(endpoint);
        }

        if (replaced is not null)
        {
            Notice(new GatewayNotice(GatewayNoticeKind.EndpointRefused, string.Empty, $"A newer process registered endpoint {address} and replaces the one before."));
        }

        return (endpoint, null);
    }

    /// <summary>A local endpoint's connection ended. What it sent is still carried, then it is announced as gone.</summary>
    public void Unregister(LocalEndpoint endpoint)
    {
        lock (gate)
        {
            if (_local.GetValueOrDefault(endpoint.Self.Address.Name) == endpoint)
            {
                Withdraw(endpoint, dropMessages: false);
            }
        }
    }

    /// <summary>
    /// A local endpoint's process is silent although it is connected: others are told that it is gone, and it will read, if it ever does,
    /// that they are. What it sent is dropped: it is told nothing of that being so.
    /// </summary>
    public void Suspend(LocalEndpoint endpoint)
    {
        lock (gate)
        {
            if (_local.GetValueOrDefault(endpoint.Self.Address.Name) != endpoint)
            {
                return;
            }

            Withdraw(endpoint, dropMessages: true);
            endpoint.TellAllDown();
        }

        Notice(new GatewayNotice(GatewayNoticeKind.EndpointSilent, string.Empty,
            $"The process of endpoint {endpoint.Self.Address} has not run for {LocalPulse.SilenceMax.TotalSeconds} s: it counts as gone until it does."));
    }

    /// <summary>An endpoint that was suspended is heard again: it is another registration of the same name.</summary>
    /// <returns>The endpoint from here on; where a newer process has its name, the same, whose connection is closed.</returns>
    public LocalEndpoint Resume(LocalEndpoint endpoint)
    {
        LocalEndpoint again;
        lock (gate)
        {
            if (_local.Count >= EndpointsMax || _local.ContainsKey(endpoint.Self.Address.Name))
            {
                endpoint.Close("it was silent, and its place is taken");
                return endpoint;
            }

            again = endpoint.Again(draw());
            Announce(again);
            foreach (var address in again.Watched)
            {
                if (FindUp(address) is { } up)
                {
                    again.TellUp(up);
                }
            }
        }

        Notice(new GatewayNotice(GatewayNoticeKind.EndpointSilent, string.Empty, $"The process of endpoint {endpoint.Self.Address} runs again."));
        return again;
    }

    /// <summary>A local endpoint wants to know of another one.</summary>
    /// <returns>False where it watches too many.</returns>
    public bool TryWatch(LocalEndpoint endpoint, EndpointAddress address)
    {
        lock (gate)
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

    private void Announce(LocalEndpoint endpoint)
    {
        var self = endpoint.Self;
        _local.Add(self.Address.Name, endpoint);
        endpoint.Add(Frame.Control(FrameType.Registered, Payloads.EncodeNumber(self.Registration)));
        foreach (var session in Network.Sessions)
        {
            session.Arrive(self);
        }

        foreach (var watcher in _local.Values.Where(watcher => watcher != endpoint && watcher.Watches(self.Address)))
        {
            watcher.TellUp(self);
        }
    }

    private void Withdraw(LocalEndpoint endpoint, bool dropMessages)
    {
        _local.Remove(endpoint.Self.Address.Name);
        foreach (var session in Network.Sessions)
        {
            session.Leave(endpoint.Self, dropMessages);
        }

        TellDown(endpoint.Self.Address);
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

    private sealed record RemoteEndpoint(RegisteredEndpoint Self, Session Session);
}
