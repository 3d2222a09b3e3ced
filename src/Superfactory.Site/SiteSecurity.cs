using Superfactory.Model;
using Superfactory.Wan.Security;

namespace Superfactory.Site;

/// <summary>Sets up what protects a site's links: certificates, unless it was asked to go without.</summary>
internal static class SiteSecurity
{
    private const string DirectoryName = "certificates";

    /// <summary>Reads the site's certificate files.</summary>
    /// <param name="options">How the site is set up.</param>
    /// <param name="clock">Where time comes from.</param>
    /// <param name="say">Tells people, now and later.</param>
    /// <returns>The security, or everything that is wrong with the files.</returns>
    public static Outcome<ILinkSecurity> Open(SiteOptions options, TimeProvider clock, Action<string> say)
    {
        if (options.InsecureWan)
        {
            say("links to other sites are NOT encrypted and nobody on them is asked for a certificate (--insecure-wan)");
            return new(NoSecurity.Instance);
        }

        var files = FilesOf(options);
        if (options.CertificateFile is null && options.KeyFile is null && !files.AnyExists)
        {
            return new([new Problem(
                $"Site '{options.Name}' has no certificate: expected {files.Certificate}, {files.Key} and {files.Authority}, or others that --certificate, --key and --authority name.",
                Hint: "Make them with 'superfactory certificates', see docs/security.md; or let the links go without encryption with --insecure-wan.")]);
        }

        var tls = TlsLinkSecurity.Open(files, options.Name, clock, say);
        return tls.Succeeded ? new(tls.Value) : new(tls.Problems);
    }

    private static CertificateFiles FilesOf(SiteOptions options)
    {
        var usual = CertificateFiles.In(Path.Combine(Path.GetFullPath(options.StateDirectory), DirectoryName), options.Name);
        return new CertificateFiles(options.CertificateFile ?? usual.Certificate, options.KeyFile ?? usual.Key, options.AuthorityFile ?? usual.Authority);
    }
}
