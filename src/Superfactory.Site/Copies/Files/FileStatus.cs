using Microsoft.Win32.SafeHandles;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Copies.Files;

/// <summary>What kind of thing a path leads to.</summary>
internal enum FileKind : byte
{
    Missing,
    File,
    Directory,
    Link,
    Other,
}

/// <summary>What the system knows of a file. Immutable.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permissions, without those that lend the owner's rights to whoever runs it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Seconds">When it was last written, in seconds since 1970-01-01 UTC.</param>
/// <param name="Nanoseconds">The nanoseconds of it.</param>
/// <param name="Device">Names the device on this machine.</param>
/// <param name="Inode">Names the file on the device.</param>
internal readonly record struct FileStatus(FileKind Kind, int Mode, long Size, long Seconds, uint Nanoseconds, ulong Device, ulong Inode)
{
    private const int KindBits = 0xF000;
    private const int PermissionBits = 0x1FF;
    private const int OwnerReadWrite = 0x180;
    private const int OwnerAll = 0x1C0;

    /// <summary>Permissions of a file that is being received.</summary>
    public static UnixFileMode PartialMode => (UnixFileMode)OwnerReadWrite;

    /// <summary>Permissions of a directory that is being filled.</summary>
    public static UnixFileMode FillingMode => (UnixFileMode)OwnerAll;

    /// <summary>Of a path.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static FileStatus Of(string path, bool follow)
    {
        switch (NativeFiles.Status(path, follow, out var status))
        {
            case 0:
                return Of(status);
            case NativeFiles.NoEntry or NativeFiles.NotDirectory:
                return default;
            case var error:
                var reason = new System.ComponentModel.Win32Exception(error).Message;
                throw new IOException($"'{path}' cannot be looked at: {reason}", error);
        }
    }

    /// <summary>Of an open file.</summary>
    public static FileStatus Of(SafeFileHandle handle) => Of(NativeFiles.Status(handle));

    /// <summary>Whether nothing says that the content is another.</summary>
    public bool IsSameContent(FileStatus other) => Kind == other.Kind && Size == other.Size && Seconds == other.Seconds && Nanoseconds == other.Nanoseconds;

    /// <summary>Whether both are the same file of this machine.</summary>
    public bool IsSameFile(FileStatus other) => Kind != FileKind.Missing && Device == other.Device && Inode == other.Inode;

    private static FileStatus Of(in NativeFiles.StatusBuffer status) => new(
        (status.Mode & KindBits) switch
        {
            0x8000 => FileKind.File,
            0x4000 => FileKind.Directory,
            0xA000 => FileKind.Link,
            _ => FileKind.Other,
        },
        status.Mode & PermissionBits,
        status.Size,
        status.ModifiedSeconds,
        status.ModifiedNanoseconds,
        ((ulong)status.DeviceMajor << 32) | status.DeviceMinor,
        status.Inode);
}
