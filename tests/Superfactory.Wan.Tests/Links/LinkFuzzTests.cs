using System.Diagnostics;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests.Links;

/// <summary>A peer that is let in and then says anything at all.</summary>
public sealed class LinkFuzzTests
{
    private static readonly TimeSpan _bound = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Peer_that_sends_anything_is_cut_off_counted_and_costs_nobody_else_anything()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var wisconsin = new MemorySite("wisconsin");
        await using var texas = new MemorySite("texas");
        await using var atlanta = new MemorySite("atlanta");
        await using var w = await wisconsin.ConnectAsync("w");
        await using var t = await texas.ConnectAsync("t");
        wisconsin.Join(texas, () => throw new InvalidOperationException("The other side dials."));
        wisconsin.Join(atlanta, () => throw new InvalidOperationException("This test dials."));
        texas.Join(wisconsin, () => new MemoryWire());
        await w.WatchUntilUpAsync(t.Self);

        var began = Stopwatch.StartNew();
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        var rounds = 0;
        while (began.Elapsed < _bound)
        {
            await MisbehaveAsync(wisconsin, random, rounds);
            rounds++;
        }

        (await w.SendAsync(t.Self, TrafficClass.Merge, new byte[100_000], default, TwoSites.Token)).ShouldBeTrue();
        await t.NextAsync<GatewayEvent.EndpointUp>();
        (await t.NextAsync<GatewayEvent.Delivered>()).Message.Length.ShouldBe(100_000);
        var report = wisconsin.LinkReports().Single(link => link.Peer == "atlanta");
        wisconsin.Notices.ShouldNotContain(notice => notice.Kind == GatewayNoticeKind.Failure, $"seed {seed}");
        report.FramesRefused.ShouldBeGreaterThan(0, $"seed {seed}, {rounds} rounds");
        wisconsin.LinkReports().Single(link => link.Peer == "texas").Reconnects.ShouldBe(0);
        (GC.GetTotalMemory(forceFullCollection: true) - memory).ShouldBeLessThan(64L << 20, $"seed {seed}, {rounds} rounds");
    }

    /// <summary>Shakes hands as atlanta, then sends frames that are well-formed, damaged or no frames, until it is cut off or has had enough.</summary>
    private static async Task MisbehaveAsync(MemorySite wisconsin, Random random, int round)
    {
        var wire = new MemoryWire();
        wisconsin.Serve(wire.Right);
        await using var stream = new FramedStream(wire.Left);
        using var draining = new CancellationTokenSource();
        Task? drain = null;
        try
        {
            await Handshake.SendHelloAsync(stream, new HelloPayload(round + 1, random.Next(3), "atlanta", "wisconsin"), TwoSites.Token);
            var (hello, refused) = await Handshake.ReadHelloAsync(stream, "atlanta", "wisconsin", TwoSites.Token);
            refused.ShouldBeNull();
            await stream.SendAsync(FrameType.Ready, Payloads.EncodeNumber(hello!.Start), TwoSites.Token);
            drain = DrainAsync(stream.Reader, draining.Token);
            for (var count = 0; count < 200; count++)
            {
                await stream.Stream.WriteAsync(Anything(random), TwoSites.Token);
            }
        }
        catch (IOException exception)
        {
            // Cut off, as it should be, and told nothing more.
            exception.Message.ShouldContain("cut");
        }
        finally
        {
            await draining.CancelAsync();
            await (drain ?? Task.CompletedTask);
        }
    }

    private static async Task DrainAsync(FrameReader reader, CancellationToken cancellationToken)
    {
        try
        {
            while (await reader.ReadAsync(cancellationToken) is { Payload: { } payload })
            {
                payload.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Enough.
        }
    }

    private static byte[] Anything(Random random)
    {
        var payload = Payload(random);
        var header = new FrameHeader((FrameType)random.Next(0, 17), (TrafficClass)random.Next(4), payload.Length, Checksum.Compute(payload))
        {
            Sequence = random.Next(3) == 0 ? random.NextInt64() : random.Next(10),
            Session = (uint)random.Next(3),
            Place = new FlowPlace(random.Next(2) == 0, (uint)random.Next(5), 0),
        };

        // Gateways of a fleet take each other's word for where a relayed frame is from, so never from the one that must not notice.
        var origin = random.Next(2) == 0 ? "atlanta" : "nowhere";
        byte[] route = random.Next(8) == 0 ? new FrameRoute(origin, [.. Enumerable.Range(0, random.Next(4)).Select(_ => Name(random))]).Encode() : [];
        var frame = new byte[FrameHeader.Bytes + route.Length + payload.Length];
        (header with { RouteBytes = route.Length }).Write(frame);
        route.CopyTo(frame, FrameHeader.Bytes);
        payload.CopyTo(frame, FrameHeader.Bytes + route.Length);
        if (random.Next(10) == 0)
        {
            frame[random.Next(frame.Length)] ^= (byte)(1 + random.Next(255));
        }

        return frame;
    }

    private static byte[] Payload(Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                return new OpenPayload(random.Next(3), random.Next(1, 4), random.Next(3), random.Next(2) == 0).Encode().Span.ToArray();
            case 1:
                return new AckPayload(Number(random, 4), [.. Enumerable.Range(0, random.Next(3)).Select(_ => new AckRange(Count(random), Count(random)))]).Encode().Span.ToArray();
            case 2:
                return new LinkStatePayload(Name(random), Number(random, 100), [new LiveLink(Name(random), Count(random))]).Encode().Span.ToArray();
            case 3:
                return new RegisteredEndpoint(new EndpointAddress(Name(random), "e"), random.Next(5)).Encode().Span.ToArray();
            case 4:
                return new HeartbeatPayload(random.Next(4) == 0 ? long.MinValue + random.Next(2) : Number(random, 100), Count(random)).Encode().Span.ToArray();
            default:
                var bytes = new byte[random.Next(2000)];
                random.NextBytes(bytes);
                return bytes;
        }
    }

    /// <summary>A small number, or one at the edge of what can be said.</summary>
    private static long Number(Random random, int below) => random.Next(3) == 0 ? long.MaxValue - random.Next(3) : random.Next(below);

    private static int Count(Random random) => random.Next(3) == 0 ? int.MaxValue - random.Next(2) : random.Next(1, 5);

    private static string Name(Random random) => random.Next(4) switch
    {
        0 => "atlanta",
        1 => "wisconsin",
        2 => "texas",
        _ => "nowhere",
    };
}
