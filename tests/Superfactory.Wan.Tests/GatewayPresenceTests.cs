using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests;

public sealed class GatewayPresenceTests
{
    [Fact]
    public async Task Endpoint_that_registers_again_is_replaced_and_its_watchers_see_it_go_and_come()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var before = await sites.ConnectAsync("wisconsin", "b");
        await a.WatchUntilUpAsync(before.Self);
        await using var after = await sites.ConnectAsync("wisconsin", "b");

        await a.NextAsync<GatewayEvent.EndpointDown>();
        (await a.NextAsync<GatewayEvent.EndpointUp>()).Registration.ShouldBe(after.Registration);
        var lost = await Should.ThrowAsync<GatewayException>(() => before.Events.Completion.WaitAsync(TwoSites.Patience, TwoSites.Token));
        lost.Message.ShouldContain("a newer process registered the same endpoint");
        (await a.SendAsync(after.Self, TrafficClass.Control, new byte[] { 1 }, default, TwoSites.Token)).ShouldBeTrue();
        await after.NextAsync<GatewayEvent.EndpointUp>();
        await after.NextAsync<GatewayEvent.Delivered>();
    }

    [Fact]
    public async Task Gateway_that_is_started_anew_takes_its_endpoints_down_and_up()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var before = await sites.ConnectAsync("wisconsin", "b");
        await a.WatchUntilUpAsync(before.Self);
        await sites.RestartWisconsinAsync();
        await a.NextAsync<GatewayEvent.EndpointDown>();
        await using var after = await sites.ConnectAsync("wisconsin", "b");
        (await a.NextAsync<GatewayEvent.EndpointUp>()).Registration.ShouldBe(after.Registration);
        sites.Notices.ShouldContain(notice => notice.Kind == GatewayNoticeKind.PeerRestarted && notice.Site == "wisconsin");
    }

    [Fact]
    public async Task Site_that_leaves_the_peers_takes_its_endpoints_down_and_may_come_back()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var b = await sites.ConnectAsync("wisconsin", "b");
        await a.WatchUntilUpAsync(b.Self);
        sites.Atlanta.SetPeers([]);
        await a.NextAsync<GatewayEvent.EndpointDown>();
        sites.Atlanta.LinkReports().ShouldBeEmpty();
        sites.SetPeers();
        await a.NextAsync<GatewayEvent.EndpointUp>();
    }

    [Fact]
    public async Task Endpoints_of_one_site_reach_each_other_without_a_link()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var b = await sites.ConnectAsync("atlanta", "b");
        await a.WatchUntilUpAsync(b.Self);
        (await a.SendAsync(b.Self, TrafficClass.Merge, new byte[] { 1 }, new byte[] { 2, 3 }, TwoSites.Token)).ShouldBeTrue();
        (await b.NextAsync<GatewayEvent.EndpointUp>()).Address.ShouldBe(a.Self);
        (await b.NextAsync<GatewayEvent.Delivered>()).Message.ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Message_to_an_endpoint_that_is_not_up_is_not_sent()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        (await a.SendAsync(new EndpointAddress("wisconsin", "nobody"), TrafficClass.Control, default, default, TwoSites.Token)).ShouldBeFalse();
        (await a.SendAsync(new EndpointAddress("nowhere", "b"), TrafficClass.Control, default, default, TwoSites.Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task Endpoint_of_another_site_is_refused_with_the_reason()
    {
        await using var sites = await TwoSites.StartAsync();
        var refused = await Should.ThrowAsync<GatewayException>(() => GatewayClient.ConnectAsync(
            sites.SocketPath("atlanta"), new EndpointAddress("texas", "a"), TwoSites.Token));
        refused.Message.ShouldContain("texas:a cannot be registered at the gateway of site atlanta");
    }
}
