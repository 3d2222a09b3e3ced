using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Tests.Running;

/// <summary>
/// Real packets through real namespaces. Times are held to their lower bounds only: a busy machine makes packets late, and nothing makes them early.
/// </summary>
public sealed class TrafficTests : IDisposable
{
    private const int Port = 7000;

    private readonly LabBench _bench = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sites_that_share_no_link_reach_each_other_over_those_between()
    {
        await using var laboratory = await _bench.UpAsync("a b 100mbit 6ms", "b c 100mbit 8ms", "c d 100mbit 10ms");
        using var echo = Echo(laboratory, "d");
        using var caller = Caller(laboratory, "a");

        var fastest = TimeSpan.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var begin = Stopwatch.GetTimestamp();
            (await AskAsync(caller, laboratory.AddressOf("d"))).ShouldBeTrue();
            fastest = fastest < Stopwatch.GetElapsedTime(begin) ? fastest : Stopwatch.GetElapsedTime(begin);
        }

        fastest.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(24));
        var status = (await laboratory.StatusAsync(Cancellation)).Value.ShouldNotBeNull();
        status.Links.ShouldAllBe(static link => link.There.Packets == 20 && link.Back.Packets == 20);

        // 20 bytes of IPv4, 8 of UDP, 4 of content.
        status.Links.ShouldAllBe(static link => link.There.Bytes == 20 * 32);
    }

    [Theory]
    [InlineData(1500, "200mbit")]
    [InlineData(9000, "1gbit")]
    public async Task A_stream_arrives_unchanged_where_packets_are_lost_and_the_queue_is_short(int mtu, string rate)
    {
        const int bytes = 8 << 20;
        await using var laboratory = await _bench.UpAsync($"a b {rate} 4ms mtu={mtu} loss=1% queue=100kB jitter=0.5ms");
        var (sent, received) = (SHA256.Create(), SHA256.Create());
        using var listener = In(laboratory, "b", static () => new TcpListener(IPAddress.Any, Port));
        listener.Start();
        using var sender = In(laboratory, "a", static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        var begin = Stopwatch.GetTimestamp();
        await sender.ConnectAsync(laboratory.AddressOf("b"), Port, Cancellation).AsTask().WaitAsync(LabBench.Limit, Cancellation);
        using var receiver = await listener.AcceptSocketAsync(Cancellation);
        await Task.WhenAll(SendAsync(sender, bytes, sent), ReceiveAsync(receiver, received)).WaitAsync(LabBench.Limit, Cancellation);
        var took = Stopwatch.GetElapsedTime(begin);

        received.Hash.ShouldBe(sent.Hash);
        var direction = (await laboratory.StatusAsync(Cancellation)).Value.ShouldNotBeNull().Links[0].There;
        direction.Losses.ShouldBeGreaterThan(0);
        direction.Bytes.ShouldBeGreaterThan(bytes);
        direction.Refused.ShouldBe(0);
        (direction.Bytes / (double)direction.Packets).ShouldBeLessThanOrEqualTo(mtu);
        took.TotalSeconds.ShouldBeGreaterThan(direction.Bytes / direction.Bandwidth.BytesPerSecond);
    }

    [Fact]
    public async Task A_cut_link_carries_nothing_until_it_is_restored()
    {
        await using var laboratory = await _bench.UpAsync("a b 100mbit 2ms");
        using var echo = Echo(laboratory, "b");
        using var caller = Caller(laboratory, "a");
        (await AskAsync(caller, laboratory.AddressOf("b"))).ShouldBeTrue();

        var cut = (await laboratory.CutAsync("b", "a", Cancellation)).Value.ShouldNotBeNull();
        cut.Links[0].IsCut.ShouldBeTrue();
        await caller.SendToAsync(new byte[4], new IPEndPoint(laboratory.AddressOf("b"), Port), Cancellation);
        await CountAsync(laboratory, static link => link.There.CutDrops == 1);

        (await laboratory.RestoreAsync("a", "b", Cancellation)).Value.ShouldNotBeNull().Links[0].IsCut.ShouldBeFalse();
        (await AskAsync(caller, laboratory.AddressOf("b"))).ShouldBeTrue();
        (await laboratory.StatusAsync(Cancellation)).Value.ShouldNotBeNull().Links[0].There.Packets.ShouldBe(2);
    }

    [Fact]
    public async Task A_link_is_changed_while_it_is_in_use()
    {
        await using var laboratory = await _bench.UpAsync("a b 100mbit 2ms");
        using var echo = Echo(laboratory, "b");
        using var caller = Caller(laboratory, "a");
        var change = new LinkChange { Bandwidth = new Bandwidth(20_000_000), RoundTrip = TimeSpan.FromMilliseconds(80), Loss = 0.001 };

        var link = (await laboratory.SetAsync("a", "b", change, Cancellation)).Value.ShouldNotBeNull().Links[0];
        (link.There.Bandwidth, link.RoundTrip, link.There.Loss).ShouldBe((new Bandwidth(20_000_000), TimeSpan.FromMilliseconds(80), 0.001));
        link.There.QueueBytesMax.ShouldBe(200_000);
        var begin = Stopwatch.GetTimestamp();
        (await AskAsync(caller, laboratory.AddressOf("b"))).ShouldBeTrue();
        Stopwatch.GetElapsedTime(begin).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(80));

        link = (await laboratory.SetAsync("b", "a", new LinkChange { Loss = 1, OneWay = true }, Cancellation)).Value.ShouldNotBeNull().Links[0];
        (link.There.Loss, link.Back.Loss).ShouldBe((0.001, 1.0));
        await caller.SendToAsync(new byte[4], new IPEndPoint(laboratory.AddressOf("b"), Port), Cancellation);
        await CountAsync(laboratory, static link => link.Back.Losses == 1);
    }

    [Fact]
    public async Task The_congestion_control_is_the_one_asked_for()
    {
        var up = await Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms") with { CongestionControl = "reno" }, _bench.Options, Cancellation);
        await using var laboratory = up.Value.ShouldNotBeNull();
        var (output, _) = await LabBench.RunAsync([.. laboratory.Enter("a"), "cat", "/proc/sys/net/ipv4/tcp_congestion_control"]);
        output.Trim().ShouldBe("reno");
    }

    public void Dispose() => _bench.Dispose();

    private static T In<T>(Laboratory laboratory, string site, Func<T> make) => NetworkNamespace.Inside(laboratory.NamespaceOf(site), make);

    private static Socket Caller(Laboratory laboratory, string site) =>
        In(laboratory, site, static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    private static Socket Echo(Laboratory laboratory, string site)
    {
        var socket = Caller(laboratory, site);
        socket.Bind(new IPEndPoint(IPAddress.Any, Port));
        _ = Task.Run(async () =>
        {
            var bytes = new byte[16];
            while (true)
            {
                var asked = await socket.ReceiveFromAsync(bytes, new IPEndPoint(IPAddress.Any, 0), Cancellation);
                await socket.SendToAsync(bytes.AsMemory(0, asked.ReceivedBytes), asked.RemoteEndPoint, Cancellation);
            }
        });
        return socket;
    }

    private static async Task<bool> AskAsync(Socket caller, IPAddress to)
    {
        var bytes = new byte[4];
        await caller.SendToAsync(bytes, new IPEndPoint(to, Port), Cancellation);
        return await caller.ReceiveAsync(bytes, Cancellation).AsTask().WaitAsync(LabBench.Limit, Cancellation) == 4;
    }

    private static async Task CountAsync(Laboratory laboratory, Func<LinkStatus, bool> condition)
    {
        LinkStatus? link = null;
        await LabBench.UntilAsync(() => condition(link = laboratory.StatusAsync(Cancellation).GetAwaiter().GetResult().Value!.Links[0]), $"{link}");
    }

    private static async Task SendAsync(Socket socket, int bytes, SHA256 hash)
    {
        const int seed = 12;
        var random = new Random(seed);
        var piece = new byte[64 << 10];
        for (var left = bytes; left > 0; left -= piece.Length)
        {
            random.NextBytes(piece);
            hash.TransformBlock(piece, 0, piece.Length, null, 0);
            for (var at = 0; at < piece.Length;)
            {
                at += await socket.SendAsync(piece.AsMemory(at), Cancellation);
            }
        }

        hash.TransformFinalBlock([], 0, 0);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task ReceiveAsync(Socket socket, SHA256 hash)
    {
        var piece = new byte[64 << 10];
        while (await socket.ReceiveAsync(piece, Cancellation) is var read && read > 0)
        {
            hash.TransformBlock(piece, 0, read, null, 0);
        }

        hash.TransformFinalBlock([], 0, 0);
    }
}
