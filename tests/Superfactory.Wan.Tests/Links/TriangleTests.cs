using System.Buffers.Binary;
using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests.Links;

/// <summary>Three gateways with real loops and clocks, each linked to both others, over connections in memory.</summary>
public sealed class TriangleTests
{
    [Fact]
    public async Task Link_that_is_cut_is_gone_round_over_the_third_site_and_taken_again_when_it_is_back()
    {
        await using var atlanta = new MemorySite("atlanta", streams: 2);
        await using var ohio = new MemorySite("ohio", streams: 2);
        await using var wisconsin = new MemorySite("wisconsin", streams: 2);
        await using var a = await atlanta.ConnectAsync("a");
        await using var w = await wisconsin.ConnectAsync("w");
        var cuttable = new List<MemoryWire>();
        var isCut = false;
        MemoryWire Direct()
        {
            lock (cuttable)
            {
                var wire = new MemoryWire(bytesUntilCut: isCut ? 0 : long.MaxValue);
                cuttable.Add(wire);
                return wire;
            }
        }

        wisconsin.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        wisconsin.Join(ohio, () => throw new InvalidOperationException("The other side dials."));
        ohio.Join(atlanta, () => throw new InvalidOperationException("The other side dials."));
        ohio.Join(wisconsin, () => new MemoryWire());
        atlanta.Join(ohio, () => new MemoryWire());
        atlanta.Join(wisconsin, Direct);
        await a.WatchUntilUpAsync(w.Self);
        await w.WatchUntilUpAsync(a.Self);

        await ExchangeAsync(a, w, 0);
        await UntilAsync(() => Way(atlanta) == "atlanta>wisconsin");
        lock (cuttable)
        {
            isCut = true;
            cuttable.ForEach(wire => wire.Cut());
        }

        await ExchangeAsync(a, w, 100);
        await UntilAsync(() => Way(atlanta) == "atlanta>ohio>wisconsin" && Way(wisconsin) == "wisconsin>ohio>atlanta");
        atlanta.LinkReports().Single(link => link.Peer == "wisconsin").Connected.ShouldBeFalse();
        await ExchangeAsync(a, w, 200);
        lock (cuttable)
        {
            isCut = false;
        }

        await UntilAsync(() => Way(atlanta) == "atlanta>wisconsin" && Way(wisconsin) == "wisconsin>atlanta");
        await ExchangeAsync(a, w, 300);
    }

    /// <summary>The way of merges from a site to the last of its peers.</summary>
    private static string Way(MemorySite site)
        => string.Join('>', site.LinkReports().Single(link => link.Peer is "wisconsin" or "atlanta").Classes[(int)TrafficClass.Merge].Routes.FirstOrDefault([]));

    private static async Task ExchangeAsync(GatewayClient a, GatewayClient w, int first)
    {
        for (var number = first; number < first + 50; number++)
        {
            var message = new byte[20_000];
            BinaryPrimitives.WriteInt32LittleEndian(message, number);
            (await a.SendAsync(w.Self, TrafficClass.Merge, message, default, TwoSites.Token)).ShouldBeTrue();
            (await w.SendAsync(a.Self, TrafficClass.Control, message, default, TwoSites.Token)).ShouldBeTrue();
        }

        foreach (var client in new[] { a, w })
        {
            for (var number = first; number < first + 50; number++)
            {
                var delivered = await client.NextAsync<GatewayEvent.Delivered>();
                BinaryPrimitives.ReadInt32LittleEndian(delivered.Message.Span).ShouldBe(number);
                delivered.Release();
            }
        }
    }

    /// <summary>Looks again and again; only a bound ends it otherwise.</summary>
    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TwoSites.Token);
        patience.CancelAfter(TwoSites.Patience);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
