using System.Net.Sockets;
using System.Threading.Channels;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Local;

namespace Superfactory.Wan;

/// <summary>
/// A bridge's connection to the gateway of its site. Sending is thread-safe; events are for one reader. The connection is
/// not made again when it is lost: <see cref="Events"/> then completes with a <see cref="GatewayException"/>.
/// </summary>
public sealed class GatewayClient : IAsyncDisposable
{
    /// <summary>The longest message, header and payload together, in bytes.</summary>
    public const int MessageBytesMax = FrameLimits.MessageBytesMax;

    private readonly ClientConnection _connection;

    private GatewayClient(ClientConnection connection) => _connection = connection;

    /// <summary>This endpoint.</summary>
    public EndpointAddress Self => _connection.Self.Address;

    /// <summary>
    /// Names this registration of the endpoint, as others see it in <see cref="GatewayEvent.EndpointUp"/>. It is another one after this
    /// process did not run for two seconds: others were told then that it was gone, and all it knew were to it.
    /// </summary>
    public long Registration => _connection.Self.Registration;

    /// <summary>What happens, in order. For one reader. While nobody reads, senders to this endpoint are held back.</summary>
    public ChannelReader<GatewayEvent> Events => _connection.Events;

    /// <summary>Connects and registers; a registration of the same name that is still there is replaced.</summary>
    /// <param name="socketPath">The gateway's Unix socket.</param>
    /// <param name="self">This endpoint; its site is the gateway's own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GatewayException">There is no gateway, or it refused this endpoint.</exception>
    public static async Task<GatewayClient> ConnectAsync(string socketPath, EndpointAddress self, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(socketPath);
        Addresses.ThrowIfInvalid(self, nameof(self));
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.SendBufferSize = LocalServer.SendBufferBytes;
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return await OpenAsync(new NetworkStream(socket, ownsSocket: true), self, cancellationToken, beats: true);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is SocketException or IOException)
            {
                throw new GatewayException($"There is no gateway of site {self.Site} at {socketPath}: {exception.Message}.", exception);
            }

            throw;
        }
    }

    /// <summary>Registers over a connection that is there already.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="self">This endpoint.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="beats">Whether it says all the time that its process runs, so that the gateway finds it paused where it does not.</param>
    internal static async Task<GatewayClient> OpenAsync(Stream connection, EndpointAddress self, CancellationToken cancellationToken, bool beats = false)
    {
        var stream = new FramedStream(connection);
        try
        {
            await stream.SendAsync(FrameType.Register, Payloads.EncodeAddress(self), cancellationToken);
            var registration = await ReadRegistrationAsync(stream, self, cancellationToken);
            return new GatewayClient(new ClientConnection(stream, new RegisteredEndpoint(self, registration), beats));
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Asks to be told when an endpoint comes and goes. Where it is up already, <see cref="GatewayEvent.EndpointUp"/> follows at
    /// once; watching it again does nothing. An endpoint that sends something to this one is watched from then on.
    /// </summary>
    /// <exception cref="GatewayException">The gateway is gone.</exception>
    public ValueTask WatchAsync(EndpointAddress peer, CancellationToken cancellationToken)
    {
        Addresses.ThrowIfInvalid(peer, nameof(peer));
        return _connection.WatchAsync(peer, cancellationToken);
    }

    /// <summary>
    /// Sends a message. Waits while as much as the class allows is on its way to that endpoint and not yet taken by it: 2 MiB of
    /// control, 16 MiB of merges, 8 MiB of bulk. Messages to one endpoint arrive in order within a class; what must stay in order
    /// goes in one class, and is not sent as unordered.
    /// </summary>
    /// <param name="to">To whom.</param>
    /// <param name="trafficClass">What goes first where the link is full.</param>
    /// <param name="header">The message's first part.</param>
    /// <param name="payload">The message's second part; may be empty. Both may be used again when the call returns. Together at most <see cref="MessageBytesMax"/>.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent.</param>
    /// <returns>
    /// Whether it was sent. False where the endpoint is not up, by the events read from <see cref="Events"/> so far, or went down
    /// during the wait: its <see cref="GatewayEvent.EndpointDown"/> is among the events.
    /// </returns>
    /// <exception cref="ArgumentException">The message is too long, or the class unknown.</exception>
    /// <exception cref="GatewayException">The gateway is gone.</exception>
    public ValueTask<bool> SendAsync(
        EndpointAddress to,
        TrafficClass trafficClass,
        ReadOnlyMemory<byte> header,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
        => SendAsync(to, trafficClass, MessageOrder.Ordered, header, payload, cancellationToken);

    /// <summary>Sends a message with a place in its flow. All else is as with the other <c>SendAsync</c>.</summary>
    /// <param name="to">To whom.</param>
    /// <param name="trafficClass">What goes first where the link is full.</param>
    /// <param name="order">Whether other messages of the flow may overtake it.</param>
    /// <param name="header">The message's first part.</param>
    /// <param name="payload">The message's second part; may be empty. Both may be used again when the call returns. Together at most <see cref="MessageBytesMax"/>.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent.</param>
    /// <returns>Whether it was sent.</returns>
    /// <exception cref="ArgumentException">The message is too long, or the class or order unknown.</exception>
    /// <exception cref="GatewayException">The gateway is gone.</exception>
    public ValueTask<bool> SendAsync(
        EndpointAddress to,
        TrafficClass trafficClass,
        MessageOrder order,
        ReadOnlyMemory<byte> header,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
    {
        if (order > MessageOrder.Unordered)
        {
            throw new ArgumentOutOfRangeException(nameof(order), order, "There is no such order.");
        }

        if ((long)header.Length + payload.Length > MessageBytesMax)
        {
            throw new ArgumentException($"A message of {(long)header.Length + payload.Length} bytes is longer than {MessageBytesMax}, the most there can be.", nameof(payload));
        }

        if (trafficClass > TrafficClass.Bulk)
        {
            throw new ArgumentOutOfRangeException(nameof(trafficClass), trafficClass, "There is no such class.");
        }

        return _connection.SendAsync(to, trafficClass, order, header, payload, cancellationToken);
    }

    /// <summary>Closes the connection; what was sent before still arrives, then the endpoint is announced as gone.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static async Task<long> ReadRegistrationAsync(FramedStream stream, EndpointAddress self, CancellationToken cancellationToken)
    {
        var read = await stream.Reader.ReadAsync(cancellationToken);
        if (read.Payload is not { } payload)
        {
            var what = read.Ended ? "it closed the connection" : $"it sent {FrameRefusals.Describe(read.Refusal)}";
            throw new GatewayException($"The gateway did not register endpoint {self}: {what}.");
        }

        try
        {
            if (read.Header.Type == FrameType.Registered && Payloads.TryDecodeNumber(payload.Span, out var registration))
            {
                return registration;
            }

            var reason = read.Header.Type == FrameType.Refuse ? Payloads.DecodeReason(payload.Span) : FrameRefusals.Describe(FrameRefusal.Unexpected);
            throw new GatewayException($"The gateway did not register endpoint {self}: {reason}.");
        }
        finally
        {
            payload.Release();
        }
    }
}
