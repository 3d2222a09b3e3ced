using System.Threading.Channels;

namespace Superfactory.Wan;

/// <summary>
/// A bridge's connection to the gateway of its site. Sending is thread-safe; events are for one reader. The connection is
/// not made again when it is lost: <see cref="Events"/> then completes with a <see cref="GatewayException"/>.
/// </summary>
public sealed class GatewayClient : IAsyncDisposable
{
    private GatewayClient(EndpointAddress self) => Self = self;

    /// <summary>The longest message, header and payload together, in bytes.</summary>
    public const int MessageBytesMax = 1 << 20;

    /// <summary>This endpoint.</summary>
    public EndpointAddress Self { get; }

    /// <summary>Names this registration of the endpoint, as others see it in <see cref="GatewayEvent.EndpointUp"/>.</summary>
    public long Registration { get; }

    /// <summary>What happens, in order. For one reader. While nobody reads, senders to this endpoint are held back.</summary>
    public ChannelReader<GatewayEvent> Events => throw new NotSupportedException();

    /// <summary>Connects and registers; a registration of the same name that is still there is replaced.</summary>
    /// <param name="socketPath">The gateway's Unix socket.</param>
    /// <param name="self">This endpoint; its site is the gateway's own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GatewayException">There is no gateway, or it refused this endpoint.</exception>
    public static Task<GatewayClient> ConnectAsync(string socketPath, EndpointAddress self, CancellationToken cancellationToken)
        => throw new NotSupportedException();

    /// <summary>
    /// Asks to be told when an endpoint comes and goes. Where it is up already, <see cref="GatewayEvent.EndpointUp"/> follows at
    /// once; watching it again does nothing. An endpoint that sends something to this one is watched from then on.
    /// </summary>
    /// <exception cref="GatewayException">The gateway is gone.</exception>
    public ValueTask WatchAsync(EndpointAddress peer, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>
    /// Sends a message. Waits while as much as the class allows is on its way to that endpoint and not yet taken by it. Messages to
    /// one endpoint arrive in order within a class; what must stay in order goes in one class.
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
    /// <exception cref="ArgumentException">The message is too long.</exception>
    /// <exception cref="GatewayException">The gateway is gone.</exception>
    public ValueTask<bool> SendAsync(
        EndpointAddress to,
        TrafficClass trafficClass,
        ReadOnlyMemory<byte> header,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Closes the connection; what was sent before still arrives, then the endpoint is announced as gone.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
