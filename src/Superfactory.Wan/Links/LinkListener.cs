using System.Net;
using System.Net.Sockets;
using Superfactory.Model;
using Superfactory.Wan.Security;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>Listens for other gateways.</summary>
internal sealed class LinkListener(GatewayCore core, TcpTransport transport, ILinkSecurity security, LinkLimits limits, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Connections of peers at a time: 16 for each of 20 sites, and new ones beside them.</summary>
    private const int ConnectionsMax = 512;

    /// <summary>The same with those that have not said whose they are, and as many that were just sent away and end: these never take a peer's place.</summary>
    private const int AllConnectionsMax = ConnectionsMax + (2 * LinkReception.CallersMax);

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
        _accepting = Task.Run(() => SocketAcceptor.RunAsync(listener, _connections, AllConnectionsMax, ServeAsync, time, _stop.Token), CancellationToken.None);
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
        // Who hung up before it was looked at has no address any more.
        var caller = socket.RemoteEndPoint as IPEndPoint;
        return _reception.ServeAsync(
            transport.Wrap(socket, new ByteCounters()), caller?.Address.ToString() ?? string.Empty, caller?.ToString() ?? "an unknown address", _stop.Token);
    }
}
