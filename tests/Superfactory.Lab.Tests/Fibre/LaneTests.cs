using System.Buffers.Binary;
using Superfactory.Lab.Fibre;
using Superfactory.Lab.Interop;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>Packets through a direction of a link, between two sockets in the place of devices.</summary>
public sealed unsafe class LaneTests : IDisposable
{
    private const long Second = 1_000_000_000;

    private readonly PacketSockets _in = new();
    private readonly PacketSockets _out = new();

    [Theory]
    [InlineData(0, 10_000_000_000)]
    [InlineData(0.03, 10_000_000_000)]
    [InlineData(0.03, 200_000_000)]
    public void Every_segment_that_is_not_lost_arrives_unchanged_and_in_order(double loss, long rate)
    {
        const int seed = 31;
        var random = new Random(seed);
        using var lane = new Lane(new LaneModel(new LaneSettings(rate, 1000, 0, loss, 1 << 29), seed), new TunDevice("in", _in.Ours), new TunDevice("out", _out.Theirs));
        var (sent, arrived) = (new SortedDictionary<uint, byte[]>(), new SortedDictionary<uint, byte[]>());
        uint sequence = 1;
        long now = 0;
        for (var round = 0; round < 2000; round++)
        {
            var segment = random.Next(200, 3000);
            var payload = new byte[random.Next(1, 30_000)];
            random.NextBytes(payload);
            _in.Send(PacketBuilder.Tcp(payload, segment, sequence, flags: 0x10));
            for (var start = 0; start < payload.Length; start += segment)
            {
                sent[sequence + (uint)start] = payload[start..Math.Min(start + segment, payload.Length)];
            }

            sequence += (uint)payload.Length;
            lane.Take(now).ShouldBeTrue();

            // Sometimes many packets are under way, so that the store grows and wraps.
            if (random.Next(40) == 0)
            {
                now += 10 * Second;
                Drain(lane, now, arrived);
            }
        }

        Drain(lane, long.MaxValue / 2, arrived);
        lane.NextDue.ShouldBe(long.MaxValue);
        (sent.Count - arrived.Count).ShouldBe((int)lane.Model.Counters.Losses);
        lane.Model.Counters.DeliveredPackets.ShouldBe(arrived.Count);
        arrived.ShouldAllBe(piece => sent[piece.Key].SequenceEqual(piece.Value));
        if (loss == 0)
        {
            arrived.Count.ShouldBe(sent.Count);
        }
    }

    [Fact]
    public void Bytes_are_counted_as_packets_on_the_wire()
    {
        using var lane = NewLane();
        _in.Send(PacketBuilder.Tcp(new byte[10_000], 1000, 1, flags: 0x10));
        _ = lane.Take(0);
        lane.Deliver(Second);
        (lane.Model.Counters.DeliveredPackets, lane.Model.Counters.DeliveredBytes).ShouldBe((10, 10_000 + (10 * 52)));
        lane.Meter.BytesPerSecond(Second).ShouldBe(0);
        lane.Meter.BytesPerSecond(2 * Second).ShouldBe(10_520);
        lane.Meter.BytesPerSecond(4 * Second).ShouldBe(0);
    }

    [Fact]
    public void A_cut_loses_what_is_under_way()
    {
        using var lane = NewLane();
        _in.Send(PacketBuilder.Tcp(new byte[10_000], 1000, 1, flags: 0x10));
        _ = lane.Take(0);
        lane.Cut(isCut: true);
        lane.NextDue.ShouldBe(long.MaxValue);
        lane.Model.Counters.CutDrops.ShouldBe(10);
        lane.Cut(isCut: false);
        _in.Send(PacketBuilder.Tcp(new byte[100], 1000, 1, flags: 0x10));
        _ = lane.Take(0);
        lane.Deliver(Second);
        _out.Receive().ShouldNotBeNull().Length.ShouldBe(SegmentHeaders.VirtioBytes + 152);
    }

    [Fact]
    public void What_arrives_late_is_counted()
    {
        using var lane = NewLane();
        _in.Send(PacketBuilder.Tcp(new byte[100], 1000, 1, flags: 0x10));
        _ = lane.Take(0);
        var due = lane.NextDue;
        lane.Deliver(due + 5_000_000);
        lane.Late.ShouldBe((1, 5_000_000));
    }

    [Fact]
    public void A_device_that_is_gone_is_told_from_one_that_has_nothing()
    {
        using var lane = NewLane();
        lane.Take(0).ShouldBeTrue();
        using var gone = new Lane(new LaneModel(new LaneSettings(1_000_000, 0, 0, 0, 1000), 1), new TunDevice("none", -1), new TunDevice("out", _out.Theirs));
        gone.Take(0).ShouldBeFalse();
    }

    [Fact]
    public void Warming_up_carries_whole_packets_and_pieces() => WarmUp.Run().ShouldBeGreaterThan(8);

    public void Dispose()
    {
        _in.Dispose();
        _out.Dispose();
    }

    private Lane NewLane() =>
        new(new LaneModel(new LaneSettings(1_000_000_000, 1000, 0, 0, 1 << 20), 1), new TunDevice("in", _in.Ours), new TunDevice("out", _out.Theirs));

    private void Drain(Lane lane, long now, SortedDictionary<uint, byte[]> arrived)
    {
        // The socket at the other end holds less than what may be under way.
        while (lane.NextDue <= now)
        {
            lane.Deliver(lane.NextDue);
            while (_out.Receive() is { } packet)
            {
                var segment = BinaryPrimitives.ReadUInt16LittleEndian(packet.AsSpan(4));
                var ip = packet.AsSpan(SegmentHeaders.VirtioBytes);
                var sequence = BinaryPrimitives.ReadUInt32BigEndian(ip[24..]);
                var payload = ip[(20 + (ip[32] >> 4 << 2))..].ToArray();
                var step = segment == 0 ? payload.Length : segment;
                for (var start = 0; start < payload.Length; start += step)
                {
                    arrived.TryAdd(sequence + (uint)start, payload[start..Math.Min(start + step, payload.Length)]).ShouldBeTrue();
                }
            }
        }
    }
}
