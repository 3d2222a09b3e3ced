using Superfactory.Site.Interop;

namespace Superfactory.Site.Processes;

/// <summary>Ends processes together with all that they started.</summary>
internal static class ProcessTree
{
    /// <summary>How long killed processes may take to be gone. The kernel needs milliseconds unless one hangs in a device.</summary>
    public static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(15);

    /// <summary>Kills until nothing that <paramref name="select"/> names is alive: a process may start another while one looks.</summary>
    /// <param name="select">Names who is to end, in what it is given.</param>
    /// <param name="clock">Measures the limit.</param>
    /// <returns>Whether all were gone within <see cref="EndLimit"/>.</returns>
    public static async Task<bool> EndAsync(Func<ProcessTable, IEnumerable<ProcessEntry>> select, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            var alive = select(ProcessTable.Read()).Where(entry => entry.IsAlive && entry.Id != Environment.ProcessId).ToList();
            if (alive.Count == 0)
            {
                return true;
            }

            if (clock.GetElapsedTime(started) > EndLimit)
            {
                return false;
            }

            alive.ForEach(entry => Native.Signal(entry.Id, Native.SignalKill));
            await Task.Delay(LookAgain, clock);
        }
    }
}
