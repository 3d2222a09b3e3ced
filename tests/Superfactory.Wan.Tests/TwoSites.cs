using System.Collections.Concurrent;
using Superfactory.Model.Agents;
using Superfactory.Model.Units;
using Superfactory.Wan.Links;

namespace Superfactory.Wan.Tests;

/// <summary>Two gateways with real sockets on this machine, and clients of theirs.</summary>
internal sealed class TwoSites : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-wan-");
    private LinkLimits _limits = new() { ReconnectDelayMin = TimeSpan.FromMilliseconds(5), ReconnectDelayMax = TimeSpan.FromMilliseconds(50) };

    public Gateway Atlanta { get; private set; } = null!;

    public Gateway Wisconsin { get; private set; } = null!;

    public ConcurrentQueue<GatewayNotice> Notices { get; } = [];

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TwoSites> StartAsync(WanProfile? wan = null, Func<LinkLimits, LinkLimits>? change = null)
    {
        var sites = new TwoSites();
        sites._limits = change?.Invoke(sites._limits) ?? sites._limits;
        sites.Atlanta = await sites.StartGatewayAsync("atlanta", wan);
        sites.Wisconsin = await sites.StartGatewayAsync("wisconsin", wan);
        sites.SetPeers();
        return sites;
    }

    public async Task<Gateway> StartGatewayAsync(string site, WanProfile? wan = null)
    {
        var gateway = new Gateway(
            new GatewayOptions { Site = site, SocketPath = SocketPath(site), Wan = wan, Notice = Notices.Enqueue },
            _limits);
        (await gateway.StartAsync(Token)).ShouldBeNull();
        return gateway;
    }

    public async Task RestartWisconsinAsync()
    {
        await Wisconsin.DisposeAsync();
        Wisconsin = await StartGatewayAsync("wisconsin");
        SetPeers();
    }

    public async Task RestartAtlantaAsync()
    {
        await Atlanta.DisposeAsync();
        Atlanta = await StartGatewayAsync("atlanta");
        SetPeers();
    }

    public void SetPeers()
    {
        Atlanta.SetPeers([new PeerGateway("wisconsin", Wisconsin.ListenEndpoint.ToString())]);
        Wisconsin.SetPeers([new PeerGateway("atlanta", Atlanta.ListenEndpoint.ToString())]);
    }

    public string SocketPath(string site) => Path.Combine(_directory.FullName, site);

    public Task<GatewayClient> ConnectAsync(string site, string name)
        => GatewayClient.ConnectAsync(SocketPath(site), new EndpointAddress(site, name), Token);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Atlanta.DisposeAsync().AsTask(), Wisconsin.DisposeAsync().AsTask());
        _directory.Delete(recursive: true);
    }
}

internal static class Events
{
    /// <summary>Reads the next event, which must be of a kind.</summary>
    public static async Task<T> NextAsync<T>(this GatewayClient client)
        where T : GatewayEvent
    {
        var next = await client.Events.ReadAsync(TwoSites.Token).AsTask().WaitAsync(TwoSites.Patience, TwoSites.Token);
        return next.ShouldBeOfType<T>();
    }

    public static async Task<GatewayEvent.EndpointUp> WatchUntilUpAsync(this GatewayClient client, EndpointAddress peer)
    {
        await client.WatchAsync(peer, TwoSites.Token);
        return await client.NextAsync<GatewayEvent.EndpointUp>();
    }
}
