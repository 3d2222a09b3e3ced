using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Superfactory.Model.Units;

namespace Superfactory.Wan.Transport;

/// <summary>TCP between gateways: what connects, and what both sides set on a connection.</summary>
internal sealed class TcpTransport(WanProfile? emulated, TimeProvider time)
{
    /// <summary>Splits <c>host:port</c>; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(string endpoint, out string host, out int port)
    {
        var colon = endpoint.LastIndexOf(':');
        host = colon > 0 ? endpoint[..colon].Trim('[', ']') : string.Empty;
        return int.TryParse(endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port <= IPEndPoint.MaxPort
            && host.Length > 0;
    }

    /// <summary>Connects to <c>host:port</c>.</summary>
    /// <exception cref="IOException">It cannot be connected to.</exception>
    public async ValueTask<Stream> DialAsync(string endpoint, ByteCounters counters, CancellationToken cancellationToken)
    {
        if (!TryParse(endpoint, out var host, out var port) || port == 0)
        {
            throw new IOException($"'{endpoint}' is no host:port.");
        }

        Socket? socket = null;
        try
        {
            // Without a descriptor left there is no socket.
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(host, port, cancellationToken);
            return Wrap(socket, counters);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new IOException(exception.Message, exception);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>The layers on top of a socket: counting what goes through it, then the emulated link.</summary>
    public Stream Wrap(Socket socket, ByteCounters counters)
    {
        // Frames are gathered before they are written: nothing is gained by waiting for more.
        socket.NoDelay = true;
        var counting = new CountingStream(new NetworkStream(socket, ownsSocket: true), counters);
        return emulated is null ? counting : new EmulatedLinkStream(counting, emulated, time);
    }
}
