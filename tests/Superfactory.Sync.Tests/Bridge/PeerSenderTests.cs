using System.Threading.Channels;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.BridgePair;
using Superfactory.Sync.Merging;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Messages on their way to a peer: order, bounds, and what an interruption drops.</summary>
public sealed class PeerSenderTests
{
    private const int TimeoutMilliseconds = 60_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Messages_reach_the_transport_in_order_as_the_codec_writes_them()
    {
        var transport = new Gate();
        using var sender = new PeerSender("atlanta", transport);
        sender.Open();
        for (var round = 0; round < 100; round++)
        {
            sender.TrySend(Chunk(round)).ShouldBeTrue();
        }

        sender.Complete();
        transport.Allow(100);
        await sender.RunAsync(Token);

        transport.Sent.Select(bytes => MergeMessageCodec.Read(bytes).Value).Cast<ChunkMessage>().Select(chunk => chunk.Round)
            .ShouldBe(Enumerable.Range(0, 100).Select(round => (long)round));
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Messages_that_wait_for_a_slow_peer_are_bounded_and_the_sender_s_caller_never_waits()
    {
        using var sender = new PeerSender("atlanta", new Gate(), messagesMax: 10);
        sender.Open();
        using var stop = new CancellationTokenSource();
        var running = sender.RunAsync(stop.Token);

        var taken = 0;
        while (sender.TrySend(Chunk(taken)))
        {
            taken++;
        }

        taken.ShouldBeInRange(10, 11);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Payloads_are_read_when_the_transport_takes_them()
    {
        var transport = new Gate();
        using var sender = new PeerSender("atlanta", transport);
        sender.Open();
        var payload = new byte[] { 1, 2, 3 };
        sender.TrySend(new PieceMessage { Epoch = 1, Incarnation = 1, Stream = StreamKind.State, Offset = 0, Bytes = payload });
        payload[1] = 9;

        sender.Complete();
        transport.Allow(1);
        await sender.RunAsync(Token);

        ((PieceMessage)MergeMessageCodec.Read(transport.Sent[0]).Value!).Bytes.ToArray().ShouldBe([1, 9, 3]);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task What_waits_when_a_peer_goes_down_never_reaches_its_successor()
    {
        var transport = new Gate();
        using var sender = new PeerSender("atlanta", transport);
        sender.TrySend(Chunk(0));
        sender.Open();
        sender.TrySend(Chunk(1));
        sender.TrySend(Chunk(2));
        var running = sender.RunAsync(Token);
        await transport.Entered.Reader.ReadAsync(Token);

        sender.Close();
        sender.TrySend(Chunk(3));
        sender.Open();
        sender.TrySend(Chunk(4));
        sender.Complete();
        await transport.Entered.Reader.ReadAsync(Token);
        transport.Allow(10);
        await running;

        transport.Sent.Select(bytes => ((ChunkMessage)MergeMessageCodec.Read(bytes).Value!).Round).ShouldBe([4]);
        sender.Dropped.ShouldBe(4);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Chunks_that_the_transport_took_are_counted_for_the_conversation_that_lasts()
    {
        var transport = new Gate();
        var told = 0;
        using var sender = new PeerSender("atlanta", transport, () => told++);
        sender.Open();
        sender.TrySend(Chunk(0));
        sender.TrySend(new OverMessage());
        sender.TrySend(Chunk(1));
        sender.Complete();
        transport.Allow(3);
        await sender.RunAsync(Token);

        told.ShouldBe(1);
        sender.TakeCarried().ShouldBe(2);
        sender.TakeCarried().ShouldBe(0);
        sender.Open();
        sender.TakeCarried().ShouldBe(0);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Of_many_chunks_half_of_what_may_wait_is_told_at_once_and_the_rest_when_nothing_waits()
    {
        var transport = new Gate();
        var told = new List<int>();
        PeerSender? telling = null;
        using var sender = telling = new PeerSender("atlanta", transport, () => told.Add(telling!.TakeCarried()));
        sender.Open();
        for (var chunk = 0; chunk < MergeLimits.ChunksWaitingMax + 1; chunk++)
        {
            sender.TrySend(Chunk(chunk));
        }

        sender.TrySend(new OverMessage());
        sender.Complete();
        transport.Allow(MergeLimits.ChunksWaitingMax + 2);
        await sender.RunAsync(Token);

        told.ShouldBe([MergeLimits.ChunksWaitingMax / 2, MergeLimits.ChunksWaitingMax / 2, 1]);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Few_chunks_are_not_taken_while_another_waits_and_are_when_none_does()
    {
        var transport = new Gate();
        using var sender = new PeerSender("atlanta", transport);
        sender.Open();
        sender.TrySend(Chunk(0));
        sender.TrySend(Chunk(1));
        sender.TrySend(Chunk(2));
        var running = sender.RunAsync(Token);
        await transport.Entered.Reader.ReadAsync(Token);
        transport.Allow(1);
        await transport.Entered.Reader.ReadAsync(Token);

        sender.TakeCarried().ShouldBe(0);

        transport.Allow(2);
        sender.Complete();
        await running;
        sender.TakeCarried().ShouldBe(3);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task A_bridge_that_ends_lets_its_last_messages_leave()
    {
        var transport = new Gate();
        var epoch = new RunEpoch { Number = 1, Members = [new RunMember("wisconsin", 1), new RunMember("atlanta", 1)] };
        using var peers = new BridgePeers("wisconsin", epoch, transport);
        var sending = peers.SendAsync();
        peers.Take(new PeerEvent.Up("atlanta"), epoch, _ => { });
        peers.TrySend("atlanta", Chunk(0)).ShouldBeTrue();

        var draining = peers.DrainAsync(new ManualTime());

        await transport.Entered.Reader.ReadAsync(Token);
        draining.IsCompleted.ShouldBeFalse();
        transport.Allow(1);
        await draining;
        transport.Sent.Count.ShouldBe(1);
        await sending;
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task A_peer_that_lets_a_message_not_go_holds_up_the_end_of_a_bridge_no_longer_than_its_bound()
    {
        var (transport, time) = (new Gate { Deaf = true }, new Alarm());
        var epoch = new RunEpoch { Number = 1, Members = [new RunMember("wisconsin", 1), new RunMember("atlanta", 1)] };
        using var peers = new BridgePeers("wisconsin", epoch, transport);
        var sending = peers.SendAsync();
        peers.Take(new PeerEvent.Up("atlanta"), epoch, _ => { });
        peers.TrySend("atlanta", Chunk(0)).ShouldBeTrue();
        await transport.Entered.Reader.ReadAsync(Token);

        var stopping = peers.StopAsync(time);
        (await time.RingAsync()).ShouldBe(BridgePeers.StopMax);
        await stopping;
        var waiting = peers.WaitAsync(time);
        waiting.IsCompleted.ShouldBeFalse();
        (await time.RingAsync()).ShouldBe(BridgePeers.StopMax);
        await waiting;

        sending.IsCompleted.ShouldBeFalse();
        transport.Allow(1);
        await Should.ThrowAsync<OperationCanceledException>(() => sending);
    }

    [Fact(Timeout = TimeoutMilliseconds)]
    public async Task Bridges_joined_by_memory_hold_a_sender_back_while_the_receiver_does_not_read()
    {
        var network = new LoopbackNetwork();
        await using var one = network.Connect("one");
        await using var other = network.Connect("other");
        await one.WatchAsync("other", Token);
        (await one.SendAsync("other", MessageOrder.Ordered, new byte[1], default, Token)).ShouldBeFalse();
        await other.WatchAsync("one", Token);

        var sent = 0;
        ValueTask<bool> sending;
        while ((sending = one.SendAsync("other", MessageOrder.Ordered, new[] { (byte)sent }, default, Token)).IsCompleted)
        {
            (await sending).ShouldBeTrue();
            sent++;
        }

        sent.ShouldBe(LoopbackNetwork.MessagesMax);
        await using var events = other.ReadEventsAsync(Token).GetAsyncEnumerator(Token);
        (await events.MoveNextAsync()).ShouldBeTrue();
        events.Current.ShouldBe(new PeerEvent.Up("one"));
        for (var expected = 0; expected <= sent; expected++)
        {
            (await events.MoveNextAsync()).ShouldBeTrue();
            events.Current.ShouldBeOfType<PeerEvent.Delivered>().Message.ToArray().ShouldBe([(byte)expected]);
        }

        (await sending).ShouldBeTrue();
        network.Cut("other", "one");
        (await events.MoveNextAsync()).ShouldBeTrue();
        events.Current.ShouldBe(new PeerEvent.Down("one"));
    }

    private static ChunkMessage Chunk(long round) =>
        new() { Epoch = 1, Incarnation = 1, Stream = StreamKind.Contribution, Round = round, Chunk = 0, Bytes = new byte[8] };

    /// <summary>A clock whose timers fire when the test says so.</summary>
    private sealed class Alarm : TimeProvider
    {
        private readonly Channel<(TimerCallback Callback, object? State, TimeSpan Due)> _timers = Channel.CreateUnbounded<(TimerCallback, object?, TimeSpan)>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Writer.TryWrite((callback, state, dueTime));
            return new ManualTime().CreateTimer(callback, state, dueTime, period);
        }

        /// <summary>Lets the next timer fire; returns how long it would have taken.</summary>
        public async Task<TimeSpan> RingAsync()
        {
            var (callback, state, due) = await _timers.Reader.ReadAsync(Token);
            callback(state);
            return due;
        }
    }

    /// <summary>A transport that takes as many messages as it is allowed to.</summary>
    private sealed class Gate : IPeerTransport
    {
        private readonly SemaphoreSlim _allowed = new(0);

        public List<byte[]> Sent { get; } = [];

        /// <summary>Whether a message that waits goes on waiting although it was cancelled.</summary>
        public bool Deaf { get; init; }

        public Channel<bool> Entered { get; } = Channel.CreateUnbounded<bool>();

        public void Allow(int messages) => _allowed.Release(messages);

        public ValueTask WatchAsync(string island, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async ValueTask<bool> SendAsync(string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        {
            Entered.Writer.TryWrite(true);
            await _allowed.WaitAsync(Deaf ? CancellationToken.None : cancellationToken);
            Sent.Add([.. header.Span, .. payload.Span]);
            return true;
        }

        public IAsyncEnumerable<PeerEvent> ReadEventsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
