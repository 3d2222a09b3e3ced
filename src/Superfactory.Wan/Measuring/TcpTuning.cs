using System.Net.Sockets;

namespace Superfactory.Wan.Measuring;

/// <summary>What a link sets on its TCP connections beside the system's defaults. On another system than Linux those are left.</summary>
internal static class TcpTuning
{
    /// <summary>What may wait in the kernel at least, and before the link is measured: 5 ms at 100 Mbit/s.</summary>
    public const int NotSentBytesMin = 64 * 1024;

    /// <summary>An idle connection is asked by the kernel after this long, and again.</summary>
    private const int KeepAliveSeconds = 1;

    /// <summary>Questions without an answer after which the kernel gives an idle connection up.</summary>
    private const int KeepAliveProbes = 2;

    private const int ProtocolTcp = 6;
    private const int OptionCongestion = 13;
    private const int OptionNotSentLowAt = 25;
    private const int LevelSocket = 1;
    private const int OptionRateMax = 47;
    private const int OptionReceiveLowAt = 18;

    /// <summary>
    /// Prepares a connection. Frames are gathered before they are written: nothing is gained by waiting for more. BBR fills a pipe
    /// that loses segments now and then, and keeps its estimate while it is idle (Cardwell and others, "BBR: Congestion-Based
    /// Congestion Control", ACM Queue 14, 2016); a kernel without it goes on with its default.
    /// </summary>
    public static void Prepare(Socket? socket)
    {
        if (socket is null)
        {
            return;
        }

        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        if (OperatingSystem.IsLinux())
        {
            TrySet(socket, OptionCongestion, "bbr"u8);
            LimitNotSent(socket, NotSentBytesMin);
        }
    }

    /// <summary>Bounds what waits in the kernel, so that what is more urgent need not wait behind it (<c>TCP_NOTSENT_LOWAT</c>, tcp(7)).</summary>
    public static void LimitNotSent(Socket? socket, int bytes)
    {
        if (socket is not null && OperatingSystem.IsLinux())
        {
            TrySet(socket, OptionNotSentLowAt, BitConverter.GetBytes(bytes));
        }
    }

    /// <summary>Bounds the rate at which the kernel sends, in bytes a second (<c>SO_MAX_PACING_RATE</c>, socket(7)).</summary>
    public static void LimitRate(Socket? socket, long bytesPerSecond)
    {
        if (socket is not null && OperatingSystem.IsLinux())
        {
            TrySet(socket, OptionRateMax, BitConverter.GetBytes(bytesPerSecond == PacingCeiling.None ? ulong.MaxValue : (ulong)bytesPerSecond), LevelSocket);
        }
    }

    /// <summary>Says how many bytes are to be here before whoever waits to read is woken (<c>SO_RCVLOWAT</c>, socket(7)); the connection's end wakes always.</summary>
    public static void WakeAt(Socket? socket, int bytes)
    {
        if (socket is not null && OperatingSystem.IsLinux())
        {
            TrySet(socket, OptionReceiveLowAt, BitConverter.GetBytes(bytes), LevelSocket);
        }
    }

    private static void TrySet(Socket socket, int option, ReadOnlySpan<byte> value, int level = ProtocolTcp)
    {
        try
        {
            socket.SetRawSocketOption(level, option, value);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The kernel has no such thing, or the connection is gone: it works without, or ends by itself.
            _ = exception;
        }
    }
}
