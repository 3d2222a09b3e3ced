using Microsoft.Win32.SafeHandles;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Copies.Files;

/// <summary>Reads and writes parts of open files.</summary>
internal static class ChunkFile
{
    private const int ZerosBytes = 64 * 1024;

    private static readonly byte[] _zeros = new byte[ZerosBytes];

    /// <summary>Fills <paramref name="bytes"/> from a place in a file.</summary>
    /// <returns>False where the file ends before.</returns>
    public static bool TryRead(SafeFileHandle handle, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            var read = RandomAccess.Read(handle, bytes, offset);
            if (read == 0)
            {
                return false;
            }

            bytes = bytes[read..];
            offset += read;
        }

        return true;
    }

    /// <summary>Makes a part of a file zeros; where it is a hole it stays one.</summary>
    public static void WriteZeros(SafeFileHandle handle, long offset, long bytes)
    {
        var end = offset + bytes;
        for (var next = NativeFiles.NextData(handle, offset); next < end; next = NativeFiles.NextData(handle, next))
        {
            var length = (int)Math.Min(_zeros.Length, end - next);
            RandomAccess.Write(handle, _zeros.AsSpan(0, length), next);
            next += length;
        }
    }
}
