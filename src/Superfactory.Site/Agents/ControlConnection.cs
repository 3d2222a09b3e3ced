using System.Net.Sockets;

namespace Superfactory.Site.Agents;

/// <summary>
/// Connections to the control plane that end soon after their other end is gone without a word: its machine lost its power, or the way to it was cut while it
/// was started again. One whose process is stopped or slow answers still, by its kernel, and is waited for.
/// </summary>
internal static class ControlConnection
{
    /// <summary>How long a connection may take to be made. Linux asks again after 1 s where the first question is lost, and then after 2 s more.</summary>
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After this long without a sign of the other machine a connection is given up, whether something is on its way or not: four transmissions, the last
    /// 1.4 s after the first, are lost then on a short way. With an attempt to connect it stays under the lease of 5 s.
    /// </summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(3);

    private const int KeepAliveSeconds = 1;
    private const int KeepAliveProbes = 2;
    private const int ProtocolTcp = 6;

    /// <summary><c>TCP_USER_TIMEOUT</c> of tcp(7), in milliseconds.</summary>
    private const int OptionUserTimeout = 18;

    /// <summary>Makes one, for <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="SocketException">There is nobody, or no way.</exception>
    public static async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Prepare(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Prepare(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(ProtocolTcp, OptionUserTimeout, BitConverter.GetBytes((int)SilenceMax.TotalMilliseconds));
        }
    }
}
