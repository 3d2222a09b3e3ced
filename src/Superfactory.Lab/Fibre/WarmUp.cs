using System.Buffers.Binary;
using Superfactory.Lab.Interop;

namespace Superfactory.Lab.Fibre;

/// <summary>
/// Carries a few packets from a pipe to nowhere, so that everything on the way of a packet is compiled before the first one comes: compiling takes
/// milliseconds, as long as packets are under way.
/// </summary>
internal static unsafe class WarmUp
{
    // A superpacket of 8 segments: 20 bytes of IPv4, 20 of TCP, 1,000 of payload each.
    private const int Segments = 8, HeaderBytes = 40, SegmentBytes = 1000;

    /// <summary>Does it.</summary>
    /// <returns>Packets that were carried, of which some were cut into pieces.</returns>
    public static long Run()
    {
        Span<int> pipe = stackalloc int[2];
        fixed (int* ends = pipe)
        {
            if (Native.CreatePipe(ends) != 0)
            {
                return 0;
            }
        }

        var packet = Superpacket();
        using var source = new TunDevice("pipe", pipe[0]);
        using var sink = new TunDevice("null", Native.Open("/dev/null", Native.OpenDevice));
        long carried = 0;
        foreach (var loss in new[] { 0, 0.5 })
        {
            // A line slow enough that a burst is cut into runs.
            using var lane = new Lane(new LaneModel(new LaneSettings(20_000_000, 0, 0, loss, 1 << 20), 1), source, sink);
            fixed (byte* bytes = packet)
            {
                _ = Native.Write(pipe[1], bytes, packet.Length);
            }

            _ = lane.Take(0);
            lane.Deliver(long.MaxValue / 2);
            carried += lane.Model.Counters.DeliveredPackets;
            lane.Change(0, lane.Model.Settings);
            lane.Cut(isCut: true);
        }

        _ = Native.Close(pipe[1]);
        return carried;
    }

    private static byte[] Superpacket()
    {
        var packet = new byte[SegmentHeaders.VirtioBytes + HeaderBytes + (Segments * SegmentBytes)];
        (packet[0], packet[1]) = (1, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(4), SegmentBytes);
        packet[SegmentHeaders.VirtioBytes] = 0x45;
        packet[SegmentHeaders.VirtioBytes + 20 + 12] = 5 << 4;
        return packet;
    }
}
