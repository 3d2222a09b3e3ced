using System.Net.Sockets;

namespace Superfactory.Wan.Measuring;

/// <summary>What Linux tells of a TCP connection.</summary>
internal static class TcpOption
{
    private const int ProtocolTcp = 6;

    /// <summary>Asks the kernel for an option of <c>linux/tcp.h</c>.</summary>
    /// <returns>How many bytes it wrote; 0 on another system, where it has none, or where the connection is gone.</returns>
    public static int Read(Socket socket, int option, Span<byte> into)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        try
        {
            return socket.GetRawSocketOption(ProtocolTcp, option, into);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The connection ended meanwhile: there is nothing to measure or to steer any more.
            return 0;
        }
    }
}
