using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Superfactory.Site.Processes;

/// <summary>
/// Directories in memory for sockets and shared memory: <c>/dev/shm</c> where there is one. Their paths are short, as the system
/// wants those of sockets, and begin with what names the site's directory, so that an agent finds those of an earlier one.
/// </summary>
internal static class RuntimeDirectories
{
    private const string SharedMemory = "/dev/shm";

    /// <summary>Enough of a hash that two site directories of one machine do not meet.</summary>
    private const int HashBytes = 6;

    private static string Parent => Directory.Exists(SharedMemory) ? SharedMemory : Path.GetTempPath();

    /// <summary>The path of a gang's directory.</summary>
    public static string ForGang(string siteDirectory, long job, int incarnation) =>
        Path.Combine(Parent, string.Create(CultureInfo.InvariantCulture, $"{Prefix(siteDirectory)}{job}-{incarnation}"));

    /// <summary>The path of the gateway's directory.</summary>
    public static string ForGateway(string siteDirectory) => Path.Combine(Parent, $"{Prefix(siteDirectory)}gateway");

    /// <summary>Makes a directory that only this user may enter, empty.</summary>
    /// <exception cref="IOException">It cannot be made, or what another user left there cannot be deleted.</exception>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("A site runs on Linux.");
        }

        Delete(path);
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Deletes a directory and what is in it, where it is there.</summary>
    public static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Deletes every directory that belongs to a site directory.</summary>
    /// <param name="siteDirectory">The site's own directory.</param>
    /// <param name="inUse">Those that stay.</param>
    public static void DeleteAll(string siteDirectory, IReadOnlySet<string> inUse)
    {
        foreach (var path in Directory.EnumerateDirectories(Parent, $"{Prefix(siteDirectory)}*").Where(path => !inUse.Contains(path)))
        {
            Delete(path);
        }
    }

    private static string Prefix(string siteDirectory)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(siteDirectory)));
        return $"superfactory-{Convert.ToHexStringLower(hash.AsSpan(0, HashBytes))}-";
    }
}
