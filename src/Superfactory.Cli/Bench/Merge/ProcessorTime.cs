using System.Runtime.InteropServices;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Processor time that another process of this machine has taken, all threads that it ever had, to the nanosecond.</summary>
internal static partial class ProcessorTime
{
    /// <summary>Of one process; null where there is none of that id.</summary>
    public static TimeSpan? Of(int processId)
    {
        // The scheduler's own account; /proc/PID/stat counts in hundredths of a second, as long as a small merge.
        if (GetClock(processId, out var clock) != 0 || GetTime(clock, out var time) != 0)
        {
            return null;
        }

        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
    }

    /// <summary>Of several together; one that is gone counts nothing.</summary>
    public static TimeSpan Of(IEnumerable<int> processIds) =>
        processIds.Aggregate(TimeSpan.Zero, (sum, id) => sum + (Of(id) ?? TimeSpan.Zero));

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    private static partial int GetClock(int processId, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpecification time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
