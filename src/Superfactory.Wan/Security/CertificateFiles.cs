using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Superfactory.Model;

namespace Superfactory.Wan.Security;

/// <summary>The files that a gateway proves with who it is, and by which it knows others. All are PEM. Immutable.</summary>
/// <param name="Certificate">The site's certificate.</param>
/// <param name="Key">Its private key, readable by this user only.</param>
/// <param name="Authority">The certificate of the fleet's authority; more than one while an old authority is replaced by a new one.</param>
public sealed record CertificateFiles(string Certificate, string Key, string Authority)
{
    /// <summary>The name of the authority's certificate in a directory.</summary>
    public const string AuthorityName = "authority.pem";

    /// <summary>The name of the authority's private key in a directory.</summary>
    public const string AuthorityKeyName = "authority.key";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The files of <paramref name="site"/> in a directory: <c>SITE.pem</c>, <c>SITE.key</c> and <c>authority.pem</c>.</summary>
    public static CertificateFiles In(string directory, string site)
        => new(Path.Combine(directory, $"{site}.pem"), Path.Combine(directory, $"{site}.key"), Path.Combine(directory, AuthorityName));

    /// <summary>Whether any of them is there.</summary>
    public bool AnyExists => File.Exists(Certificate) || File.Exists(Key);

    /// <summary>
    /// What is in the files, as a hash: whatever replaces one shows, with an older date and the same length too. They are a few
    /// kilobytes, read at most once a second and only while connections are made.
    /// </summary>
    /// <exception cref="IOException">One of them cannot be read; so with an <see cref="UnauthorizedAccessException"/>.</exception>
    internal string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in (ReadOnlySpan<string>)[Certificate, Key, Authority])
        {
            // A file that is missing is its own state; each is hashed by itself, so that nothing moves from one into the next unseen.
            hash.AppendData(File.Exists(file) ? SHA256.HashData(File.ReadAllBytes(file)) : [0]);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Writes a certificate or a key as PEM: beside its place first and then moved, so that nobody ever reads half of it.</summary>
    internal static void Write(string path, string pem, bool secret)
    {
        var written = $"{path}.{Path.GetRandomFileName()}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = secret ? OwnerOnly : Readable;
        }

        using (var file = new StreamWriter(written, options))
        {
            file.Write(pem);
            file.Write('\n');
        }

        File.Move(written, path, overwrite: true);
    }

    /// <summary>Reads a certificate with its private key.</summary>
    internal static Outcome<X509Certificate2> ReadOwn(string certificate, string key)
    {
        if ((Missing(certificate) ?? Missing(key)) is { } missing)
        {
            return new([missing]);
        }

        try
        {
            return new(X509Certificate2.CreateFromPemFile(certificate, key));
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new([new Problem($"This certificate and the key in {key} cannot be used: {exception.Message.TrimEnd('.')}.", certificate)]);
        }
    }

    /// <summary>Reads the certificates of a file.</summary>
    internal static Outcome<X509Certificate2Collection> ReadAll(string path)
    {
        if (Missing(path) is { } missing)
        {
            return new([missing]);
        }

        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(path);
            return all.Count > 0 ? new(all) : new([new Problem("There is no certificate in this file.", path)]);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"This file holds no certificate that can be read: {exception.Message.TrimEnd('.')}.", path)]);
        }
    }

    private static Problem? Missing(string path) => File.Exists(path) ? null : new Problem(
        "There is no such file.", path, Hint: "Make it with 'superfactory certificates', see docs/security.md.");
}
