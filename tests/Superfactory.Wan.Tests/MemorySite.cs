using System.Collections.Concurrent;
using Superfactory.Model.Agents;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Local;
using Superfactory.Wan.Security;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests;

/// <summary>A gateway without sockets: its core, its links, its local port, over connections in memory.</summary>
internal sealed class MemorySite : IAsyncDisposable
{
    public static readonly LinkLimits Quick = new()
    {
        ReconnectDelayMin = TimeSpan.FromMilliseconds(1),
        ReconnectDelayMax = TimeSpan.FromMilliseconds(4),
        AcknowledgeDelayMax = TimeSpan.FromMilliseconds(1),
        HeartbeatInterval = TimeSpan.FromMilliseconds(20),
    };

    private static long _drawn;

    private readonly LinkLimits _limits;
    private readonly int _streams;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _served = [];
    private readonly Clock _clock = new(TimeProvider.System);
    private readonly Caretaker _caretaker;
    private readonly LinkReception _reception;
    private readonly Dictionary<string, (MemorySite Site, Func<MemoryWire> Wires)> _others = [];

    public MemorySite(string name, LinkLimits? limits = null, int streams = 1)
    {
        (Name, _limits, _streams) = (name, limits ?? Quick, streams);
        Core = new GatewayCore(new GatewayOptions { Site = name, SocketPath = "memory", Notice = Notices.Enqueue }, _limits, Draw, _clock);
        _reception = new LinkReception(Core, NoSecurity.Instance, _limits, TimeProvider.System);
        _caretaker = new Caretaker(Core, _limits, _clock);
        _caretaker.Start();
    }

    public GatewayCore Core { get; }

    public ConcurrentQueue<GatewayNotice> Notices { get; } = [];

    public string Name { get; }

    public LinkReport Report => LinkReports()[0];

    public IReadOnlyList<LinkReport> LinkReports() => _caretaker.Reports();

    public Session Session(string peer) => Core.Locked(() => Core.Network.FindSession(peer)!);

    /// <summary>Makes a link to another site, which dials by <paramref name="wires"/>.</summary>
    public void Join(MemorySite other, Func<MemoryWire> wires)
    {
        _others[other.Name] = (other, wires);
        Core.SetPeers([.. _others.Keys.Select(site => new PeerGateway(site, "memory"))], CreateLink, out var created);
        foreach (var link in created)
        {
            link.Start();
        }
    }

    public async Task LeaveAsync()
    {
        foreach (var link in Core.SetPeers([], _ => throw new InvalidOperationException(), out _))
        {
            await link.DisposeAsync();
        }
    }

    public void Serve(Stream connection)
        => _served.Add(_reception.ServeAsync(connection, "memory", "memory", _stop.Token));

    public async Task<GatewayClient> ConnectAsync(string endpoint)
    {
        return await GatewayClient.OpenAsync(CallLocal(), new EndpointAddress(Name, endpoint), TwoSites.Token);
    }

    /// <summary>A bridge's connection that has said nothing yet.</summary>
    public Stream CallLocal()
    {
        var wire = new MemoryWire();
        _served.Add(ServeLocalAsync(wire.Left));
        return wire.Right;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var link in Core.Links)
        {
            await link.DisposeAsync();
        }

        await Task.WhenAll(_served).WaitAsync(TwoSites.Patience);
        _caretaker.Dispose();
        Core.Dispose();
        _stop.Dispose();
    }

    /// <summary>Numbers that differ in every bit, as drawn ones do: a multiple of the golden ratio's fraction (Knuth, TAOCP 3, 6.4).</summary>
    private static long Draw() => unchecked(Interlocked.Increment(ref _drawn) * (long)0x9E37_79B9_7F4A_7C15) & long.MaxValue;

    private async Task ServeLocalAsync(Stream connection)
    {
        await using var local = new LocalConnection(connection, Core.Switchboard, TimeProvider.System, _stop.Token);
        await local.RunAsync();
    }

    private Link CreateLink(PeerGateway peer)
    {
        var (other, wires) = _others[peer.Site];
        return new Link(
            new LinkSetup
            {
                Self = Name,
                Peer = peer.Site,
                Start = Core.Start,
                Owner = Core,
                Dial = (_, _, _) =>
                {
                    var wire = wires();
                    other.Serve(wire.Right);
                    return ValueTask.FromResult(wire.Left);
                },
                Clock = _clock,
                StreamsMin = _streams,
                StreamsMax = _streams,
                Limits = _limits,
            },
            peer.Endpoint);
    }
}
