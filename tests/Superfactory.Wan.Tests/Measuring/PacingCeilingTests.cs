using System.Net;
using System.Net.Sockets;
using Superfactory.Wan.Measuring;

namespace Superfactory.Wan.Tests.Measuring;

/// <summary>When a connection's rate is bounded, and by what.</summary>
public sealed class PacingCeilingTests
{
    private const double Searching = 2.89;

    private readonly PacingCeiling _ceiling = new();

    [Fact]
    public void Search_without_a_queue_is_left_alone() =>
        _ceiling.Look(new BbrInfo(10_000_000, 20_000, Searching), 24_000, 0).ShouldBe(PacingCeiling.None);

    [Fact]
    public void Late_answers_to_a_few_bytes_are_no_queue() =>
        _ceiling.Look(new BbrInfo(100_000, 20_000, Searching), 60_000, 0).ShouldBe(PacingCeiling.None);

    [Fact]
    public void Queue_ends_the_search_a_quarter_above_the_rate_that_was_seen_and_follows_it()
    {
        _ceiling.Look(new BbrInfo(100_000_000, 20_000, Searching), 30_000, 0).ShouldBe(125_000_000);
        _ceiling.Look(new BbrInfo(120_000_000, 20_000, Searching), 20_500, 0).ShouldBe(150_000_000);
    }

    [Fact]
    public void New_connection_behind_anothers_queue_may_send_what_the_link_was_measured_to_carry()
    {
        _ceiling.Look(new BbrInfo(10_000_000, 20_000, Searching), 40_000, 120_000_000).ShouldBe(120_000_000);
        _ceiling.Look(new BbrInfo(110_000_000, 20_000, Searching), 40_000, 120_000_000).ShouldBe(137_500_000, "it finds out that the link carries more");
        _ceiling.Look(new BbrInfo(180_000_000, 20_000, Searching), 40_000, 120_000_000).ShouldBe(150_000_000, "what BBR sees of bunches is not what the link carries");
        _ceiling.Look(new BbrInfo(190_000_000, 20_000, Searching), 40_000, 120_000_000).ShouldBe(237_500_000, "a link that was never full is not known");
    }

    [Fact]
    public void Search_that_has_ended_by_itself_needs_no_ceiling_and_a_later_one_begins_anew()
    {
        _ceiling.Look(new BbrInfo(100_000_000, 20_000, Searching), 30_000, 0);
        _ceiling.Look(new BbrInfo(100_000_000, 20_000, 1.25), 30_000, 0).ShouldBe(PacingCeiling.None);
        _ceiling.Look(new BbrInfo(100_000_000, 20_000, Searching), 21_000, 0).ShouldBe(PacingCeiling.None);
    }

    [Fact]
    public async Task Kernel_says_what_its_BBR_knows_and_takes_a_ceiling()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        using var peer = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        TcpTuning.Prepare(socket);
        if (BbrInfo.Read(socket) is null)
        {
            Assert.Skip("This machine's kernel has no BBR.");
            return;
        }

        // It learns from acknowledgements, of which an answer is the proof.
        await socket.SendAsync(new byte[1], TestContext.Current.CancellationToken);
        await peer.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken);
        await peer.SendAsync(new byte[1], TestContext.Current.CancellationToken);
        await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken);
        BbrInfo.Read(socket)!.Value.PacingGain.ShouldBe(Searching, 0.01);
        TcpTuning.LimitRate(socket, 12_345_678);
        var raw = new byte[8];
        socket.GetRawSocketOption(1, 47, raw);
        BitConverter.ToInt64(raw).ShouldBe(12_345_678);
    }
}
