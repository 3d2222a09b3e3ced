using Superfactory.Model.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;

namespace Superfactory.Site.Copies.Sending;

/// <summary>
/// What is copied: a file, or a directory with everything below it. Links inside the directory that are relative and stay inside are
/// copied as links; other links, and what is neither file, directory nor link, is left out and counted. Nothing is followed but what the user named.
/// </summary>
internal sealed class SourceTree
{
    private readonly string _site;
    private readonly string _root;

    private SourceTree(string site, string root, FileStatus status) => (_site, _root, Status) = (site, root, status);

    /// <summary>What the root is like.</summary>
    public FileStatus Status { get; }

    /// <summary>The last part of the root's path; empty of the file system's own root.</summary>
    public string Name => Path.GetFileName(_root);

    /// <summary>Looks at the root.</summary>
    /// <param name="place">What the user named.</param>
    /// <param name="relativeTo">Where a path begins that does not begin with <c>/</c>.</param>
    /// <exception cref="CopyFault">It is not there, or nothing that can be copied.</exception>
    public static SourceTree Open(CopyPlace place, string relativeTo)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(place.Path, relativeTo));
        var status = FileStatus.Of(root, follow: true);
        return status.Kind switch
        {
            FileKind.Missing => throw new CopyFault($"There is no {root} at site {place.Site}."),
            FileKind.File or FileKind.Directory => new SourceTree(place.Site, root, status),
            _ => throw new CopyFault($"{root} at site {place.Site} is neither a file nor a directory."),
        };
    }

    /// <summary>Where an entry is.</summary>
    public string PathOf(CopyEntry entry) => SafePath.Below(_root, entry.Path);

    /// <summary>Everything, each entry after the directory that it is in, in the order of names; numbered from 1.</summary>
    /// <param name="leftOut">Called for each thing that is left out.</param>
    /// <exception cref="CopyFault">A name cannot be copied.</exception>
    public IEnumerable<CopyEntry> Entries(Action leftOut)
    {
        var id = 1L;
        yield return new CopyEntry(id, string.Empty, Status, null);
        if (Status.Kind != FileKind.Directory)
        {
            yield break;
        }

        var open = new Stack<(string Path, Queue<string> Names)>();
        open.Push((string.Empty, Names(string.Empty)));
        while (open.TryPeek(out var directory))
        {
            if (!directory.Names.TryDequeue(out var name))
            {
                open.Pop();
                continue;
            }

            var path = directory.Path.Length == 0 ? name : $"{directory.Path}/{name}";
            if (Look(path, id + 1) is not { } entry)
            {
                leftOut();
                continue;
            }

            if (entry.Status.Kind == FileKind.Missing)
            {
                continue;
            }

            id++;
            yield return entry;
            if (entry.Status.Kind == FileKind.Directory)
            {
                open.Push((path, Names(path)));
            }
        }
    }

    /// <returns>The entry; one of kind missing where it went away since it was listed; null where it is left out.</returns>
    private CopyEntry? Look(string path, long id)
    {
        var full = SafePath.Below(_root, path);
        var status = FileStatus.Of(full, follow: false);
        switch (status.Kind)
        {
            case FileKind.File when path.EndsWith(SafePath.PartialSuffix, StringComparison.Ordinal):
                return null;
            case FileKind.Missing or FileKind.File or FileKind.Directory:
                return new CopyEntry(id, path, status, null);
            case FileKind.Link:
                var target = new FileInfo(full).LinkTarget;
                return target is not null && SafePath.StaysInside(path, target) ? new CopyEntry(id, path, status, target) : null;
            default:
                return null;
        }
    }

    private Queue<string> Names(string directory)
    {
        var names = new List<string>();
        foreach (var full in Directory.EnumerateFileSystemEntries(SafePath.Below(_root, directory)))
        {
            var name = Path.GetFileName(full);
            if (name.Contains('\uFFFD', StringComparison.Ordinal))
            {
                throw new CopyFault($"A name in {SafePath.Below(_root, directory)} at site {_site} is no UTF-8 and cannot be copied: {name}. Rename it.");
            }

            names.Add(name);
        }

        names.Sort(StringComparer.Ordinal);
        return new Queue<string>(names);
    }
}
