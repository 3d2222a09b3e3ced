using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Superfactory.Model;

namespace Superfactory.Wan.Security;

/// <summary>
/// TLS 1.3 with a certificate of the fleet's authority on both sides. Renewed files are taken up without a restart; a connection that
/// stands is not looked at again. Thread-safe.
/// </summary>
public sealed class TlsLinkSecurity : ILinkSecurity
{
    /// <summary>The first byte of a TLS record that begins a handshake (RFC 8446, 5.1).</summary>
    internal const byte HandshakeRecord = 22;

    /// <summary>AES first: processors have instructions for it. All three are those that TLS 1.3 has to offer (RFC 8446, 9.1).</summary>
    private static readonly CipherSuitesPolicy? Suites = OperatingSystem.IsLinux()
        ? new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_128_GCM_SHA256, TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256])
        : null;

    private readonly CertificateKeeper _keeper;
    private readonly string _site;
    private readonly TimeProvider _time;

    private TlsLinkSecurity(CertificateKeeper keeper, string site, TimeProvider time) => (_keeper, _site, _time) = (keeper, site, time);

    /// <inheritdoc/>
    public string Name => "tls1.3";

    /// <summary>When this site's certificate ends.</summary>
    public DateTimeOffset ValidUntil => _keeper.Current().ValidUntil;

    /// <summary>Reads a site's certificate, its key and the authority's certificate.</summary>
    /// <param name="files">The files.</param>
    /// <param name="site">The site; the certificate has to name it.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="tell">Told in a sentence of what people should know later, such as that the certificate is about to end; from any thread.</param>
    /// <returns>The security; or everything because of which no other site would accept this one.</returns>
    public static Outcome<TlsLinkSecurity> Open(CertificateFiles files, string site, TimeProvider time, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentException.ThrowIfNullOrEmpty(site);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(tell);
        var keeper = CertificateKeeper.Open(files, site, time, tell);
        return keeper.Succeeded ? new(new TlsLinkSecurity(keeper.Value, site, time)) : new(keeper.Problems);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> AsClientAsync(Stream transport, string peerSite, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentException.ThrowIfNullOrEmpty(peerSite);
        var set = _keeper.Current();
        var judgement = new PeerJudgement(set.Authorities, SiteIdentity.ServerPurpose, _time.GetUtcNow());
        var tls = new SslStream(transport, leaveInnerStreamOpen: false);
        try
        {
            await ShakeHandsAsync(tls, $"with site {peerSite}", stream => stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = peerSite,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ClientCertificateContext = set.Context,
                    CertificateChainPolicy = set.ChainPolicy(),
                    RemoteCertificateValidationCallback = judgement.Judge,
                    AllowTlsResume = false,
                    CipherSuitesPolicy = Suites,
                },
                cancellationToken));
            var refused = judgement.Refused;
            if (refused is null && judgement.Site != peerSite)
            {
                refused = $"where the gateway of site '{peerSite}' should be, one with the certificate of site '{judgement.Site}' answers";
            }

            await AgreeAsync(tls, refused, peerSite, cancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SecuredCaller> AsServerAsync(Stream transport, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transport);
        var set = _keeper.Current();
        var judgement = new PeerJudgement(set.Authorities, SiteIdentity.ClientPurpose, _time.GetUtcNow());
        var tls = new SslStream(transport, leaveInnerStreamOpen: false);
        try
        {
            await ShakeHandsAsync(tls, "with a caller", stream => stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ServerCertificateContext = set.Context,
                    ClientCertificateRequired = true,
                    CertificateChainPolicy = set.ChainPolicy(),
                    RemoteCertificateValidationCallback = judgement.Judge,
                    AllowTlsResume = false,
                    CipherSuitesPolicy = Suites,
                },
                cancellationToken));
            await AgreeAsync(tls, judgement.Refused, judgement.Site, cancellationToken);
            return new SecuredCaller(tls, judgement.Site);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static async Task ShakeHandsAsync(SslStream tls, string withWhom, Func<SslStream, Task> shake)
    {
        try
        {
            await shake(tls);
        }
        catch (AuthenticationException exception)
        {
            throw new LinkSecurityException($"the TLS handshake {withWhom} failed: {(exception.InnerException ?? exception).Message.TrimEnd('.')}; does the other side run without certificates (--insecure-wan)?", exception);
        }
        catch (IOException exception)
        {
            throw new IOException(
                $"the connection ended during the TLS handshake {withWhom}; does the other side run without certificates (--insecure-wan)?", exception);
        }
        catch (Exception exception) when (exception is CryptographicException or InvalidOperationException)
        {
            throw new LinkSecurityException($"the TLS handshake {withWhom} failed: {exception.Message.TrimEnd('.')}", exception);
        }
    }

    /// <summary>Tells the other side what this one thinks of it, and hears the same.</summary>
    private async ValueTask AgreeAsync(SslStream tls, string? refused, string? peer, CancellationToken cancellationToken)
    {
        await TlsVerdict.SendAsync(tls, refused, cancellationToken);
        string? refusedByPeer;
        try
        {
            refusedByPeer = await TlsVerdict.ReadAsync(tls, cancellationToken);
        }
        catch (IOException exception) when (refused is null)
        {
            throw new IOException("the other side ended the connection after the TLS handshake without a reason", exception);
        }
        catch (IOException) when (refused is not null)
        {
            // It is refused anyway, and that is what is told.
            refusedByPeer = null;
        }

        if (refused is not null)
        {
            throw new LinkSecurityException(refused);
        }

        if (refusedByPeer is not null)
        {
            throw new LinkSecurityException($"{(peer is null ? "the other side" : $"site {peer}")} refuses this site ({_site}): {refusedByPeer}");
        }
    }
}
