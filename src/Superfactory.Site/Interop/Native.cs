using System.Runtime.InteropServices;

namespace Superfactory.Site.Interop;

/// <summary>The Linux system calls that .NET has no name for.</summary>
internal static partial class Native
{
    /// <summary>Asks a process to end; it may catch it.</summary>
    public const int SignalTerminate = 15;

    /// <summary>Ends a process; it cannot catch it.</summary>
    public const int SignalKill = 9;

    /// <summary>Holds a process until <see cref="SignalContinue"/>; it cannot catch it.</summary>
    public const int SignalStop = 19;

    /// <summary>Lets a held process go on.</summary>
    public const int SignalContinue = 18;

    private const int SetChildSubreaper = 36;
    private const int DoNotHang = 1;

    /// <summary>Makes this process the parent of every descendant whose own parent dies, so that none gets out of sight.</summary>
    /// <returns>Whether the kernel did it.</returns>
    public static bool BecomeSubreaper() => ProcessControl(SetChildSubreaper, 1, 0, 0, 0) == 0;

    /// <summary>Sends a signal; one that is gone already is no error.</summary>
    /// <returns>Whether a process of that id took it.</returns>
    public static bool Signal(int processId, int signal) => processId > 1 && Kill(processId, signal) == 0;

    /// <summary>Takes the exit status of a child that nobody waits for, without waiting.</summary>
    /// <returns>Whether there was one to take.</returns>
    public static bool Reap(int processId) => WaitForProcess(processId, out _, DoNotHang) == processId;

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitForProcess(int processId, out int status, int options);
}
