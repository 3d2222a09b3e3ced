using Superfactory.Site.Copies.Files;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Tests.Copies;

/// <summary>Makes and compares trees of files.</summary>
internal static class Trees
{
    public static string Write(string directory, string path, ReadOnlySpan<byte> content)
    {
        var full = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
        return full;
    }

    public static byte[] Random(int seed, int bytes)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>A tree with files of every interesting length, names and permissions.</summary>
    public static void Fill(string directory, int seed)
    {
        const int Chunk = Site.Copies.CopyLimits.ChunkBytes;
        int[] lengths = [0, 1, Chunk - 1, Chunk, Chunk + 1, (3 * Chunk) + 17, 20 * Chunk];
        for (var index = 0; index < lengths.Length; index++)
        {
            Write(directory, $"files/length {index}.bin", Random(seed + index, lengths[index]));
        }

        var holes = Write(directory, "files/holes.bin", Random(seed, 5));
        using (var file = File.OpenWrite(holes))
        {
            file.SetLength(30L * Chunk);
            file.Position = 17L * Chunk;
            file.Write(Random(seed + 99, 100));
        }

        for (var index = 0; index < 300; index++)
        {
            Write(directory, $"many/{index % 7}/größe-{index}", Random(seed + index, index * 3));
        }

        Directory.CreateDirectory(Path.Combine(directory, "empty", "in", "it"));
        File.CreateSymbolicLink(Path.Combine(directory, "latest"), "files/length 3.bin");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(directory, "many/3/größe-10"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
            File.SetUnixFileMode(Path.Combine(directory, "empty"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        NativeFiles.SetModified(Path.Combine(directory, "many"), 1_000_000_000, 123_456_789);
        NativeFiles.SetModified(Path.Combine(directory, "files/length 4.bin"), 1_234_567_890, 987_654_321);
    }

    /// <summary>Every entry with what has to be the same after a copy.</summary>
    public static IReadOnlyList<string> Describe(string root)
    {
        var lines = new List<string>();
        foreach (var path in Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, ReturnSpecialDirectories = false }).Prepend(root).Order(StringComparer.Ordinal))
        {
            var status = FileStatus.Of(path, follow: false);
            var name = path[root.Length..];
            lines.Add(status.Kind switch
            {
                FileKind.Link => $"{name} -> {new FileInfo(path).LinkTarget}",
                FileKind.Directory => $"{name}/ {Convert.ToString(status.Mode, 8)} {status.Seconds}.{status.Nanoseconds:000000000}",
                _ => $"{name} {Convert.ToString(status.Mode, 8)} {status.Seconds}.{status.Nanoseconds:000000000} {status.Size} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))}",
            });
        }

        return lines;
    }
}
