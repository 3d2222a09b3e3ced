using System.Net.Sockets;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests;

public sealed class GatewayRefusalTests
{
    [Fact]
    public async Task Peer_of_another_protocol_version_is_refused_by_name_on_both_sides()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var caller = await CallAsync(sites.Wisconsin);
        var hello = Frame.Control(FrameType.Hello, new HelloPayload(1, 0, "atlanta", "wisconsin").Encode());
        await caller.Writer.WriteAsync(hello.Header with { Version = 3 }, hello.Payload.Memory, TwoSites.Token);
        await caller.Writer.FlushAsync(TwoSites.Token);

        var answer = await caller.Reader.ReadAsync(TwoSites.Token);
        answer.Header.Type.ShouldBe(FrameType.Hello);
        HelloPayload.Decode(answer.Payload!.Span)!.Site.ShouldBe("wisconsin");
        var reason = await caller.Reader.ReadAsync(TwoSites.Token);
        Payloads.DecodeReason(reason.Payload!.Span).ShouldBe("site atlanta speaks protocol 3, this gateway speaks 2");
        sites.Notices.ShouldContain(notice => notice.Kind == GatewayNoticeKind.PeerRefused && notice.Text.Contains("site atlanta speaks protocol 3, this gateway speaks 2"));
    }

    [Theory]
    [InlineData("texas", "wisconsin", "site texas is no peer of site wisconsin")]
    [InlineData("atlanta", "ohio", "site atlanta looks for site ohio, but this is the gateway of site wisconsin")]
    public async Task Peer_that_is_not_meant_is_told_why(string site, string target, string reason)
    {
        await using var sites = await TwoSites.StartAsync();
        await using var caller = await CallAsync(sites.Wisconsin);
        await Handshake.SendHelloAsync(caller, new HelloPayload(1, 0, site, target), TwoSites.Token);
        (await caller.Reader.ReadAsync(TwoSites.Token)).Header.Type.ShouldBe(FrameType.Hello);
        Payloads.DecodeReason((await caller.Reader.ReadAsync(TwoSites.Token)).Payload!.Span).ShouldBe(reason);
    }

    [Fact]
    public async Task Garbage_closes_its_connection_and_nothing_else()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var b = await sites.ConnectAsync("wisconsin", "b");
        await a.WatchUntilUpAsync(b.Self);
        await using var caller = await CallAsync(sites.Wisconsin);
        await caller.Stream.WriteAsync(new byte[1000], TwoSites.Token);
        var end = await Record.ExceptionAsync(async () => (await caller.Reader.ReadAsync(TwoSites.Token)).Ended.ShouldBeTrue());
        (end is null or IOException).ShouldBeTrue();
        sites.Notices.ShouldContain(notice => notice.Kind == GatewayNoticeKind.FrameRefused && notice.Text.Contains("bytes that are no frame"));
        sites.Wisconsin.CallersRefused.ShouldBe(1);
        sites.Atlanta.CallersRefused.ShouldBe(0);
        (await a.SendAsync(b.Self, TrafficClass.Control, default, default, TwoSites.Token)).ShouldBeTrue();
        sites.Wisconsin.LinkReports()[0].Reconnects.ShouldBe(0);
    }

    [Fact]
    public async Task Port_in_use_is_named()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var other = new Gateway(new GatewayOptions
        {
            Site = "texas",
            SocketPath = sites.SocketPath("texas"),
            Listen = sites.Atlanta.ListenEndpoint.ToString(),
        });
        var problem = await other.StartAsync(TwoSites.Token);
        problem.ShouldNotBeNull().Message.ShouldContain($"{sites.Atlanta.ListenEndpoint}: the port is in use");
    }

    [Fact]
    public async Task Socket_that_another_gateway_serves_is_left_alone_and_a_stale_one_is_replaced()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var second = new Gateway(new GatewayOptions { Site = "atlanta", SocketPath = sites.SocketPath("atlanta") });
        (await second.StartAsync(TwoSites.Token)).ShouldNotBeNull().Message.ShouldContain("Another gateway serves");
        using (var stale = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            stale.Bind(new UnixDomainSocketEndPoint(sites.SocketPath("stale")));
        }

        await using var third = new Gateway(new GatewayOptions { Site = "texas", SocketPath = sites.SocketPath("stale") });
        (await third.StartAsync(TwoSites.Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Link_to_a_site_that_cannot_be_dialled_is_reported_as_not_connected()
    {
        await using var sites = await TwoSites.StartAsync();
        sites.Atlanta.SetPeers([new PeerGateway("texas", "no endpoint"), new PeerGateway("aaa", "127.0.0.1:1")]);
        sites.Atlanta.LinkReports().Select(report => (report.Peer, report.Connected)).ShouldBe([("aaa", false), ("texas", false)]);
    }

    private static async Task<FramedStream> CallAsync(Gateway gateway)
        => new(await new TcpTransport(null, TimeProvider.System).DialAsync(gateway.ListenEndpoint.ToString(), new ByteCounters(), TwoSites.Token));
}
