using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests;

public sealed class GatewayPressureTests
{
    private const int MessageBytes = 1 << 18;

    [Fact]
    public async Task Receiver_that_does_not_read_holds_its_sender_back_and_nobody_else()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var slow = await sites.ConnectAsync("wisconsin", "slow");
        await using var quick = await sites.ConnectAsync("wisconsin", "quick");
        await a.WatchUntilUpAsync(slow.Self);
        await a.WatchUntilUpAsync(quick.Self);

        var payload = new byte[MessageBytes];
        var sends = Enumerable.Range(0, 64).Select(_ => a.SendAsync(slow.Self, TrafficClass.Merge, default, payload, TwoSites.Token).AsTask()).ToArray();

        // 16 MiB are 63 messages with their envelopes; the others of the link go on.
        await Task.WhenAll(sends.Take(63)).WaitAsync(TwoSites.Patience, TwoSites.Token);
        (await a.SendAsync(slow.Self, TrafficClass.Control, default, default, TwoSites.Token)).ShouldBeTrue();
        (await a.SendAsync(quick.Self, TrafficClass.Merge, default, payload, TwoSites.Token)).ShouldBeTrue();
        await quick.NextAsync<GatewayEvent.EndpointUp>();
        await quick.NextAsync<GatewayEvent.Delivered>();

        sends[63].IsCompleted.ShouldBeFalse();
        await slow.NextAsync<GatewayEvent.EndpointUp>();
        for (var index = 0; index < sends.Length + 1; index++)
        {
            (await slow.NextAsync<GatewayEvent.Delivered>()).Release();
        }

        (await sends[63].WaitAsync(TwoSites.Patience, TwoSites.Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Sender_that_waits_for_an_endpoint_which_goes_away_is_told_that_nothing_was_sent()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await using var b = await sites.ConnectAsync("wisconsin", "b");
        await a.WatchUntilUpAsync(b.Self);
        var sends = Enumerable.Range(0, 70).Select(_ => a.SendAsync(b.Self, TrafficClass.Merge, default, new byte[MessageBytes], TwoSites.Token).AsTask()).ToArray();
        await Task.WhenAll(sends.Take(63)).WaitAsync(TwoSites.Patience, TwoSites.Token);
        await b.DisposeAsync();
        var results = await Task.WhenAll(sends).WaitAsync(TwoSites.Patience, TwoSites.Token);
        results.Count(sent => sent).ShouldBe(63);
    }

    [Fact]
    public async Task Peer_that_is_gone_bounds_what_its_site_holds_for_it()
    {
        await using var atlanta = new MemorySite("atlanta");
        await using var wisconsin = new MemorySite("wisconsin");
        await using var a = await atlanta.ConnectAsync("a");
        await using var b = await wisconsin.ConnectAsync("b");
        var wire = new MemoryWire();
        var dialled = 0;
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        atlanta.Join(wisconsin, () => dialled++ == 0 ? wire : new MemoryWire(bytesUntilCut: 0));
        await a.WatchUntilUpAsync(b.Self);
        wire.Cut();

        var sends = Enumerable.Range(0, 100).Select(_ => a.SendAsync(b.Self, TrafficClass.Merge, default, new byte[MessageBytes], TwoSites.Token).AsTask()).ToArray();
        await Task.WhenAll(sends.Take(63)).WaitAsync(TwoSites.Patience, TwoSites.Token);
        atlanta.Session("wisconsin").HeldBytes.ShouldBeLessThanOrEqualTo(17L << 20);
        sends.Count(send => send.IsCompleted).ShouldBe(63);
        await atlanta.LeaveAsync();
        (await Task.WhenAll(sends).WaitAsync(TwoSites.Patience, TwoSites.Token)).Count(sent => sent).ShouldBe(63);
    }

    [Fact]
    public async Task Message_over_the_limit_is_refused_where_it_is_sent()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "a");
        await a.WatchUntilUpAsync(a.Self);
        var whole = new byte[GatewayClient.MessageBytesMax];
        await Should.ThrowAsync<ArgumentException>(async () => await a.SendAsync(a.Self, TrafficClass.Bulk, new byte[1], whole, TwoSites.Token));
        (await a.SendAsync(a.Self, TrafficClass.Bulk, whole, default, TwoSites.Token)).ShouldBeTrue();
        (await a.NextAsync<GatewayEvent.Delivered>()).Message.Length.ShouldBe(GatewayClient.MessageBytesMax);
        (await a.SendAsync(a.Self, TrafficClass.Control, whole.AsMemory(0, 400_000), whole.AsMemory(0, 500_000), TwoSites.Token)).ShouldBeTrue();
        (await a.NextAsync<GatewayEvent.Delivered>()).Message.Length.ShouldBe(900_000);
    }
}
