using Superfactory.Model.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Copies.Receiving;

/// <summary>
/// Where a copy goes. What the user named is followed where it is a link; below it no link is: one that stands where a directory should
/// be ends the copy, one where a file should be is replaced. For one caller, but for <see cref="PathOf"/> and <see cref="IsWrittenOut"/>.
/// </summary>
internal sealed class DestinationTree
{
    private readonly string _site;
    private readonly string _root;
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);
    private readonly List<CopyEntry> _directories = [];
    private readonly CopyDurability _durability = new();

    private DestinationTree(string site, string root) => (_site, _root) = (site, root);

    /// <summary>Finds the place and makes the directories above it.</summary>
    /// <param name="place">What the user named.</param>
    /// <param name="relativeTo">Where a path begins that does not begin with <c>/</c>.</param>
    /// <param name="source">What is copied.</param>
    /// <exception cref="CopyFault">It cannot go there.</exception>
    public static DestinationTree Open(CopyPlace place, string relativeTo, CopyRoot source)
    {
        var named = Path.GetFullPath(place.Path, relativeTo);
        if (place.Path.EndsWith('/'))
        {
            if (!SafePath.IsName(source.Name))
            {
                throw new CopyFault($"'{source.Name}' cannot be a name in {named} at site {place.Site}. Name the destination in full.");
            }

            named = Path.Combine(named, source.Name);
        }

        var root = Path.TrimEndingDirectorySeparator(named);
        if (FileStatus.Of(root, follow: false).Kind == FileKind.Link && File.ResolveLinkTarget(root, returnFinalTarget: true) is { } target)
        {
            root = target.FullName;
        }

        Check(place, root, source, FileStatus.Of(root, follow: true).Kind);
        if (source.Machine.Length > 0 && source.Machine == Machine.Name)
        {
            CheckOutside(place.Site, root, source);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(root) ?? root);
        return new DestinationTree(place.Site, root);
    }

    /// <summary>Where an entry goes.</summary>
    public string PathOf(CopyEntry entry) => SafePath.Below(_root, entry.Path);

    /// <summary>Makes a directory. Its permissions and time are set at the end, when nothing more is written into it.</summary>
    /// <exception cref="CopyFault">Something else stands there.</exception>
    public void MakeDirectory(CopyEntry entry)
    {
        CheckParent(entry);
        var path = PathOf(entry);
        var kind = FileStatus.Of(path, follow: entry.Path.Length == 0).Kind;
        if (kind is not (FileKind.Missing or FileKind.Directory))
        {
            throw new CopyFault($"{path} at site {_site} is {(kind == FileKind.Link ? "a link" : "no directory")}, and a directory is to be copied there. Remove it, or choose another destination.");
        }

        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
        {
            var mode = kind == FileKind.Missing ? default : File.GetUnixFileMode(path);
            File.SetUnixFileMode(path, mode | FileStatus.FillingMode);
        }

        _made.Add(entry.Path);
        _directories.Add(entry);
        _durability.TakeDirectory(path);
    }

    /// <summary>Takes note that a file gets to its place; from any thread.</summary>
    /// <returns>Whether its content is to be written out to the disk first; otherwise all is at the end.</returns>
    public bool IsWrittenOut(string path) => _durability.Take(path);

    /// <summary>Makes a link, in place of a file or another link.</summary>
    public void MakeLink(CopyEntry entry)
    {
        CheckParent(entry);
        var path = PathOf(entry);
        CheckReplaceable(path, FileStatus.Of(path, follow: false));
        if (new FileInfo(path).LinkTarget == entry.Target)
        {
            return;
        }

        var partial = SafePath.Partial(path);
        File.Delete(partial);
        File.CreateSymbolicLink(partial, entry.Target!);
        File.Move(partial, path, overwrite: true);
        _ = _durability.Take(path);
    }

    /// <summary>Makes sure that a file may go to its place: its directory was made here, and nothing but a file or a link stands there.</summary>
    /// <returns>What stands there.</returns>
    public FileStatus Look(CopyEntry entry)
    {
        CheckParent(entry);
        var path = PathOf(entry);
        var status = FileStatus.Of(path, follow: false);
        CheckReplaceable(path, status);
        return status;
    }

    /// <summary>Has the disk take everything, and gives the directories their permissions and times.</summary>
    public void Finish()
    {
        _durability.Finish(_root);

        // Backwards: the inner ones first, as each change inside changes a directory's time.
        for (var index = _directories.Count - 1; index >= 0; index--)
        {
            var (entry, path) = (_directories[index], PathOf(_directories[index]));
            SetMode(path, entry.Status.Mode);
            NativeFiles.SetModified(path, entry.Status.Seconds, entry.Status.Nanoseconds);
        }
    }

    /// <summary>Sets permissions.</summary>
    public static void SetMode(string path, int mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }
    }

    private static void Check(CopyPlace place, string root, CopyRoot source, FileKind there)
    {
        var isFile = source.Status.Kind == FileKind.File;
        if (isFile && there == FileKind.Directory)
        {
            throw new CopyFault($"{root} at site {place.Site} is a directory, and a file is to be copied there. End the destination with '/' to put '{source.Name}' into it.");
        }

        if (!isFile && there == FileKind.File)
        {
            throw new CopyFault($"{root} at site {place.Site} is a file, and a directory is to be copied there. Choose another destination.");
        }

        if (there is FileKind.Other or FileKind.Link || root == "/")
        {
            throw new CopyFault($"{root} at site {place.Site} is neither a file nor a directory that can be copied to.");
        }
    }

    private static void CheckOutside(string site, string root, CopyRoot source)
    {
        for (var above = root; above is not null; above = Path.GetDirectoryName(above))
        {
            if (FileStatus.Of(above, follow: true).IsSameFile(source.Status))
            {
                throw new CopyFault(above == root
                    ? $"{root} at site {site} is what is to be copied: source and destination are the same on this machine."
                    : $"{root} at site {site} is inside of what is to be copied, {above}. Choose a destination outside of it.");
            }
        }
    }

    private void CheckParent(CopyEntry entry)
    {
        if (entry.Path.Length > 0 && !_made.Contains(SafePath.Directory(entry.Path)))
        {
            throw new CopyProtocolException($"'{entry.Path}' comes before the directory that it is in.");
        }
    }

    private void CheckReplaceable(string path, FileStatus status)
    {
        if (status.Kind is FileKind.Directory or FileKind.Other)
        {
            throw new CopyFault($"{path} at site {_site} is {(status.Kind == FileKind.Directory ? "a directory" : "a special file")}, and a file is to be copied there. Remove it, or choose another destination.");
        }
    }
}
