using System.Collections.Concurrent;
using Superfactory.Model.Agents;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Local;

namespace Superfactory.Wan.Tests;

/// <summary>A gateway without sockets: its switchboard, its links, its local port, over connections in memory.</summary>
internal sealed class MemorySite(string name, LinkLimits? limits = null) : IAsyncDisposable
{
    public static readonly LinkLimits Quick = new()
    {
        ReconnectDelayMin = TimeSpan.FromMilliseconds(1),
        ReconnectDelayMax = TimeSpan.FromMilliseconds(4),
        AcknowledgeDelayMax = TimeSpan.FromMilliseconds(1),
    };

    private static long _drawn;

    private readonly LinkLimits _limits = limits ?? Quick;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _served = [];

    private Switchboard? _switchboard;

    public Switchboard Switchboard => _switchboard ??= new Switchboard(name, Draw, Notices.Enqueue);

    public ConcurrentQueue<GatewayNotice> Notices { get; } = [];

    public string Name => name;

    public Link Link => Switchboard.Links()[0];

    /// <summary>Makes a link to another site, which dials by <paramref name="wires"/>.</summary>
    public void Join(MemorySite other, Func<MemoryWire> wires)
    {
        Switchboard.SetPeers([new PeerGateway(other.Name, "memory")], peer => CreateLink(peer, other, wires), out var created);
        foreach (var link in created)
        {
            link.Start();
        }
    }

    public async Task LeaveAsync()
    {
        foreach (var link in Switchboard.SetPeers([], _ => throw new InvalidOperationException(), out _))
        {
            await link.DisposeAsync();
        }
    }

    public void Serve(Stream connection) => _served.Add(new LinkReception(Switchboard, _limits, TimeProvider.System).ServeAsync(connection, "memory", _stop.Token));

    public async Task<GatewayClient> ConnectAsync(string endpoint)
    {
        var wire = new MemoryWire();
        _served.Add(ServeLocalAsync(wire.Left));
        return await GatewayClient.OpenAsync(wire.Right, new EndpointAddress(name, endpoint), TwoSites.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var link in Switchboard.Links())
        {
            await link.DisposeAsync();
        }

        await Task.WhenAll(_served).WaitAsync(TwoSites.Patience);
        _stop.Dispose();
    }

    private static long Draw() => Interlocked.Increment(ref _drawn);

    private async Task ServeLocalAsync(Stream connection)
    {
        await using var local = new LocalConnection(connection, Switchboard, _stop.Token);
        await local.RunAsync(TimeProvider.System);
    }

    private Link CreateLink(PeerGateway peer, MemorySite other, Func<MemoryWire> wires) => new(
        new LinkSetup
        {
            Self = name,
            Peer = peer.Site,
            Owner = Switchboard,
            Dial = (_, _, _) =>
            {
                var wire = wires();
                other.Serve(wire.Right);
                return ValueTask.FromResult(wire.Left);
            },
            Draw = Draw,
            Time = TimeProvider.System,
            Limits = _limits,
        },
        peer.Endpoint);
}
