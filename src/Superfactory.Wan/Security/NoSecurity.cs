namespace Superfactory.Wan.Security;

/// <summary>Connections between gateways without encryption: anybody on the way can read and change what they carry. Thread-safe.</summary>
public sealed class NoSecurity : ILinkSecurity
{
    private NoSecurity()
    {
    }

    /// <summary>The only one.</summary>
    public static NoSecurity Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "none";

    /// <inheritdoc/>
    public ValueTask<Stream> AsClientAsync(Stream transport, string peerSite, CancellationToken cancellationToken) => ValueTask.FromResult(transport);

    /// <inheritdoc/>
    public ValueTask<SecuredCaller> AsServerAsync(Stream transport, CancellationToken cancellationToken) => ValueTask.FromResult(new SecuredCaller(transport, null));
}
