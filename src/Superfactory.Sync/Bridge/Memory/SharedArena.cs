using System.Globalization;
using System.IO.MemoryMappedFiles;
using Superfactory.Model;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Memory;

/// <summary>
/// Memory that a bridge shares with its trainer: a file that only this user can open, reserved in full before anyone writes
/// to it, locked while the bridge lives, and unlinked at its end.
/// </summary>
internal sealed class SharedArena : IDisposable
{
    /// <summary>What an arena's file name begins with.</summary>
    public const string NamePrefix = "superfactory-";

    /// <summary>What an arena's file name ends with; files that belong to it add to its name.</summary>
    public const string NameSuffix = ".arena";

    /// <summary>How many names are tried before it is given up: one more than arenas that others could have left under the same name.</summary>
    private const int NamesMax = 16;

    private readonly MappedFile _file;

    private SharedArena(string path, ArenaLayout layout, MappedFile file)
    {
        (Path, Layout, _file) = (path, layout, file);
        Buffers = new MergeBuffers(
            new MappedMemory<float>(file, ArenaLayout.Local, layout.Parameters).Memory,
            new MappedMemory<float>(file, layout.Merged, layout.Parameters).Memory,
            new MappedMemory<byte>(file, layout.Statics, layout.StaticsBytes).Memory);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Where things lie in it.</summary>
    public ArenaLayout Layout { get; }

    /// <summary>Its regions.</summary>
    public MergeBuffers Buffers { get; }

    /// <summary>Makes an arena in <paramref name="directory"/>, or says why there can be none.</summary>
    /// <param name="directory">A directory in memory.</param>
    /// <param name="owner">Names the island, among all that could use the directory.</param>
    /// <param name="layout">What it has to hold.</param>
    /// <param name="freeBytes">What is free in the directory; null asks the system.</param>
    public static Outcome<SharedArena> Create(string directory, string owner, ArenaLayout layout, long? freeBytes = null)
    {
        try
        {
            var free = freeBytes ?? new DriveInfo(directory).AvailableFreeSpace;
            if (free < layout.Bytes)
            {
                return Failed(directory, layout, $"only {Size(free)} are free there. Free some, or use a machine with more memory.");
            }

            for (var attempt = 1; attempt <= NamesMax; attempt++)
            {
                var path = System.IO.Path.Combine(directory, FileName(owner, attempt));
                if (!File.Exists(path))
                {
                    return new(new SharedArena(path, layout, Map(path, layout.Bytes)));
                }
            }

            return Failed(directory, layout, $"{NamesMax} arenas of its name are already there. Delete those that nobody uses.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Failed(directory, layout, error.Message);
        }
    }

    /// <summary>Unmaps and unlinks it. Nobody may be using its memory.</summary>
    public void Dispose()
    {
        _file.Dispose();
        File.Delete(Path);
    }

    private static string FileName(string owner, int attempt)
    {
        var safe = string.Concat(owner.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{safe}-{Environment.ProcessId}{(attempt == 1 ? "" : $"-{attempt}")}{NameSuffix}");
    }

    private static MappedFile Map(string path, long bytes)
    {
        // Preallocated, because a sparse file in a full memory file system would kill the process at a later write;
        // the open file holds a shared lock, which says that it is in use.
        var file = OwnerOnly.Open(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            PreallocationSize = bytes,
        });
        try
        {
            file.SetLength(bytes);
            return new MappedFile(file, MemoryMappedFileAccess.ReadWrite);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    private static Outcome<SharedArena> Failed(string directory, ArenaLayout layout, string reason) =>
        new([new Problem($"The model needs {Size(layout.Bytes)} of shared memory in {directory}: {reason}")]);

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}
