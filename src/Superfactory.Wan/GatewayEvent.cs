using Superfactory.Model.Wan;

namespace Superfactory.Wan;

/// <summary>
/// What a <see cref="GatewayClient"/> learns from its gateway, in order. Between an <see cref="EndpointUp"/> and the next
/// <see cref="EndpointDown"/> of the same address, the messages that it sent arrive exactly once and, within each
/// <see cref="TrafficClass"/>, in the order that their <see cref="MessageOrder"/> asks for. Nothing is delivered from an endpoint that is not up.
/// </summary>
public abstract record GatewayEvent
{
    private GatewayEvent()
    {
    }

    /// <summary>A message arrived.</summary>
    public sealed record Delivered : GatewayEvent
    {
        private PooledBuffer? _buffer;

        internal Delivered(EndpointAddress from, TrafficClass trafficClass, ReadOnlyMemory<byte> message, PooledBuffer? buffer)
            => (From, Class, Message, _buffer, PayloadBytes) = (from, trafficClass, message, buffer, buffer?.Length ?? message.Length);

        internal int PayloadBytes { get; }

        /// <summary>Who sent it.</summary>
        public EndpointAddress From { get; }

        /// <summary>The class it was sent in.</summary>
        public TrafficClass Class { get; }

        /// <summary>Header and payload as one, as they were given to <c>GatewayClient.SendAsync</c>. Valid until <see cref="Release"/>.</summary>
        public ReadOnlyMemory<byte> Message { get; private set; }

        /// <summary>
        /// Gives the message's memory back for the next one. May be left out, at the price of garbage; afterwards
        /// <see cref="Message"/> is empty and slices taken from it must not be used any more.
        /// </summary>
        public void Release()
        {
            Message = default;
            Interlocked.Exchange(ref _buffer, null)?.Release();
        }
    }

    /// <summary>An endpoint that this client watches, or that sent it something, is registered at its gateway and can be reached.</summary>
    /// <param name="Address">Which one.</param>
    /// <param name="Registration">Names this registration of the endpoint: another one, after a restart, has another number.</param>
    public sealed record EndpointUp(EndpointAddress Address, long Registration) : GatewayEvent;

    /// <summary>
    /// An endpoint is gone: it ended, a newer registration replaces it, or its gateway was started anew or left the peers.
    /// Messages on their way to it are lost. A connection between gateways that breaks and comes back is no reason.
    /// </summary>
    /// <param name="Address">Which one.</param>
    public sealed record EndpointDown(EndpointAddress Address) : GatewayEvent;
}
