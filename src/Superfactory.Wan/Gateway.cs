using System.Collections.Immutable;
using System.Net;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Wan;

/// <summary>A site's end of the wide-area network: it carries messages between this site's bridges and those of other sites. Thread-safe.</summary>
public sealed class Gateway : IAsyncDisposable
{
    private readonly GatewayOptions _options;

    /// <summary>Sets a gateway up; it does nothing before <see cref="StartAsync"/>.</summary>
    public Gateway(GatewayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
    }

    /// <summary>Where it listens for other gateways, with the port that was taken.</summary>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    public IPEndPoint ListenEndpoint => throw new InvalidOperationException($"The gateway of {_options.Site} was not started.");

    /// <summary>Begins to listen, for bridges and for other gateways.</summary>
    /// <returns>Null where it listens; otherwise why it cannot, such as a port in use.</returns>
    public Task<Problem?> StartAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Says which other sites there are, all of them. May be called at any time; a peer's address may change, and a peer that is missing is given up.</summary>
    public void SetPeers(IReadOnlyList<PeerGateway> peers) => throw new NotSupportedException();

    /// <summary>How each link is, in the order of the peers' names.</summary>
    public ImmutableArray<LinkReport> LinkReports() => throw new NotSupportedException();

    /// <summary>Announces this site's endpoints as gone, closes every connection and stops.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
