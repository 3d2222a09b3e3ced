using System.Buffers.Binary;
using Superfactory.Lab.Fibre;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>TCP packets as a kernel hands them to a TUN device.</summary>
internal static class PacketBuilder
{
    /// <summary>A packet of IPv4 and TCP with virtio's header before it; several segments where the payload is longer than one.</summary>
    public static byte[] Tcp(byte[] payload, int segmentBytes, uint sequence, byte flags, int optionBytes = 12)
    {
        var headers = 20 + 20 + optionBytes;
        var packet = new byte[SegmentHeaders.VirtioBytes + headers + payload.Length];
        packet[0] = 1;
        if (payload.Length > segmentBytes)
        {
            packet[1] = 1;
            BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(4), (ushort)segmentBytes);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(6), 20);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(8), 16);
        var ip = packet.AsSpan(SegmentHeaders.VirtioBytes);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(headers + payload.Length));
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], 0xFFFE);
        ip[8] = 64;
        ip[9] = 6;
        new byte[] { 198, 18, 0, 1, 198, 18, 0, 2 }.CopyTo(ip[12..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)~Sum(ip[..20], 0));
        BinaryPrimitives.WriteUInt32BigEndian(ip[24..], sequence);
        ip[32] = (byte)((20 + optionBytes) / 4 << 4);
        ip[33] = flags;
        payload.CopyTo(ip[headers..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[36..], Sum(ip[12..20], (uint)(6 + headers - 20 + payload.Length)));
        return packet;
    }

    /// <summary>The one's complement sum of RFC 1071.</summary>
    public static ushort Sum(ReadOnlySpan<byte> words, uint seed)
    {
        ulong sum = seed;
        for (var at = 0; at < words.Length; at += 2)
        {
            sum += (ulong)((words[at] << 8) | (at + 1 < words.Length ? words[at + 1] : 0));
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)sum;
    }
}
