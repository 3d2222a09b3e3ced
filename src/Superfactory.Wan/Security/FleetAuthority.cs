using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Superfactory.Model;

namespace Superfactory.Wan.Security;

/// <summary>
/// The authority of a fleet: signs the certificates by which its gateways know each other. Keys are ECDSA on the curve P-256. Whoever
/// holds its key can be any site, so it lies on no site.
/// </summary>
public sealed class FleetAuthority : IDisposable
{
    /// <summary>How long an authority is valid unless something else is asked for, in days: ten years.</summary>
    public const int DaysDefault = 3653;

    /// <summary>How long a site's certificate is valid unless something else is asked for, in days.</summary>
    public const int SiteDaysDefault = 366;

    /// <summary>The most days that anything can be asked to be valid: a hundred years.</summary>
    public const int DaysMax = 36525;

    private const int SerialBytes = 16;

    /// <summary>Clocks of sites may differ: what is signed is valid from this much earlier on.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(10);

    private readonly X509Certificate2 _certificate;

    private FleetAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>When it ends.</summary>
    public DateTimeOffset ValidUntil => _certificate.NotAfter.ToUniversalTime();

    /// <summary>Makes a new authority, in memory.</summary>
    /// <param name="now">The time.</param>
    /// <param name="days">How long it is valid, 1 to <see cref="DaysMax"/>.</param>
    public static FleetAuthority Create(DateTimeOffset now, int days = DaysDefault)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(days is >= 1 and <= DaysMax, true, nameof(days));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = $"CN=Superfactory fleet authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return new FleetAuthority(request.CreateSelfSigned(now - ClockTolerance, now.AddDays(days)));
    }

    /// <summary>Reads the authority that <see cref="Save"/> wrote.</summary>
    public static Outcome<FleetAuthority> Load(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var read = CertificateFiles.ReadOwn(Path.Combine(directory, CertificateFiles.AuthorityName), Path.Combine(directory, CertificateFiles.AuthorityKeyName));
        return read.Succeeded ? new(new FleetAuthority(read.Value)) : new(read.Problems);
    }

    /// <summary>Writes <c>authority.pem</c> and <c>authority.key</c> into a directory, which is made where it is missing.</summary>
    /// <returns>Null where it did; otherwise why not. An authority that is there is never replaced.</returns>
    public Problem? Save(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var key = Path.Combine(directory, CertificateFiles.AuthorityKeyName);
        return Saving(directory, () =>
        {
            if (File.Exists(key))
            {
                return new Problem("There is an authority here already, and sites may hold certificates of it.", directory, Hint: "Choose another directory, or delete it first.");
            }

            CertificateFiles.Write(key, KeyOf(_certificate), secret: true);
            CertificateFiles.Write(Path.Combine(directory, CertificateFiles.AuthorityName), _certificate.ExportCertificatePem(), secret: false);
            return null;
        });
    }

    /// <summary>Makes a key and a certificate for a site and writes them as <c>SITE.pem</c> and <c>SITE.key</c> beside <c>authority.pem</c>. Older ones of that site are replaced.</summary>
    /// <param name="site">The site's name.</param>
    /// <param name="directory">Where to; made where it is missing.</param>
    /// <param name="now">The time.</param>
    /// <param name="days">How long it is valid, 1 to <see cref="DaysMax"/>; no longer than the authority itself.</param>
    public Outcome<CertificateFiles> Issue(string site, string directory, DateTimeOffset now, int days = SiteDaysDefault)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentOutOfRangeException.ThrowIfNotEqual(days is >= 1 and <= DaysMax, true, nameof(days));
        if (!FactoryName.IsValid(site))
        {
            return new([new Problem($"'{site}' is no name for a site: expected {FactoryName.Expected}.")]);
        }

        if (now >= ValidUntil)
        {
            return new([new Problem($"The authority ended on {ValidUntil:yyyy-MM-dd}.", Hint: "Make a new one.")]);
        }

        using var certificate = Sign(site, now, days);
        var files = CertificateFiles.In(directory, site);
        var failed = Saving(directory, () =>
        {
            CertificateFiles.Write(files.Key, KeyOf(certificate), secret: true);
            CertificateFiles.Write(files.Certificate, certificate.ExportCertificatePem(), secret: false);
            CertificateFiles.Write(files.Authority, _certificate.ExportCertificatePem(), secret: false);
            return null;
        });
        return failed is null ? new(files) : new([failed]);
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Sign(string site, DateTimeOffset now, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={site}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(SiteIdentity.ServerPurpose), new Oid(SiteIdentity.ClientPurpose)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var (from, until) = (now - ClockTolerance, now.AddDays(days));
        using var signed = request.Create(
            _certificate,
            from > _certificate.NotBefore ? from : _certificate.NotBefore,
            until < ValidUntil ? until : ValidUntil,
            RandomNumberGenerator.GetBytes(SerialBytes));
        return signed.CopyWithPrivateKey(key);
    }

    private static string KeyOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("The certificate was made with a key of this curve.");
        return key.ExportPkcs8PrivateKeyPem();
    }

    private static Problem? Saving(string directory, Func<Problem?> write)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Problem($"The certificates cannot be written: {exception.Message}", directory);
        }
    }
}
