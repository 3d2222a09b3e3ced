using System.Text;
using Superfactory.Model.Copies;

namespace Superfactory.Site.Copies.Files;

/// <summary>Relative paths that are sure to stay below the directory that they are relative to. Pure.</summary>
internal static class SafePath
{
    /// <summary>What a file is called while it is received.</summary>
    public const string PartialSuffix = ".superfactory-partial";

    /// <summary>Whether a relative path has only plain names: none empty, <c>.</c> or <c>..</c>, none too long. Empty is the root itself.</summary>
    public static bool IsPlain(string path)
    {
        if (path.Length == 0)
        {
            return true;
        }

        if (Encoding.UTF8.GetByteCount(path) > CopyPlace.PathBytesMax)
        {
            return false;
        }

        foreach (var part in path.AsSpan().Split('/'))
        {
            if (!IsName(path.AsSpan()[part]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether it can be the name of an entry of a directory.</summary>
    public static bool IsName(ReadOnlySpan<char> name)
        => name.Length > 0 && name is not ("." or "..") && name.IndexOfAny('/', '\0') < 0 && Encoding.UTF8.GetByteCount(name) <= CopyLimits.NameBytesMax;

    /// <summary>Whether a link's target is relative and stays below the root, wherever else it leads.</summary>
    /// <param name="link">The link's own path, relative to the root.</param>
    /// <param name="target">What it says.</param>
    public static bool StaysInside(string link, string target)
    {
        if (target.Length == 0 || target[0] == '/' || target.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(target) > CopyPlace.PathBytesMax)
        {
            return false;
        }

        var depth = link.Count(static character => character == '/');
        foreach (var part in target.AsSpan().Split('/'))
        {
            var name = target.AsSpan()[part];
            depth += name is ".." ? -1 : name.Length == 0 || name is "." ? 0 : 1;
            if (depth < 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Joins a root and a relative path that may be empty.</summary>
    public static string Below(string root, string path) => path.Length == 0 ? root : root.EndsWith('/') ? root + path : $"{root}/{path}";

    /// <summary>The directory part of a relative path; empty where it has none.</summary>
    public static string Directory(string path) => path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : string.Empty;

    /// <summary>Where a file is received: beside its place, so that it can be moved there at once. A name that would become too long is replaced by its hash.</summary>
    public static string Partial(string path)
    {
        var slash = path.LastIndexOf('/');
        var name = path[(slash + 1)..];
        if (Encoding.UTF8.GetByteCount(name) + PartialSuffix.Length > CopyLimits.NameBytesMax)
        {
            var hash = System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name));
            name = $".{Convert.ToHexStringLower(hash.AsSpan(0, 16))}";
        }

        return path[..(slash + 1)] + name + PartialSuffix;
    }
}
