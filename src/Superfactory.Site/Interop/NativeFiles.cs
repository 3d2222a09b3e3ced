using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Superfactory.Site.Interop;

/// <summary>The Linux system calls about files that .NET has no name for.</summary>
internal static partial class NativeFiles
{
    /// <summary>There is no such file.</summary>
    public const int NoEntry = 2;

    /// <summary>There is nothing there any more, as <c>lseek</c> says it.</summary>
    public const int NoAddress = 6;

    /// <summary>A part of the path is no directory.</summary>
    public const int NotDirectory = 20;

    /// <summary>No space is left on the device.</summary>
    public const int NoSpace = 28;

    /// <summary>The user's quota is used up.</summary>
    public const int QuotaExceeded = 122;

    private const int CurrentDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatus = 0x7ff;
    private const int SeekData = 3;
    private const int ReadOnlyCloseOnExecute = 0x80000;
    private const long OmitTime = (1L << 30) - 2;

    /// <summary>Reads what the system knows of a file; of the link itself where it is one and is not to be followed.</summary>
    /// <returns>0, or the error's number.</returns>
    public static int Status(string path, bool follow, out StatusBuffer status)
        => Statx(CurrentDirectory, path, follow ? 0 : DoNotFollow, BasicStatus, out status) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Reads what the system knows of an open file.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static StatusBuffer Status(SafeFileHandle handle)
        => Statx(handle, string.Empty, EmptyPath, BasicStatus, out var status) == 0 ? status : throw Failed("statx");

    /// <summary>Sets when a file was last written; when it was last read stays.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void SetModified(string path, long seconds, uint nanoseconds)
    {
        Span<TimeSpecification> times = [new(0, OmitTime), new(seconds, nanoseconds)];
        if (SetTimes(CurrentDirectory, path, ref times[0], DoNotFollow) != 0)
        {
            throw Failed("utimensat");
        }
    }

    /// <summary>The first place from <paramref name="offset"/> on that holds data and no hole; <see cref="long.MaxValue"/> where only a hole follows.</summary>
    /// <returns>The offset itself where the file system knows nothing of holes.</returns>
    public static long NextData(SafeFileHandle handle, long offset)
    {
        var found = Seek(handle, offset, SeekData);
        return found >= 0 ? found : Marshal.GetLastPInvokeError() == NoAddress ? long.MaxValue : offset;
    }

    /// <summary>Writes everything of the file system that a directory is on to the disk.</summary>
    /// <exception cref="IOException">The system refused, or the disk did.</exception>
    public static void SyncFileSystem(string directory)
    {
        using var handle = new SafeFileHandle(Open(directory, ReadOnlyCloseOnExecute), ownsHandle: true);
        if (handle.IsInvalid || SyncFs(handle) != 0)
        {
            throw Failed("syncfs");
        }
    }

    /// <summary>Writes a directory to the disk: what is in it, but not the content of that.</summary>
    /// <returns>False where this process may not open it.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public static bool TrySyncDirectory(string directory)
    {
        using var handle = new SafeFileHandle(Open(directory, ReadOnlyCloseOnExecute), ownsHandle: true);
        if (handle.IsInvalid)
        {
            return false;
        }

        return Sync(handle) == 0 ? true : throw Failed("fsync");
    }

    private static IOException Failed(string call)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out StatusBuffer status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, out StatusBuffer status);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetTimes(int directory, string path, ref TimeSpecification times, int flags);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle file);

    /// <summary>What <c>statx</c> fills, the same on every processor (<c>linux/stat.h</c>).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatusBuffer
    {
        /// <summary>Kind and permissions.</summary>
        [FieldOffset(28)]
        public ushort Mode;

        /// <summary>The file's number on its device.</summary>
        [FieldOffset(32)]
        public ulong Inode;

        /// <summary>Bytes.</summary>
        [FieldOffset(40)]
        public long Size;

        /// <summary>When it was last written: seconds since 1970-01-01 UTC.</summary>
        [FieldOffset(112)]
        public long ModifiedSeconds;

        /// <summary>The nanoseconds of it.</summary>
        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        /// <summary>The device's first number.</summary>
        [FieldOffset(136)]
        public uint DeviceMajor;

        /// <summary>The device's second number.</summary>
        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification(long seconds, long nanoseconds)
    {
        public long Seconds = seconds;
        public long Nanoseconds = nanoseconds;
    }
}
