namespace Superfactory.Wan.Security;

/// <summary>Secures the connections between gateways: every stream of every link, on both sides. Thread-safe.</summary>
public interface ILinkSecurity
{
    /// <summary>What it is, as reports show it: <c>tls1.3</c>, or <c>none</c>.</summary>
    string Name { get; }

    /// <summary>Secures a connection that this gateway dialled.</summary>
    /// <param name="transport">The connection. Owned by what is returned; where this fails, by the caller.</param>
    /// <param name="peerSite">The site that it must be of.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The secured connection.</returns>
    /// <exception cref="LinkSecurityException">The other side is not that site by its certificate, or refused this one.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    ValueTask<Stream> AsClientAsync(Stream transport, string peerSite, CancellationToken cancellationToken);

    /// <summary>Secures a connection that another gateway dialled.</summary>
    /// <param name="transport">The connection. Owned by what is returned; where this fails, by the caller.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The secured connection and who is at its other end.</returns>
    /// <exception cref="LinkSecurityException">The other side has no certificate that counts.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    ValueTask<SecuredCaller> AsServerAsync(Stream transport, CancellationToken cancellationToken);
}

/// <summary>A secured connection that another gateway dialled.</summary>
/// <param name="Stream">The connection.</param>
/// <param name="Site">The site that its certificate names; null where nothing vouches for it. A caller that says it is another site is refused.</param>
public readonly record struct SecuredCaller(Stream Stream, string? Site);

/// <summary>The other side of a connection between gateways is refused, or refuses this one, for what its certificate says.</summary>
public sealed class LinkSecurityException : Exception
{
    /// <summary>With the reason, the end of a sentence: <c>its certificate expired on 2026-01-01</c>.</summary>
    public LinkSecurityException(string message)
        : base(message)
    {
    }

    /// <summary>With the reason and what caused it.</summary>
    public LinkSecurityException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>With no more than a general reason.</summary>
    public LinkSecurityException()
        : base("the connection cannot be secured")
    {
    }
}
