using System.Net;
using System.Net.Sockets;
using Superfactory.Model;
using Superfactory.Wan.Security;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>Listens for other gateways.</summary>
internal sealed class LinkListener(GatewayCore core, TcpTransport transport, ILinkSecurity security, LinkLimits limits, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Connections at a time: 16 for each of 20 sites, new ones beside them, and some that never say who they are.</summary>
    private const int ConnectionsMax = 512;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskSet _connections = new(exception => core.Switchboard.Failed("serve a connection of another gateway", exception));
    private readonly LinkReception _reception = new(core, security, limits, time);
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Where it listens; null where it does not.</summary>
    public IPEndPoint? Endpoint { get; private set; }

    /// <summary>Begins to listen at <c>host:port</c>.</summary>
    /// <returns>Null where it does; otherwise why it cannot.</returns>
    public async Task<Problem?> StartAsync(string listen, CancellationToken cancellationToken)
    {
        if (!TcpTransport.TryParse(listen, out var host, out var port))
        {
            return new Problem($"The gateway cannot listen at '{listen}': expected host:port, such as 127.0.0.1:7500.");
        }

        Socket? listener = null;
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
            var endpoint = new IPEndPoint(addresses[0], port);
            listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(endpoint);
            listener.Listen();
        }
        catch (SocketException exception)
        {
            listener?.Dispose();
            return exception.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? new Problem($"The gateway of {core.Network.Self} cannot listen at {listen}: the port is in use.", Hint: "Stop what uses it, or choose another port.")
                : new Problem($"The gateway of {core.Network.Self} cannot listen at {listen}: {exception.Message}.");
        }

        _listener = listener;
        Endpoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(() => SocketAcceptor.RunAsync(listener, _connections, ConnectionsMax, ServeAsync, time, _stop.Token), CancellationToken.None);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        await _connections.WhenAllAsync();
        _stop.Dispose();
    }

    private Task ServeAsync(Socket socket)
    {
        var caller = socket.RemoteEndPoint?.ToString() ?? "an unknown address";
        return _reception.ServeAsync(transport.Wrap(socket, new ByteCounters()), caller, _stop.Token);
    }
}
