namespace Superfactory.Lab.Interop;

/// <summary>The calling thread's place among those that want to run.</summary>
internal static unsafe class RealTime
{
    /// <summary>
    /// Puts the calling thread before all ordinary ones (SCHED_RR at its lowest priority) and makes its timers exact. The kernel still leaves
    /// ordinary threads a twentieth of the time (<c>kernel.sched_rt_runtime_us</c>).
    /// </summary>
    /// <returns>Whether the kernel did it.</returns>
    public static bool Enter()
    {
        var priority = 1;
        return Native.SharpenTimers() & Native.SetScheduler(0, Native.ScheduleRoundRobin, &priority) == 0;
    }
}
