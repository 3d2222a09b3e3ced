using System.Collections.Concurrent;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan.Security;

namespace Superfactory.Wan.Tests.Security;

/// <summary>Whole gateways over TLS: who gets through, and what both sides say of who does not.</summary>
public sealed class GatewaySecurityTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Fleet _fleet = new();
    private readonly Fleet _others = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-tls-");
    private readonly List<Gateway> _gateways = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_pass_between_gateways_of_one_fleet_and_links_say_that_they_are_encrypted()
    {
        var (atlanta, iowa) = (await StartAsync("atlanta", _fleet.Tls("atlanta")), await StartAsync("iowa", _fleet.Tls("iowa")));
        Join(("atlanta", atlanta.Gateway), ("iowa", iowa.Gateway));
        await using var sender = await GatewayClient.ConnectAsync(Socket("atlanta"), new EndpointAddress("atlanta", "a"), Cancel);
        await using var receiver = await GatewayClient.ConnectAsync(Socket("iowa"), new EndpointAddress("iowa", "b"), Cancel);
        await sender.WatchAsync(receiver.Self, Cancel);
        (await sender.Events.ReadAsync(Cancel).AsTask().WaitAsync(Patience, Cancel)).ShouldBeOfType<GatewayEvent.EndpointUp>();

        (await sender.SendAsync(receiver.Self, TrafficClass.Merge, "hello"u8.ToArray(), default, Cancel)).ShouldBeTrue();

        GatewayEvent got;
        do
        {
            got = await receiver.Events.ReadAsync(Cancel).AsTask().WaitAsync(Patience, Cancel);
        }
        while (got is not GatewayEvent.Delivered);
        ((GatewayEvent.Delivered)got).Message.ToArray().ShouldBe("hello"u8.ToArray());
        atlanta.Gateway.LinkReports().ShouldHaveSingleItem().Encryption.ShouldBe("tls1.3");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_gateway_without_a_certificate_of_the_fleet_gets_nothing_and_both_sides_say_so(bool plain)
    {
        var outsider = await StartAsync("atlanta", plain ? NoSecurity.Instance : _others.Tls("atlanta"));
        var insider = await StartAsync("iowa", _fleet.Tls("iowa"));

        Join(("atlanta", outsider.Gateway), ("iowa", insider.Gateway));

        await UntilAsync(() => insider.Notices.Any(notice => notice.Text.Contains(plain ? "--insecure-wan" : "not of this fleet's authority", StringComparison.Ordinal)), insider.Notices);
        await UntilAsync(() => !outsider.Notices.IsEmpty, outsider.Notices);
        insider.Gateway.LinkReports().ShouldAllBe(link => !link.Connected);
        outsider.Gateway.LinkReports().ShouldAllBe(link => !link.Connected);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        _fleet.Dispose();
        _others.Dispose();
        _directory.Delete(recursive: true);
    }

    private static void Join(params (string Site, Gateway Gateway)[] sites)
    {
        foreach (var (site, gateway) in sites)
        {
            gateway.SetPeers([.. sites.Where(other => other.Site != site).Select(static other => new PeerGateway(other.Site, other.Gateway.ListenEndpoint.ToString()))]);
        }
    }

    private static async Task UntilAsync(Func<bool> condition, ConcurrentQueue<GatewayNotice> notices)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            limit.IsCancellationRequested.ShouldBeFalse(string.Join('\n', notices.Select(notice => notice.Text)));
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancel);
        }
    }

    private string Socket(string site) => Path.Combine(_directory.FullName, site);

    private async Task<(Gateway Gateway, ConcurrentQueue<GatewayNotice> Notices)> StartAsync(string site, ILinkSecurity security)
    {
        var notices = new ConcurrentQueue<GatewayNotice>();
        var gateway = new Gateway(new GatewayOptions { Site = site, SocketPath = Socket(site), Security = security, Notice = notices.Enqueue });
        _gateways.Add(gateway);
        (await gateway.StartAsync(Cancel)).ShouldBeNull();
        return (gateway, notices);
    }
}
