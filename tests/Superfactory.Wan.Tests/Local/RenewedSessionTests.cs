using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;

namespace Superfactory.Wan.Tests.Local;

/// <summary>A session that begins anew while both gateways and both bridges stay: the same registrations go and come.</summary>
public sealed class RenewedSessionTests
{
    [Fact]
    public async Task Bridge_that_takes_messages_of_the_session_before_gives_no_credit_for_them_and_stays()
    {
        await using var sites = await StartAsync();
        for (var index = 0; index < 40; index++)
        {
            (await sites.A.SendAsync(sites.W.Self, TrafficClass.Merge, default, new byte[1 << 18], TwoSites.Token)).ShouldBeTrue();
        }

        // All of them have arrived, none was read: the receiver would give back 4 MiB and more.
        await sites.W.NextAsync<GatewayEvent.EndpointUp>();
        await UntilAsync(() => sites.W.Events.Count == 40);
        sites.Renew();
        await UntilAsync(() => sites.W.Events.Count == 42);
        for (var index = 0; index < 40; index++)
        {
            (await sites.W.NextAsync<GatewayEvent.Delivered>()).Release();
        }

        await sites.W.NextAsync<GatewayEvent.EndpointDown>();
        await sites.W.NextAsync<GatewayEvent.EndpointUp>();
        (await sites.W.SendAsync(sites.A.Self, TrafficClass.Control, new byte[] { 1 }, default, TwoSites.Token)).ShouldBeTrue();
        await sites.A.NextAsync<GatewayEvent.EndpointDown>();
        await sites.A.NextAsync<GatewayEvent.EndpointUp>();
        (await sites.A.NextAsync<GatewayEvent.Delivered>()).Message.ToArray().ShouldBe([1]);
        sites.Wisconsin.Notices.ShouldNotContain(static notice => notice.Kind == GatewayNoticeKind.EndpointRefused);
    }

    [Fact]
    public async Task Message_that_its_bridge_sent_before_it_read_of_the_new_session_is_none_of_it()
    {
        await using var sites = await StartAsync();
        await using var bridge = new FramedStream(sites.Atlanta.CallLocal());
        var self = new EndpointAddress("atlanta", "raw");
        await bridge.SendAsync(FrameType.Register, Payloads.EncodeAddress(self), TwoSites.Token);
        Payloads.TryDecodeNumber((await bridge.Reader.ReadAsync(TwoSites.Token)).Payload!.Span, out var registration).ShouldBeTrue();
        await bridge.SendAsync(FrameType.Watch, Payloads.EncodeAddress(sites.W.Self), TwoSites.Token);
        var (peer, before) = await UpAsync(bridge);
        sites.Renew();
        (await bridge.Reader.ReadAsync(TwoSites.Token)).Header.Type.ShouldBe(FrameType.EndpointDown);
        var (again, now) = await UpAsync(bridge);
        again.ShouldBe(peer);

        await SendAsync(bridge, new Envelope(new RegisteredEndpoint(self, registration), peer), 1, new FlowPlace(false, 7, 0), before);
        await SendAsync(bridge, new Envelope(new RegisteredEndpoint(self, registration), peer), 2, new FlowPlace(false, 0, 0), now);
        GatewayEvent.Delivered? delivered = null;
        while (delivered is null)
        {
            delivered = await sites.W.Events.ReadAsync(TwoSites.Token).AsTask().WaitAsync(TwoSites.Patience, TwoSites.Token) as GatewayEvent.Delivered;
        }

        delivered.Message.ToArray().ShouldBe([2]);

        // The other one did not leave: a message of one byte is 81 bytes with its header and its envelope.
        sites.Atlanta.Session("wisconsin").BytesSent[(int)TrafficClass.Bulk].ShouldBe(81);
    }

    private static async Task<(RegisteredEndpoint Endpoint, long Meeting)> UpAsync(FramedStream bridge)
    {
        var up = await bridge.Reader.ReadAsync(TwoSites.Token).AsTask().WaitAsync(TwoSites.Patience, TwoSites.Token);
        up.Header.Type.ShouldBe(FrameType.EndpointUp);
        RegisteredEndpoint.TryDecode(up.Payload!.Span, out var endpoint).ShouldBeTrue();
        return (endpoint, up.Header.Sequence);
    }

    private static async Task SendAsync(FramedStream bridge, Envelope envelope, byte content, FlowPlace place, long meeting)
    {
        var payload = PooledBuffer.Rent(FrameLimits.EnvelopeBytesMax + 1);
        var length = envelope.Write(payload.Span);
        payload.Span[length++] = content;
        var header = new FrameHeader(FrameType.Message, TrafficClass.Bulk, length, Checksum.Compute(payload.Span[..length])) { Place = place, Sequence = meeting };
        await bridge.Writer.WriteAsync(header, payload.Memory[..length], TwoSites.Token);
        await bridge.Writer.FlushAsync(TwoSites.Token);
        payload.Release();
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

    private static async Task<Pair> StartAsync()
    {
        var (atlanta, wisconsin) = (new MemorySite("atlanta"), new MemorySite("wisconsin"));
        var pair = new Pair(atlanta, wisconsin, await atlanta.ConnectAsync("a"), await wisconsin.ConnectAsync("w"));
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        atlanta.Join(wisconsin, () => new MemoryWire());
        await pair.A.WatchUntilUpAsync(pair.W.Self);
        await pair.W.WatchAsync(pair.A.Self, TwoSites.Token);
        return pair;
    }

    private sealed record Pair(MemorySite Atlanta, MemorySite Wisconsin, GatewayClient A, GatewayClient W) : IAsyncDisposable
    {
        public void Renew() => Wisconsin.Core.Locked(() =>
        {
            Wisconsin.Core.Network.End(Wisconsin.Core.Network.FindSession("atlanta")!);
            return true;
        });

        public async ValueTask DisposeAsync()
        {
            foreach (var part in new IAsyncDisposable[] { A, W, Atlanta, Wisconsin })
            {
                await part.DisposeAsync();
            }
        }
    }
}
