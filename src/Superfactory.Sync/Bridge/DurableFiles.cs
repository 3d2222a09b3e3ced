using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Superfactory.Sync.Bridge;

/// <summary>Files that are on the disk when a call returns, with the hash of what was written.</summary>
internal static partial class DurableFiles
{
    /// <summary>Bytes that are hashed and written at a time: what a second-level cache holds, so that they are read from memory once.</summary>
    private const int PieceBytes = 512 * 1024;

    private const int ReadOnlyDirectory = 0x10000 | 0x80000;

    /// <summary>Writes a new file of these pieces, one after another.</summary>
    /// <returns>Its length, and its SHA-256 in lower-case hexadecimal.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static (long Bytes, string Sha256) Write(string path, params ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in pieces)
        {
            for (var rest = piece.Span; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, PieceBytes)..])
            {
                var part = rest[..Math.Min(rest.Length, PieceBytes)];
                hash.AppendData(part);
                file.Write(part);
            }
        }

        file.Flush(flushToDisk: true);
        return (file.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Puts on the disk which files a directory has.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void FlushDirectory(string path)
    {
        var descriptor = Open(path, ReadOnlyDirectory);
        if (descriptor < 0)
        {
            throw Failed(path);
        }

        try
        {
            if (Sync(descriptor) != 0)
            {
                throw Failed(path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string path) => new($"'{path}' cannot be put on the disk: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
