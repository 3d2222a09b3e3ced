using System.Runtime.InteropServices;

namespace Superfactory.Lab.Interop;

/// <summary>The Linux system calls that .NET has no name for. Numbers are those of Linux's own headers, the same on x86-64 and arm64.</summary>
internal static unsafe partial class Native
{
    /// <summary>EAGAIN: nothing to read.</summary>
    public const int TryAgain = 11;

    /// <summary>EINTR: a signal came first.</summary>
    public const int Interrupted = 4;

    /// <summary>O_RDWR | O_NONBLOCK | O_CLOEXEC.</summary>
    public const int OpenDevice = 0x2 | 0x800 | 0x80000;

    /// <summary>O_RDONLY | O_CLOEXEC.</summary>
    public const int OpenToRead = 0x80000;

    /// <summary>CLONE_NEWNET.</summary>
    public const int NewNetwork = 0x40000000;

    /// <summary>CLONE_NEWNS.</summary>
    public const int NewMounts = 0x00020000;

    /// <summary>MS_BIND, and MS_REC | MS_SLAVE.</summary>
    public const nuint MountBound = 0x1000, MountFollowing = 0x4000 | 0x80000;

    /// <summary>SIGTERM and SIGKILL.</summary>
    public const int SignalTerminate = 15, SignalKill = 9;

    /// <summary>EPOLL_CTL_ADD and EPOLL_CTL_DEL.</summary>
    public const int PollAdd = 1, PollRemove = 2;

    /// <summary>EPOLLIN.</summary>
    public const uint PollReadable = 1;

    /// <summary>SCHED_RR.</summary>
    public const int ScheduleRoundRobin = 2;

    private const int EventCloseOnExec = 0x80000, EventNonBlocking = 0x800;
    // O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC.
    private const int OpenToWrite = 0x1 | 0x40 | 0x200 | 0x80000;
    private const int SetTimerSlack = 29;
    private const int BrokenPipe = 13;

    /// <summary>Whether this process is root's.</summary>
    public static bool IsRoot => EffectiveUser() == 0;

    /// <summary>An event descriptor that wakes a poll.</summary>
    public static int CreateEvent() => EventDescriptor(0, EventCloseOnExec | EventNonBlocking);

    /// <summary>A poll set.</summary>
    public static int CreatePoll() => PollCreate(EventCloseOnExec);

    /// <summary>Lets timers of the calling thread fire as exactly as the kernel can.</summary>
    public static bool SharpenTimers() => ProcessControl(SetTimerSlack, 1, 0, 0, 0) == 0;

    /// <summary>A pipe whose ends do not block.</summary>
    public static int CreatePipe(int* ends) => Pipe(ends, EventCloseOnExec | EventNonBlocking);

    /// <summary>Lets everything that this process writes to standard error, the runtime's last words too, go to a file.</summary>
    /// <returns>Whether it does.</returns>
    public static bool SendErrorsTo(string file)
    {
        var descriptor = Open(file, OpenToWrite, 0x180);
        var done = descriptor >= 0 && Duplicate(descriptor, 2) >= 0;
        _ = Close(descriptor);
        return done;
    }

    /// <summary>Lets SIGPIPE end this process again, as it ends any other.</summary>
    public static void RestoreBrokenPipe() => _ = SetSignal(BrokenPipe, 0);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Execute(string file, nint* arguments);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetSignal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    public static partial nint WriteGathered(int descriptor, IoVector* vectors, int count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, nuint argument);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int EnterNamespace(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int LeaveNamespace(int kind);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, nuint flags, void* data);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int BeginSession();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Signal(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    public static partial int SetScheduler(int threadId, int policy, int* priority);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int PollControl(int poll, int operation, int descriptor, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int PollWait(int poll, byte* entries, int entriesMax, TimeSpec* limit, void* mask);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep", SetLastError = true)]
    public static partial int Sleep(int clock, int flags, TimeSpec* time, TimeSpec* left);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int PollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    /// <summary>A piece of memory for a gathered write.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        /// <summary>Where it begins.</summary>
        public byte* Base;

        /// <summary>Its bytes.</summary>
        public nint Length;
    }

    /// <summary>A span of time, on 64-bit machines.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        /// <summary>Whole seconds.</summary>
        public long Seconds;

        /// <summary>And nanoseconds.</summary>
        public long Nanoseconds;

        /// <summary>From nanoseconds.</summary>
        public static TimeSpec Of(long nanoseconds) => new() { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
    }
}
