using System.Buffers.Binary;
using Superfactory.Lab.Fibre;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>Superpackets taken apart.</summary>
public sealed class SegmentHeadersTests
{
    private const byte Acknowledge = 0x10, PushAndFinish = 0x09, WindowReduced = 0x80;

    [Fact]
    public void A_superpacket_stands_for_its_segments()
    {
        var burst = SegmentHeaders.Read(PacketBuilder.Tcp(Payload(10_000), 1448, 1, Acknowledge));
        burst.ShouldBe(new Burst(52, 1448, 10_000));
        burst.Segments.ShouldBe(7);
        burst.BytesOf(0, 7).ShouldBe(10_000 + (7 * 52));
        burst.BytesOf(6, 1).ShouldBe(10_000 - (6 * 1448) + 52);
    }

    [Fact]
    public void Anything_else_is_a_packet_by_itself()
    {
        SegmentHeaders.Read(PacketBuilder.Tcp(Payload(100), 1448, 1, Acknowledge)).ShouldBe(Burst.Single(152));
        SegmentHeaders.Read(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x60 }).ShouldBe(Burst.Single(1));
        SegmentHeaders.Read(new byte[SegmentHeaders.VirtioBytes]).ShouldBe(Burst.Single(1));

        // One that lies of its lengths: nothing is read beyond its end.
        var packet = PacketBuilder.Tcp(Payload(2000), 1448, 1, Acknowledge);
        packet[SegmentHeaders.VirtioBytes] = 0x4F;
        SegmentHeaders.Read(packet.AsSpan(0, 55)).ShouldBe(Burst.Single(45));
    }

    [Fact]
    public void Pieces_of_a_superpacket_are_the_packets_that_a_network_card_would_make()
    {
        const int seed = 99;
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            var segment = random.Next(48, 9000);
            var payload = Payload(random.Next(segment + 1, 65_000));
            var sequence = unchecked((uint)random.Next() * 2);
            var packet = PacketBuilder.Tcp(payload, segment, sequence, Acknowledge | PushAndFinish | WindowReduced, random.Next(11) * 4);
            var burst = SegmentHeaders.Read(packet);
            var first = random.Next(burst.Segments);
            var count = random.Next(1, burst.Segments - first + 1);

            var target = new byte[SegmentHeaders.LengthMax];
            var length = SegmentHeaders.Write(packet, burst, first, count, target);
            var (start, bytes) = SegmentHeaders.PayloadOf(burst, first, count);

            var because = $"seed {seed}, round {round}";
            length.ShouldBe(SegmentHeaders.VirtioBytes + burst.HeaderBytes, because);
            start.ShouldBe(first * segment, because);
            CheckPiece(target.AsSpan(0, length), packet, bytes, first, isLast: first + count == burst.Segments, isOne: count == 1, sequence + (uint)start, because);
        }
    }

    private static void CheckPiece(ReadOnlySpan<byte> piece, byte[] packet, int payload, int first, bool isLast, bool isOne, uint sequence, string because)
    {
        piece[1].ShouldBe((byte)(isOne ? 0 : 1), because);
        var ip = piece[SegmentHeaders.VirtioBytes..];
        BinaryPrimitives.ReadUInt16BigEndian(ip[2..]).ShouldBe((ushort)(ip.Length + payload), because);
        BinaryPrimitives.ReadUInt16BigEndian(ip[4..]).ShouldBe(unchecked((ushort)(0xFFFE + first)), because);
        PacketBuilder.Sum(ip[..20], 0).ShouldBe((ushort)0xFFFF, because);
        BinaryPrimitives.ReadUInt32BigEndian(ip[24..]).ShouldBe(sequence, because);
        (ip[33] & PushAndFinish).ShouldBe(isLast ? PushAndFinish : 0, because);
        (ip[33] & WindowReduced).ShouldBe(first == 0 ? WindowReduced : 0, because);
        (ip[33] & Acknowledge).ShouldBe(Acknowledge, because);
        BinaryPrimitives.ReadUInt16BigEndian(ip[36..]).ShouldBe(PacketBuilder.Sum(ip[12..20], (uint)(6 + ip.Length - 20 + payload)), because);

        // Options and everything else stay.
        ip[40..].ToArray().ShouldBe(packet.AsSpan(SegmentHeaders.VirtioBytes + 40, ip.Length - 40).ToArray(), because);
    }

    private static byte[] Payload(int length) => [.. Enumerable.Range(0, length).Select(static number => (byte)(number * 31))];
}
