using System.Buffers.Binary;
using System.Net.Sockets;

namespace Superfactory.Wan.Measuring;

/// <summary>What the kernel knows of a TCP connection: Linux's <c>struct tcp_info</c>, as <c>linux/tcp.h</c> lays it out, as far as it is used here.</summary>
/// <param name="RoundTripMicroseconds">The smoothed round trip.</param>
/// <param name="RoundTripLeastMicroseconds">The smallest round trip of the last five minutes (<c>net.ipv4.tcp_min_rtt_wlen</c>); 2^31 − 1 before there was one.</param>
/// <param name="SegmentsSent">Segments with data, those sent again included.</param>
/// <param name="SegmentsSentAgain">Segments sent again.</param>
/// <param name="BytesAcknowledged">Bytes that the other side's kernel has.</param>
/// <param name="BytesSentAgain">Bytes sent again.</param>
/// <param name="BytesNotSent">Bytes that wait in the kernel.</param>
/// <param name="BusyMicroseconds">How long bytes were under way or waiting, since the connection was made.</param>
internal readonly record struct TcpInfo(
    int RoundTripMicroseconds,
    int RoundTripLeastMicroseconds,
    long SegmentsSent,
    long SegmentsSentAgain,
    long BytesAcknowledged,
    long BytesSentAgain,
    long BytesNotSent,
    long BusyMicroseconds)
{
    private const int OptionInfo = 11;

    /// <summary>Up to and with <c>tcpi_bytes_retrans</c>, which kernels have since 4.19.</summary>
    private const int BytesUsed = 216;

    /// <summary>Asks the kernel; null where it does not say, as on another system, or where the connection is gone.</summary>
    public static TcpInfo? Read(Socket socket)
    {
        Span<byte> raw = stackalloc byte[256];
        return TcpOption.Read(socket, OptionInfo, raw) < BytesUsed ? null : Parse(raw);
    }

    private static TcpInfo Parse(ReadOnlySpan<byte> raw) => new(
        RoundTripMicroseconds: (int)Math.Min(Number(raw, 68), int.MaxValue),
        RoundTripLeastMicroseconds: (int)Math.Min(Number(raw, 148), int.MaxValue),
        SegmentsSent: Number(raw, 156),
        SegmentsSentAgain: Number(raw, 100),
        BytesAcknowledged: Long(raw, 120),
        BytesSentAgain: Long(raw, 208),
        BytesNotSent: Number(raw, 144),
        BusyMicroseconds: Long(raw, 168));

    private static long Number(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]);

    private static long Long(ReadOnlySpan<byte> raw, int at) => Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(raw[at..]));
}
