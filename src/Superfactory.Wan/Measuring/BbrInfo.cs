using System.Buffers.Binary;
using System.Net.Sockets;

namespace Superfactory.Wan.Measuring;

/// <summary>What BBR knows of a connection: Linux's <c>struct tcp_bbr_info</c>, as <c>linux/inet_diag.h</c> lays it out.</summary>
/// <param name="BytesPerSecond">The largest rate of the last rounds, as it is estimated.</param>
/// <param name="RoundTripMinMicroseconds">The smallest round trip of the last seconds; 0 before there was one.</param>
/// <param name="PacingGain">How many times that rate it sends at.</param>
internal readonly record struct BbrInfo(long BytesPerSecond, int RoundTripMinMicroseconds, double PacingGain)
{
    private const int OptionCongestionInfo = 26;
    private const int Bytes = 20;
    private const double GainUnit = 256;

    /// <summary>Asks the kernel; null where the connection is gone or has another congestion control.</summary>
    public static BbrInfo? Read(Socket socket)
    {
        Span<byte> raw = stackalloc byte[64];
        return TcpOption.Read(socket, OptionCongestionInfo, raw) == Bytes ? Parse(raw) : null;
    }

    private static BbrInfo Parse(ReadOnlySpan<byte> raw) => new(
        BinaryPrimitives.ReadInt64LittleEndian(raw),
        BinaryPrimitives.ReadInt32LittleEndian(raw[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]) / GainUnit);
}
