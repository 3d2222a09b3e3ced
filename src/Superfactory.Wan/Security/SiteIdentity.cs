using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Superfactory.Model;

namespace Superfactory.Wan.Security;

/// <summary>
/// Finds out which site a certificate names and whether the fleet's authority says so. The site is the certificate's common name;
/// nothing else in it counts, and no other authority of the machine is asked.
/// </summary>
internal static class SiteIdentity
{
    /// <summary>The purpose of a certificate that answers calls (RFC 5280, 4.2.1.12).</summary>
    public const string ServerPurpose = "1.3.6.1.5.5.7.3.1";

    /// <summary>The purpose of a certificate that calls.</summary>
    public const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private const string CommonName = "2.5.4.3";

    /// <summary>Checks a certificate.</summary>
    /// <param name="certificate">What the other side showed; null where it showed nothing.</param>
    /// <param name="authorities">The certificates of the fleet's authority.</param>
    /// <param name="purpose">What it was shown for.</param>
    /// <param name="now">The time.</param>
    /// <returns>The site; or why it is none of this fleet, as the rest of a sentence.</returns>
    public static (string? Site, string? Refused) Check(X509Certificate2? certificate, X509Certificate2Collection authorities, string purpose, DateTimeOffset now)
    {
        if (certificate is null)
        {
            return (null, "it showed no certificate");
        }

        var site = NameOf(certificate);
        var whose = site is null ? "its certificate" : $"its certificate for site '{site}'";
        if (now < certificate.NotBefore.ToUniversalTime())
        {
            return (site, $"{whose} is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC on, and it is {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC here; compare the clocks");
        }

        if (now > certificate.NotAfter.ToUniversalTime())
        {
            return (site, $"{whose} expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC; renew it with 'superfactory certificates site'");
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose));
        if (!chain.Build(certificate))
        {
            return (site, $"{whose} {Describe(chain.ChainStatus)}");
        }

        return site is not null && FactoryName.IsValid(site) ? (site, null) : (null, "its certificate names no site");
    }

    /// <summary>The common name of a certificate's subject; null where it has none, or several.</summary>
    public static string? NameOf(X509Certificate2 certificate)
    {
        string? found = null;
        try
        {
            foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
            {
                if (!part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
                {
                    if (found is not null)
                    {
                        return null;
                    }

                    found = part.GetSingleElementValue();
                }
            }
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            return null;
        }

        return found;
    }

    private static string Describe(X509ChainStatus[] statuses)
    {
        var all = statuses.Aggregate(X509ChainStatusFlags.NoError, static (sum, status) => sum | status.Status);
        if ((all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid)) != 0)
        {
            return "is not of this fleet's authority";
        }

        return (all & X509ChainStatusFlags.NotTimeValid) != 0
            ? "is of an authority that has ended"
            : $"cannot be used ({string.Join("; ", statuses.Select(static status => status.StatusInformation.TrimEnd('.', ' ', '\n')))})";
    }
}
