using System.Net.Sockets;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Peers.Direct;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>What a bridge that is joined to others without gateways makes of a peer that says nothing: real sockets, and a clock that the test moves.</summary>
public sealed class DirectPulseTests : IAsyncLifetime
{
    private const string Silence = "no sign of life for 2 seconds, as of a process that is paused";

    private static readonly int s_intervals = (int)(DirectPulse.SilenceMax / DirectPulse.Interval);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly ManualTime _time = new();
    private readonly DirectPeerTransport _one;

    public DirectPulseTests() => _one = DirectPeerTransport.Listen(new DirectPeers { Directory = _directory.FullName }, "one", _time);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(DirectFrame.LineBytes + 20)]
    public async Task Peer_that_is_silent_for_two_seconds_between_messages_or_within_one_is_hung_up_on_told_and_taken_back(int bytesOfMessage)
    {
        using var socket = await CallAsync();
        await using var events = Events();
        await ExpectAsync(events, new PeerEvent.Up("two"));
        await socket.SendAsync(Frame(new byte[100]).AsMemory(0, bytesOfMessage), TestContext.Current.CancellationToken);
        Pass(1);
        await ReadBeatsAsync(socket, 1);

        Pass(s_intervals - 1);
        (await _one.SendAsync("two", MessageOrder.Ordered, new byte[1], default, TestContext.Current.CancellationToken)).ShouldBeTrue();

        var silence = events.MoveNextAsync().AsTask();
        while (!silence.IsCompleted)
        {
            Pass(1);
            await Task.Yield();
        }

        events.Current.ShouldBe(new PeerEvent.Refused("two", Silence));
        await ExpectAsync(events, new PeerEvent.Down("two"));
        using var back = await CallAsync();
        await ExpectAsync(events, new PeerEvent.Up("two"));
    }

    [Fact]
    public async Task Caller_that_never_says_who_it_is_is_hung_up_on()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(DirectRendezvous.Find(_directory.FullName, "one")!, TestContext.Current.CancellationToken);
        await ReadBeatsAsync(socket, 0);

        Pass(s_intervals + 1);

        await using var events = Events();
        await ExpectAsync(events, new PeerEvent.Refused(string.Empty, Silence));
    }

    [Fact]
    public async Task Peer_that_says_that_it_runs_stays_up_and_hears_the_same()
    {
        using var socket = await CallAsync();
        await using var events = Events();
        await ExpectAsync(events, new PeerEvent.Up("two"));

        for (var beat = 0; beat < 3 * s_intervals; beat++)
        {
            await socket.SendAsync(Frame([]), TestContext.Current.CancellationToken);
            Pass(1);
        }

        await ReadBeatsAsync(socket, 3 * s_intervals);
        await socket.SendAsync(Frame([7]), TestContext.Current.CancellationToken);
        await events.MoveNextAsync();
        events.Current.ShouldBeOfType<PeerEvent.Delivered>().Message.ToArray().ShouldBe([7]);
    }

    [Fact]
    public async Task Peer_whose_messages_wait_here_is_not_silent()
    {
        using var socket = await CallAsync();
        await using var events = Events();
        await ExpectAsync(events, new PeerEvent.Up("two"));
        var message = Frame(new byte[1000]);
        for (var sent = 0; sent < DirectBuffers.BuffersMax + 2; sent++)
        {
            await socket.SendAsync(message, TestContext.Current.CancellationToken);
        }

        // All buffers are kept: what comes after them is not read.
        for (var taken = 0; taken < DirectBuffers.BuffersMax; taken++)
        {
            await events.MoveNextAsync();
        }

        Pass(3 * s_intervals);

        ((PeerEvent.Delivered)events.Current).Release!();
        await events.MoveNextAsync();
        events.Current.ShouldBeOfType<PeerEvent.Delivered>();
    }

    [Fact]
    public async Task Bridge_that_was_paused_itself_blames_nobody()
    {
        using var socket = await CallAsync();
        await using var events = Events();
        await ExpectAsync(events, new PeerEvent.Up("two"));

        _time.Advance(TimeSpan.FromMinutes(1));
        Pass(s_intervals - 1);

        await socket.SendAsync(Frame([7]), TestContext.Current.CancellationToken);
        await events.MoveNextAsync();
        events.Current.ShouldBeOfType<PeerEvent.Delivered>();
    }

    /// <summary>A message as a bridge sends it.</summary>
    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[DirectFrame.LineBytes + DirectFrame.WholeLines(message.Length)];
        var lead = DirectFrame.Write(frame, message, 0);
        message.CopyTo(frame, lead);
        return frame[..DirectFrame.PayloadOffset(message.Length)];
    }

    /// <summary>Reads the bridge's greeting and so many signs of life.</summary>
    private static async Task ReadBeatsAsync(Socket socket, int beats)
    {
        var frames = new byte[(1 + beats) * DirectFrame.LineBytes];
        for (var received = 0; received < frames.Length;)
        {
            var count = await socket.ReceiveAsync(frames.AsMemory(received), TestContext.Current.CancellationToken);
            count.ShouldBePositive();
            received += count;
        }

        for (var beat = 1; beat <= beats; beat++)
        {
            frames.AsSpan(beat * DirectFrame.LineBytes, DirectFrame.LineBytes).ToArray().ShouldBe(Frame([]));
        }
    }

    private static async Task ExpectAsync(IAsyncEnumerator<PeerEvent> events, PeerEvent expected)
    {
        (await events.MoveNextAsync()).ShouldBeTrue();
        events.Current.ShouldBe(expected);
    }

    private async Task<Socket> CallAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(DirectRendezvous.Find(_directory.FullName, "one")!, TestContext.Current.CancellationToken);
        await socket.SendAsync(Frame("two"u8.ToArray()), TestContext.Current.CancellationToken);
        return socket;
    }

    private IAsyncEnumerator<PeerEvent> Events() => _one.ReadEventsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

    private void Pass(int intervals)
    {
        for (; intervals > 0; intervals--)
        {
            _time.Advance(DirectPulse.Interval);
            _time.Fire();
        }
    }
}
