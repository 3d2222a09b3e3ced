using System.Net;
using System.Net.Sockets;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Peers.Direct;
using Superfactory.Sync.Merging;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Bridges that speak to each other over loopback TCP, without gateways.</summary>
public sealed class DirectTransportTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly List<IPeerTransport> _transports = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _transports)
        {
            await transport.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Islands_merge_gradients_without_gateways()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.EveryStep(steps: 3), ["one", "two", "three"], island => Task.FromResult<IPeerTransport>(Open(island)));
        var trainers = await Task.WhenAll(Enumerable.Range(0, 3).Select(place => JoinAsync(bridges, place)));
        await Task.WhenAll(trainers.Select(trainer => trainer.StartAsync()));
        for (var step = 0; step < 3; step++)
        {
            for (var place = 0; place < 3; place++)
            {
                trainers[place].Write("local", [.. Enumerable.Range(0, 1_000_000).Select(element => (float)(element % 7 * 3 * (place + 1)))]);
            }

            await Task.WhenAll(trainers.Select(trainer => trainer.MergeAsync(1, 1.0)));
            var merged = trainers[0].Read("merged", 1_000_000);
            merged[6].ShouldBe(36, 1e-4);
            trainers[1].Read("merged", 1_000_000).ShouldBe(merged);
            trainers[2].Read("merged", 1_000_000).ShouldBe(merged);
        }

        foreach (var trainer in trainers)
        {
            trainer.Dispose();
        }
    }

    [Fact]
    public async Task Messages_of_every_size_arrive_as_they_were_sent()
    {
        var (one, two) = (Open("one"), Open("two"));
        await MeetAsync(one, two);
        int[] sizes = [0, 1, 4095, MergeLimits.MessageBytesMax / 3, MergeLimits.MessageBytesMax - 5];
        var sending = Task.Run(async () =>
        {
            foreach (var size in sizes)
            {
                (await one.SendAsync("two", MessageOrder.Ordered, new byte[] { 1, 2, 3, 4, 5 }, Pattern(size), TestContext.Current.CancellationToken)).ShouldBeTrue();
            }
        }, TestContext.Current.CancellationToken);

        await using var events = two.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await ExpectAsync<PeerEvent.Up>(events);
        foreach (var size in sizes)
        {
            var delivered = await ExpectAsync<PeerEvent.Delivered>(events);
            delivered.Island.ShouldBe("one");
            delivered.Message.ToArray().ShouldBe([1, 2, 3, 4, 5, .. Pattern(size)]);
            delivered.Release!();
        }

        await sending;
    }

    [Fact]
    public async Task Sender_waits_while_the_receiver_keeps_all_its_buffers()
    {
        var (one, two) = (Open("one"), Open("two"));
        await MeetAsync(one, two);
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < 1000; sent++)
            {
                await one.SendAsync("two", MessageOrder.Unordered, new byte[64], new byte[100_000], TestContext.Current.CancellationToken);
            }
        }, TestContext.Current.CancellationToken);

        await using var events = two.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await ExpectAsync<PeerEvent.Up>(events);
        var kept = new List<PeerEvent.Delivered>();
        for (var index = 0; index < DirectBuffers.BuffersMax; index++)
        {
            kept.Add(await ExpectAsync<PeerEvent.Delivered>(events));
        }

        var next = events.MoveNextAsync().AsTask();
        next.IsCompleted.ShouldBeFalse();
        kept[0].Release!();
        (await next).ShouldBeTrue();
        sent.ShouldBeLessThan(1000);
        kept.Skip(1).ToList().ForEach(delivered => delivered.Release!());
        ((PeerEvent.Delivered)events.Current).Release!();
        for (var index = DirectBuffers.BuffersMax + 1; index < 1000; index++)
        {
            (await ExpectAsync<PeerEvent.Delivered>(events)).Release!();
        }

        await sending;
    }

    [Fact]
    public async Task Peer_that_ends_is_down_and_one_that_comes_back_is_up()
    {
        var (one, two) = (Open("one"), Open("two"));
        await MeetAsync(one, two);
        await using var events = two.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await ExpectAsync<PeerEvent.Up>(events);

        await one.DisposeAsync();
        await ExpectAsync<PeerEvent.Down>(events);
        (await two.SendAsync("one", MessageOrder.Ordered, new byte[1], default, TestContext.Current.CancellationToken)).ShouldBeFalse();

        Open("one");
        (await ExpectAsync<PeerEvent.Up>(events)).Island.ShouldBe("one");
    }

    [Theory]
    [InlineData("a wrong checksum", "a message whose checksum is wrong")]
    [InlineData("a length over the limit", "a message of 2130706437 bytes, where 256 are the most")]
    [InlineData("something else", "bytes that begin no message")]
    public async Task Stranger_that_sends_no_message_is_hung_up_on_and_the_reason_told(string what, string fault)
    {
        var one = Open("one");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(DirectRendezvous.Find(_directory.FullName, "one")!, TestContext.Current.CancellationToken);
        var frame = new byte[DirectFrame.LineBytes];
        "two!!"u8.CopyTo(frame.AsSpan(DirectFrame.Write(frame, "two!!"u8, 0)));
        switch (what)
        {
            case "a wrong checksum":
                frame[^1] ^= 1;
                break;
            case "a length over the limit":
                frame[7] = 0x7F;
                break;
            default:
                "GET / HTTP/1.1\r\n\r\n   "u8.CopyTo(frame);
                break;
        }

        await socket.SendAsync(frame, TestContext.Current.CancellationToken);

        // Its own greeting, then the end; where unread bytes are left, the system says so as a reset.
        var received = 0;
        try
        {
            for (int count; (count = await socket.ReceiveAsync(new byte[256], TestContext.Current.CancellationToken)) > 0;)
            {
                received += count;
            }
        }
        catch (SocketException error)
        {
            error.SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
        }

        received.ShouldBeLessThanOrEqualTo(DirectFrame.LineBytes);
        await using var events = one.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await ExpectAsync<PeerEvent.Refused>(events)).ShouldBe(new PeerEvent.Refused(string.Empty, fault));
    }

    [Fact]
    public async Task Peer_that_sends_garbage_is_hung_up_on_and_its_island_shows_how_often_and_why()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.EveryStep(steps: 3), ["one"], island => Task.FromResult<IPeerTransport>(Open(island)));
        await bridges.EventAsync<BridgeEvent.Ready>(0);
        for (var times = 1; times <= 2; times++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(DirectRendezvous.Find(_directory.FullName, "one")!, TestContext.Current.CancellationToken);
            await socket.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);

            var shown = await bridges.EventAsync<BridgeEvent.Progress>(0, progress => progress.Value.PeerFaults == times);

            shown.Value.PeerFault.ShouldBe("somebody unknown: bytes that begin no message");
        }

        await bridges.EventAsync<BridgeEvent.Note>(0, note => note.Text.Contains("somebody unknown"));
    }

    [Fact]
    public async Task Message_of_a_peer_that_cannot_be_read_is_counted_and_shown()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.EveryStep(steps: 3), ["one", "two"], island => Task.FromResult<IPeerTransport>(island == "one" ? Open(island) : new SilentTransport()));
        await bridges.EventAsync<BridgeEvent.Ready>(0);
        var two = Open("two");
        await two.WatchAsync("one", TestContext.Current.CancellationToken);
        await using var events = two.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await ExpectAsync<PeerEvent.Up>(events);

        (await two.SendAsync("one", MessageOrder.Ordered, new byte[] { MergeMessageCodec.ProtocolVersion, 0, 99 }, default, TestContext.Current.CancellationToken)).ShouldBeTrue();

        var shown = await bridges.EventAsync<BridgeEvent.Progress>(0, progress => progress.Value.PeerFaults == 1);
        shown.Value.PeerFault.ShouldNotBeNull().ShouldStartWith("two: A merge message of 3 bytes");
    }

    private sealed class SilentTransport : IPeerTransport
    {
        public ValueTask WatchAsync(string island, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<bool> SendAsync(string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => ValueTask.FromResult(false);

        public async IAsyncEnumerable<PeerEvent> ReadEventsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            yield break;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static byte[] Pattern(int size) => [.. Enumerable.Range(0, size).Select(place => (byte)(place * 31 >> 3))];

    private static async Task<T> ExpectAsync<T>(IAsyncEnumerator<PeerEvent> events)
        where T : PeerEvent
    {
        (await events.MoveNextAsync()).ShouldBeTrue();
        return events.Current.ShouldBeOfType<T>();
    }

    private static async Task MeetAsync(DirectPeerTransport one, DirectPeerTransport two)
    {
        await one.WatchAsync("two", TestContext.Current.CancellationToken);
        await two.WatchAsync("one", TestContext.Current.CancellationToken);
        await foreach (var happened in one.ReadEventsAsync(TestContext.Current.CancellationToken))
        {
            happened.ShouldBe(new PeerEvent.Up("two"));
            break;
        }
    }

    private static async Task<TrainerClient> JoinAsync(BridgeHarness bridges, int place)
    {
        var trainer = await bridges.ConnectAsync(place);
        await trainer.HelloAsync();
        await trainer.RegisterAsync(TrainerClient.Parameter("weight", 1_000_000));
        return trainer;
    }

    private DirectPeerTransport Open(string island)
    {
        var transport = DirectPeerTransport.Listen(new DirectPeers { Directory = _directory.FullName }, island, TimeProvider.System);
        _transports.Add(transport);
        return transport;
    }
}
