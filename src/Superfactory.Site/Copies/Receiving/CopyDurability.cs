using Superfactory.Site.Copies.Files;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Copies.Receiving;

/// <summary>
/// Has the disk take what a copy wrote. Few files are written out one by one, so that a small copy does not wait for whatever else the
/// machine has written and not yet stored, which may be gigabytes; many are left to one writing out of the whole file system, which costs
/// less than thousands of single ones. Thread-safe, but for <see cref="Finish"/>, which is for one caller at the end.
/// </summary>
internal sealed class CopyDurability
{
    /// <summary>Files that are written out one by one: at some milliseconds each on a disk, a fraction of a second. So with directories.</summary>
    public const int OneByOneMax = 64;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private int _files;

    /// <summary>Takes note of a file or link that gets to its place.</summary>
    /// <param name="path">Its place.</param>
    /// <returns>Whether its content is to be written out by itself.</returns>
    public bool Take(string path)
    {
        lock (_lock)
        {
            if (_files >= OneByOneMax)
            {
                _files = OneByOneMax + 1;
                return false;
            }

            _files++;
            AddDirectory(Path.GetDirectoryName(path)!);
            return true;
        }
    }

    /// <summary>Takes note of a directory that was made or changed.</summary>
    public void TakeDirectory(string path)
    {
        lock (_lock)
        {
            AddDirectory(path);
            AddDirectory(Path.GetDirectoryName(path) ?? path);
        }
    }

    /// <summary>Writes out what was not written out yet, before directories get permissions that may keep this process out.</summary>
    /// <param name="root">Where the copy goes.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Finish(string root)
    {
        // One that this process may write into and not read, such as the one above the root, cannot be written out by itself.
        if (_files > OneByOneMax || _directories.Count > OneByOneMax || !_directories.All(NativeFiles.TrySyncDirectory))
        {
            NativeFiles.SyncFileSystem(FileStatus.Of(root, follow: true).Kind == FileKind.Directory ? root : Path.GetDirectoryName(root) ?? "/");
        }
    }

    private void AddDirectory(string path)
    {
        // One more than the most says that there are too many.
        if (_directories.Count <= OneByOneMax)
        {
            _directories.Add(path);
        }
    }
}
