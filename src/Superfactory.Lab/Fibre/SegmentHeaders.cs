using System.Buffers.Binary;

namespace Superfactory.Lab.Fibre;

/// <summary>
/// The headers of what a TUN device hands over: virtio's network header, then IPv4 and TCP. Finds what a packet stands for, and makes the headers of
/// a part of it. Pure.
/// </summary>
/// <remarks>
/// Layouts: virtio 1.2 section 5.1.6 (the 10 bytes without a number of buffers, little-endian as on the machines that .NET runs on), RFC 791, RFC 9293.
/// A packet with segments comes without a TCP checksum: its field holds the sum of the pseudo header, and the receiving kernel takes it for good.
/// </remarks>
internal static class SegmentHeaders
{
    /// <summary>Bytes of virtio's header.</summary>
    public const int VirtioBytes = 10;

    /// <summary>The longest headers: virtio's, IPv4 and TCP with all options.</summary>
    public const int LengthMax = VirtioBytes + 60 + 60;

    private const byte NeedsChecksum = 1, TcpOverIp4 = 1, WithCongestionNotices = 0x80;
    private const int Finish = 0x01, Push = 0x08, WindowReduced = 0x80;

    /// <summary>What a packet with virtio's header before it stands for.</summary>
    public static Burst Read(ReadOnlySpan<byte> packet)
    {
        var ip = packet[VirtioBytes..];
        var segment = BinaryPrimitives.ReadUInt16LittleEndian(packet[4..]);
        if ((packet[1] & ~WithCongestionNotices) != TcpOverIp4 || segment == 0 || ip.Length < 40)
        {
            return Burst.Single(Math.Max(1, ip.Length));
        }

        var headers = HeaderBytes(ip);
        var payload = ip.Length - headers;
        return payload <= 0 ? Burst.Single(ip.Length) : new Burst(headers, segment, payload);
    }

    /// <summary>Writes the headers of some of a packet's segments.</summary>
    /// <param name="packet">The whole packet with virtio's header before it.</param>
    /// <param name="burst">What it stands for, more than one segment.</param>
    /// <param name="first">The first of the segments.</param>
    /// <param name="count">How many.</param>
    /// <param name="target">Where the headers go, at least <see cref="LengthMax"/> bytes.</param>
    /// <returns>Bytes of the headers.</returns>
    public static int Write(ReadOnlySpan<byte> packet, in Burst burst, int first, int count, Span<byte> target)
    {
        var length = VirtioBytes + burst.HeaderBytes;
        packet[..length].CopyTo(target);
        var payload = PayloadOf(burst, first, count).Length;
        if (count == 1)
        {
            target[1] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(target[4..], 0);
        }

        var ip = target[VirtioBytes..length];
        var ipBytes = (ip[0] & 0x0F) * 4;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(burst.HeaderBytes + payload));
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], unchecked((ushort)(BinaryPrimitives.ReadUInt16BigEndian(ip[4..]) + first)));
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)(0xFFFF - Sum(ip[..ipBytes], 0)));

        var tcp = ip[ipBytes..];
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], unchecked(BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) + (uint)(first * burst.SegmentBytes)));
        var isLast = first + count == burst.Segments;
        tcp[13] &= (byte)(0xFF - (isLast ? 0 : Finish | Push) - (first > 0 ? WindowReduced : 0));
        if ((target[0] & NeedsChecksum) != 0)
        {
            // The pseudo header of RFC 9293: addresses, protocol and TCP's length, not complemented.
            var seed = (uint)(6 + tcp.Length + payload);
            BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], Sum(ip[12..20], seed));
        }

        return length;
    }

    /// <summary>Sets virtio's count of header bytes, which the kernel leaves inexact, so that the receiving kernel puts the payload on pages of its own.</summary>
    public static void Sharpen(Span<byte> packet, in Burst burst)
    {
        if (burst.HeaderBytes > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(packet[2..], (ushort)burst.HeaderBytes);
        }
    }

    /// <summary>Which bytes of the payload some segments are.</summary>
    public static (int Start, int Length) PayloadOf(in Burst burst, int first, int count)
    {
        var start = first * burst.SegmentBytes;
        return (start, Math.Min((first + count) * burst.SegmentBytes, burst.PayloadBytes) - start);
    }

    private static int HeaderBytes(ReadOnlySpan<byte> ip)
    {
        var ipBytes = (ip[0] & 0x0F) * 4;
        return ip.Length < ipBytes + 20 ? ip.Length : ipBytes + ((ip[ipBytes + 12] >> 4) * 4);
    }

    // The one's complement sum of 16-bit words, RFC 1071.
    private static ushort Sum(ReadOnlySpan<byte> words, uint seed)
    {
        var sum = seed;
        for (var at = 0; at + 1 < words.Length; at += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(words[at..]);
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }
}
