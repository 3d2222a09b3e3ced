using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Superfactory.Model;

namespace Superfactory.Wan.Security;

/// <summary>What a gateway proves with who it is, as read from its files at one moment. Immutable.</summary>
internal sealed class CertificateSet
{
    private CertificateSet(X509Certificate2 own, X509Certificate2Collection authorities, string fingerprint)
    {
        (Own, Authorities, Fingerprint) = (own, authorities, fingerprint);
        Context = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true);
    }

    /// <summary>This site's certificate with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>Whom others' certificates have to be of.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>The same as <see cref="Own"/>, as TLS takes it.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>What was in the files that it was read from, <see cref="CertificateFiles.Fingerprint"/>.</summary>
    public string Fingerprint { get; }

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset ValidUntil => Own.NotAfter.ToUniversalTime();

    /// <summary>
    /// How TLS builds the chain of a certificate that another side shows, before this side judges it: from what is here alone. A
    /// certificate that is not trusted yet must not make this side connect anywhere.
    /// </summary>
    public X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }

    /// <summary>Reads the files of a site and makes sure that others will accept it.</summary>
    public static Outcome<CertificateSet> Read(CertificateFiles files, string site, DateTimeOffset now)
    {
        string fingerprint;
        try
        {
            // Before the files are read: one that is replaced in between shows the next time.
            fingerprint = files.Fingerprint();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"The certificate's files cannot be read: {exception.Message.TrimEnd('.')}.", files.Certificate)]);
        }

        var (own, authorities) = (CertificateFiles.ReadOwn(files.Certificate, files.Key), CertificateFiles.ReadAll(files.Authority));
        if (!own.Succeeded || !authorities.Succeeded)
        {
            return new(own.Problems.AddRange(authorities.Problems));
        }

        var problems = ImmutableArray.CreateBuilder<Problem>();
        var (named, refused) = SiteIdentity.Check(own.Value, authorities.Value, SiteIdentity.ClientPurpose, now);
        if (refused is null && named != site)
        {
            refused = $"it is the certificate of site '{named}', and this is site '{site}'";
        }

        if (refused is not null)
        {
            problems.Add(new Problem($"No other site would accept this certificate: {refused}.", files.Certificate));
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(files.Key) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
        {
            problems.Add(new Problem("Other users of this machine can read this private key.", files.Key, Hint: $"Take it from them with 'chmod 600 {files.Key}'; if they may have read it, make a new one."));
        }

        return problems.Count > 0 ? new(problems.DrainToImmutable()) : new(new CertificateSet(own.Value, authorities.Value, fingerprint));
    }
}
