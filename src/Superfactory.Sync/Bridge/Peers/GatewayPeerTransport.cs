using System.Globalization;
using System.Runtime.CompilerServices;
using Superfactory.Model.Wan;
using Superfactory.Wan;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>Bridges that reach each other through the gateways of their sites. An island's name is its site's.</summary>
internal sealed class GatewayPeerTransport : IPeerTransport
{
    private readonly GatewayClient _client;
    private readonly string _endpoint;

    private GatewayPeerTransport(GatewayClient client, string endpoint) => (_client, _endpoint) = (client, endpoint);

    /// <summary>Registers the island's bridge at its site's gateway.</summary>
    /// <param name="socketPath">The gateway's Unix socket.</param>
    /// <param name="run">The run.</param>
    /// <param name="island">The island.</param>
    /// <param name="lane">The lane of the model, from 0: only bridges of the same lane hear each other.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="PeerTransportException">There is no gateway, or it refused the bridge.</exception>
    public static async Task<GatewayPeerTransport> ConnectAsync(string socketPath, long run, string island, int lane, CancellationToken cancellationToken)
    {
        var endpoint = string.Create(CultureInfo.InvariantCulture, $"run/{run}/lane/{lane}");
        try
        {
            return new(await GatewayClient.ConnectAsync(socketPath, new EndpointAddress(island, endpoint), cancellationToken), endpoint);
        }
        catch (GatewayException error)
        {
            throw new PeerTransportException($"The gateway of {island} at {socketPath} cannot be reached: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WatchAsync(string island, CancellationToken cancellationToken)
    {
        try
        {
            await _client.WatchAsync(new EndpointAddress(island, _endpoint), cancellationToken);
        }
        catch (GatewayException error)
        {
            throw Lost(error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SendAsync(
        string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            // One class for all messages: order is kept within a class alone, and the merge needs it.
            return await _client.SendAsync(new EndpointAddress(island, _endpoint), TrafficClass.Merge, order, header, payload, cancellationToken);
        }
        catch (GatewayException error)
        {
            throw Lost(error);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<PeerEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = _client.Events;
        while (true)
        {
            GatewayEvent next;
            try
            {
                next = await events.ReadAsync(cancellationToken);
            }
            catch (GatewayException error)
            {
                throw Lost(error);
            }
            catch (System.Threading.Channels.ChannelClosedException error)
            {
                throw Lost(error.InnerException ?? error);
            }

            if (Translate(next) is { } translated)
            {
                yield return translated;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static PeerTransportException Lost(Exception error) => new($"The site's gateway is gone: {error.Message}", error);

    private PeerEvent? Translate(GatewayEvent happened) => happened switch
    {
        GatewayEvent.EndpointUp up when up.Address.Name == _endpoint => new PeerEvent.Up(up.Address.Site),
        GatewayEvent.EndpointDown down when down.Address.Name == _endpoint => new PeerEvent.Down(down.Address.Site),
        GatewayEvent.Delivered delivered when delivered.From.Name == _endpoint =>
            new PeerEvent.Delivered(delivered.From.Site, delivered.Message, delivered.Release),

        // Another run's endpoint, or one that is no bridge, has nothing to say here.
        _ => null,
    };
}
