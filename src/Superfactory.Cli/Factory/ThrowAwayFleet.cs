using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Factory;

/// <summary>
/// Certificates for the sites of a local factory, of an authority whose key is never written and gone once they are made: nobody
/// can ever make another one that these sites accept.
/// </summary>
internal static class ThrowAwayFleet
{
    private const string DirectoryName = "local-certificates";

    /// <summary>Writes a certificate for each site, in place of those of an earlier factory in the same directory.</summary>
    /// <returns>Null where it did; otherwise why not.</returns>
    public static Problem? Issue(LocalFactoryOptions options, TimeProvider time)
    {
        var now = time.GetUtcNow();
        using var authority = FleetAuthority.Create(now);
        foreach (var site in options.Sites)
        {
            var issued = authority.Issue(site, DirectoryOf(options), now);
            if (!issued.Succeeded)
            {
                return issued.Problems[0];
            }
        }

        return null;
    }

    /// <summary>What a site is told of them on its command line.</summary>
    public static ImmutableArray<string> Arguments(LocalFactoryOptions options, string site)
    {
        if (options.InsecureWan)
        {
            return ["--insecure-wan"];
        }

        var files = CertificateFiles.In(DirectoryOf(options), site);
        return ["--certificate", files.Certificate, "--key", files.Key, "--authority", files.Authority];
    }

    private static string DirectoryOf(LocalFactoryOptions options) => Path.Combine(options.StateDirectory, DirectoryName);
}
