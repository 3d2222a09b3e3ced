using System.Runtime.InteropServices;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>Threads that give way to everybody else who wants a processor.</summary>
internal static partial class BackgroundThread
{
    /// <summary>The kernel's weight of such a thread is about a tenth of that of an ordinary one (<c>sched(7)</c>, nice value 10).</summary>
    private const int Nice = 10;

    private const int OfProcessOrThread = 0;

    /// <summary>Runs something on a thread of its own.</summary>
    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            // On Linux the nice value is the calling thread's own. Where the system refuses, the work is done all the same.
            _ = SetPriority(OfProcessOrThread, 0, Nice);
            try
            {
                done.SetResult(work());
            }
#pragma warning disable CA1031 // Whoever awaits the task gets it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                done.SetException(error);
            }
        })
        {
            IsBackground = true,
            Name = "checkpoint",
        };
        thread.Start();
        return done.Task;
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
