using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Superfactory.Wan.Security;

/// <summary>What this side thinks of the other's certificate. For one handshake.</summary>
/// <param name="authorities">Whom it has to be of.</param>
/// <param name="purpose">What it is shown for.</param>
/// <param name="now">The time.</param>
internal sealed class PeerJudgement(X509Certificate2Collection authorities, string purpose, DateTimeOffset now)
{
    private const string NotJudged = "its certificate was not looked at";

    /// <summary>The site that it names; null where it names none.</summary>
    public string? Site { get; private set; }

    /// <summary>Why it is refused, as the rest of a sentence; null where it is accepted.</summary>
    public string? Refused { get; private set; } = NotJudged;

    /// <summary>
    /// Judges the certificate. TLS goes on once it is judged, also where it is refused: only so can the other side be told why, which is
    /// all that it is told (<see cref="TlsVerdict"/>).
    /// </summary>
    public bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        using var own = certificate is null ? null : new X509Certificate2(certificate);
        (Site, Refused) = SiteIdentity.Check(own, authorities, purpose, now);
        return Refused != NotJudged;
    }
}
