using System.Buffers.Binary;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;

namespace Superfactory.Wan.Tests.Links;

/// <summary>The promise of a link, whatever its connections do.</summary>
public sealed class BrokenConnectionTests
{
    private const int Messages = 150;

    public static TheoryData<int, int> Seeds => [.. Enumerable.Range(1, 40).Select(seed => (seed, seed % 4 == 0 ? 1 : 1 + (seed % 4)))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Messages_over_connections_that_break_at_any_byte_arrive_once_and_in_order(int seed, int streams)
    {
        var random = new Random(seed);
        var gate = new Lock();
        var dialled = 0;
        MemoryWire NextWire()
        {
            lock (gate)
            {
                // Connections last longer and longer, so that the schedule ends; some die in the handshake, some change a byte.
                var bytes = random.NextInt64(random.Next(4) == 0 ? 200 : 20_000L * ++dialled);
                var corrupt = random.Next(3) == 0 ? random.NextInt64(bytes + 1) : -1;
                return new MemoryWire(bytes, corrupt, losesUnread: random.Next(2) == 0);
            }
        }

        await using var atlanta = new MemorySite("atlanta", streams: streams);
        await using var wisconsin = new MemorySite("wisconsin", streams: streams);
        await using var a = await atlanta.ConnectAsync("a");
        await using var b = await wisconsin.ConnectAsync("b");
        await a.WatchAsync(b.Self, TwoSites.Token);
        await b.WatchAsync(a.Self, TwoSites.Token);
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        atlanta.Join(wisconsin, NextWire);

        var both = Task.WhenAll(ExchangeAsync(a, b.Self, seed), ExchangeAsync(b, a.Self, seed + 1000));
        await both.WaitAsync(TwoSites.Patience, TwoSites.Token);
        dialled.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task Connection_of_the_same_site_that_stops_after_its_hello_leaves_the_link_alone()
    {
        await using var atlanta = new MemorySite("atlanta");
        await using var wisconsin = new MemorySite("wisconsin");
        await using var a = await atlanta.ConnectAsync("a");
        await using var b = await wisconsin.ConnectAsync("b");
        await a.WatchAsync(b.Self, TwoSites.Token);
        await b.WatchAsync(a.Self, TwoSites.Token);
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        atlanta.Join(wisconsin, () => new MemoryWire());
        await b.NextAsync<GatewayEvent.EndpointUp>();

        var stale = new MemoryWire();
        wisconsin.Serve(stale.Right);
        await using (var connection = new FramedStream(stale.Left))
        {
            await Handshake.SendHelloAsync(connection, new HelloPayload(1, 0, "atlanta", "wisconsin"), TwoSites.Token);
            (await Handshake.ReadHelloAsync(connection, "atlanta", "wisconsin", TwoSites.Token)).Refused.ShouldBeNull();
        }

        await a.NextAsync<GatewayEvent.EndpointUp>();
        (await a.SendAsync(b.Self, TrafficClass.Control, new byte[] { 7 }, default, TwoSites.Token)).ShouldBeTrue();
        (await b.NextAsync<GatewayEvent.Delivered>()).Message.ToArray().ShouldBe([7]);
        wisconsin.Report.Reconnects.ShouldBe(0);
    }

    [Fact]
    public async Task Corrupt_frame_closes_its_connection_is_counted_and_told_and_nothing_is_lost()
    {
        var dialled = 0;
        await using var atlanta = new MemorySite("atlanta");
        await using var wisconsin = new MemorySite("wisconsin");
        await using var a = await atlanta.ConnectAsync("a");
        await using var b = await wisconsin.ConnectAsync("b");
        await a.WatchAsync(b.Self, TwoSites.Token);
        await b.WatchAsync(a.Self, TwoSites.Token);
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        atlanta.Join(wisconsin, () => new MemoryWire(corruptAt: dialled++ == 0 ? 30_000 : -1));

        await Task.WhenAll(ExchangeAsync(a, b.Self, 1), ExchangeAsync(b, a.Self, 2)).WaitAsync(TwoSites.Patience, TwoSites.Token);

        (atlanta.Report.FramesRefused + wisconsin.Report.FramesRefused).ShouldBe(1);
        atlanta.Report.Reconnects.ShouldBe(1);
        atlanta.Notices.Concat(wisconsin.Notices).Count(notice => notice.Kind == GatewayNoticeKind.FrameRefused).ShouldBe(1);
    }

    /// <summary>Sends numbered messages in two classes once the other is up, and checks what comes from there.</summary>
    private static async Task ExchangeAsync(GatewayClient self, EndpointAddress peer, int seed)
    {
        (await self.NextAsync<GatewayEvent.EndpointUp>()).Address.ShouldBe(peer);
        var sending = SendAsync(self, peer, seed);
        var next = new int[3];
        for (var count = 0; count < Messages; count++)
        {
            var delivered = await self.NextAsync<GatewayEvent.Delivered>();
            BinaryPrimitives.ReadInt32LittleEndian(delivered.Message.Span).ShouldBe(next[(int)delivered.Class]++);
            delivered.Message.Span[4..].ContainsAnyExcept(delivered.Message.Span[0]).ShouldBeFalse();
            delivered.Release();
        }

        await sending;
    }

    private static async Task SendAsync(GatewayClient self, EndpointAddress peer, int seed)
    {
        var random = new Random(seed);
        var next = new int[3];
        for (var count = 0; count < Messages; count++)
        {
            var trafficClass = (TrafficClass)random.Next(3);
            var header = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(header, next[(int)trafficClass]++);
            var payload = new byte[random.Next(random.Next(10) == 0 ? 100_000 : 2_000)];
            Array.Fill(payload, header[0]);
            (await self.SendAsync(peer, trafficClass, header, payload, TwoSites.Token)).ShouldBeTrue();
        }
    }
}
