using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests.Local;

/// <summary>What a site that takes nothing costs the bridges that send to it, and others.</summary>
public sealed class FlowPressureTests
{
    private const int MessageBytes = 1 << 18;

    [Fact]
    public async Task Site_that_takes_nothing_holds_back_what_is_sent_there_and_nothing_else_that_its_bridge_sends()
    {
        // Much less fits into the queue of one site than the bridge's flow to it has.
        await using var world = await StartAsync(sender: 64L << 20);
        var stuck = world.SendToWisconsin(64);
        await Task.WhenAll(stuck.Take(63)).WaitAsync(TwoSites.Patience, TwoSites.Token);

        (await world.A.SendAsync(world.O.Self, TrafficClass.Merge, new byte[] { 7 }, default, TwoSites.Token)).ShouldBeTrue();
        await world.O.NextAsync<GatewayEvent.EndpointUp>();
        (await world.O.NextAsync<GatewayEvent.Delivered>()).Message.ToArray().ShouldBe([7]);
        stuck[63].IsCompleted.ShouldBeFalse();
        world.Atlanta.Session("wisconsin").WaitingBytes(TrafficClass.Merge).ShouldBeLessThanOrEqualTo(16L << 20);
    }

    [Fact]
    public async Task Bridge_that_has_as_much_waiting_as_it_may_is_read_on_when_there_is_room()
    {
        await using var world = await StartAsync(sender: 2L << 20);
        var stuck = world.SendToWisconsin(40);
        await UntilAsync(() => world.Atlanta.Session("wisconsin").WaitingBytes(TrafficClass.Merge) > (2L << 20) - (2 * MessageBytes));
        world.Atlanta.Session("wisconsin").WaitingBytes(TrafficClass.Merge).ShouldBeLessThanOrEqualTo(2L << 20);
        await world.Atlanta.LeaveAsync();
        await Task.WhenAll(stuck).WaitAsync(TwoSites.Patience, TwoSites.Token);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TwoSites.Token);
        patience.CancelAfter(TwoSites.Patience);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private static async Task<World> StartAsync(long sender)
    {
        var limits = MemorySite.Quick with { UnacknowledgedBytesMin = MessageBytes, UnacknowledgedBytesMax = MessageBytes, QueuedBytesMax = 1 << 20, SenderQueuedBytesMax = sender };
        var (atlanta, ohio, wisconsin) = (new MemorySite("atlanta", limits), new MemorySite("ohio"), new MemorySite("wisconsin"));
        var world = new World(atlanta, ohio, wisconsin, await atlanta.ConnectAsync("a"), await ohio.ConnectAsync("o"), await wisconsin.ConnectAsync("w"));
        var (wire, dialled) = (new MemoryWire(), 0);
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        ohio.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        atlanta.Join(ohio, () => new MemoryWire());
        atlanta.Join(wisconsin, () => dialled++ == 0 ? wire : new MemoryWire(bytesUntilCut: 0));
        await world.A.WatchUntilUpAsync(world.O.Self);
        await world.A.WatchUntilUpAsync(world.W.Self);
        wire.Cut();
        return world;
    }

    private sealed record World(MemorySite Atlanta, MemorySite Ohio, MemorySite Wisconsin, GatewayClient A, GatewayClient O, GatewayClient W) : IAsyncDisposable
    {
        public Task<bool>[] SendToWisconsin(int messages)
            => [.. Enumerable.Range(0, messages).Select(_ => A.SendAsync(W.Self, TrafficClass.Merge, default, new byte[MessageBytes], TwoSites.Token).AsTask())];

        public async ValueTask DisposeAsync()
        {
            foreach (var part in new IAsyncDisposable[] { A, O, W, Atlanta, Ohio, Wisconsin })
            {
                await part.DisposeAsync();
            }
        }
    }
}
