using System.Net;
using System.Net.Sockets;
using Superfactory.Model;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Local;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>Listens for other gateways, finds out who calls, and hands the connection to the link to that site.</summary>
internal sealed class LinkListener(Switchboard switchboard, TcpTransport transport, LinkLimits limits, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Connections at a time: one for each of 20 sites, new ones beside them, and some that never say who they are.</summary>
    private const int ConnectionsMax = 256;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskSet _connections = new();
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
                ? new Problem($"The gateway of {switchboard.Site} cannot listen at {listen}: the port is in use.", Hint: "Stop what uses it, or choose another port.")
                : new Problem($"The gateway of {switchboard.Site} cannot listen at {listen}: {exception.Message}.");
        }

        _listener = listener;
        Endpoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(() => AcceptAsync(listener), CancellationToken.None);
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

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // That one is gone before it was taken, or this process is out of descriptors: others are served on.
                await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
                continue;
            }

            if (!_connections.TryAdd(() => ServeAsync(socket), ConnectionsMax))
            {
                socket.Dispose();
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var caller = socket.RemoteEndPoint?.ToString() ?? "an unknown address";
        var stream = new FramedStream(transport.Wrap(socket, new ByteCounters()));
        var handedOver = false;
        try
        {
            using var timeout = new CancellationTokenSource(limits.HandshakeMax, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
            var (hello, refused) = await Handshake.ReadHelloAsync(stream, switchboard.Site, null, either.Token);
            var link = hello is null ? null : switchboard.FindLink(hello.Site);
            refused ??= Check(hello!, link);
            if (refused is null)
            {
                handedOver = true;
                await link!.ServeAsync(stream, hello!);
                return;
            }

            await RefuseAsync(stream, caller, hello, link, refused, either.Token);
        }
        catch (OperationCanceledException)
        {
            // It never said who it is, or this gateway stops: nobody's link is concerned.
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            switchboard.Notice(new GatewayNotice(GatewayNoticeKind.PeerRefused, string.Empty, $"A connection from {caller} broke before it said who it is."));
        }
        finally
        {
            if (!handedOver)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private LinkEnd? Check(HelloPayload hello, Link? link)
    {
        var reason = link is null ? $"site {hello.Site} is no peer of site {switchboard.Site}"
            : link.Dials ? $"site {switchboard.Site} dials site {hello.Site}, not the other way round"
            : null;
        return reason is null ? null : new LinkEnd(LinkEndKind.PeerRefused, reason);
    }

    private async Task RefuseAsync(FramedStream stream, string caller, HelloPayload? hello, Link? link, LinkEnd refused, CancellationToken cancellationToken)
    {
        if (link is not null)
        {
            link.Refuse(refused);
        }
        else if (refused.Kind != LinkEndKind.Closed)
        {
            var kind = refused.Kind == LinkEndKind.FrameRefused ? GatewayNoticeKind.FrameRefused : GatewayNoticeKind.PeerRefused;
            switchboard.Notice(new GatewayNotice(kind, hello?.Site ?? string.Empty, $"A connection from {caller} was refused: {refused.Text}."));
        }

        if (hello is not null)
        {
            // Its own Hello first: a peer of another version reads no more than that, and names this one by it.
            await Handshake.SendHelloAsync(stream, new HelloPayload(0, 0, 0, switchboard.Site, hello.Site), cancellationToken);
            await stream.SendAsync(FrameType.Refuse, Payloads.EncodeReason(refused.Text), cancellationToken);
        }
    }
}
