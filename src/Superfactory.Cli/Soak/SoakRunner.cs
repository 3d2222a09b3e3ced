using Superfactory.Simulation;
using Superfactory.Simulation.Planted;

namespace Superfactory.Cli.Soak;

/// <summary>Runs schedules on several threads: each takes the next one that nobody has.</summary>
internal static class SoakRunner
{
    /// <summary>Runs schedules from 0 on.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="schedules">How many.</param>
    /// <param name="threads">On how many threads.</param>
    /// <param name="bug">The bug that their hosts have.</param>
    /// <param name="totals">Takes what comes of them.</param>
    /// <param name="stopAtViolation">Whether none is begun after the first in which something does not hold; those before it end.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static void Run(ulong seed, long schedules, int threads, PlantedBug bug, SoakTotals totals, bool stopAtViolation, CancellationToken cancellation)
    {
        var next = -1L;
        var stop = false;
        var adding = new Lock();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            while (!Volatile.Read(ref stop) && !cancellation.IsCancellationRequested && Interlocked.Increment(ref next) is var schedule && schedule < schedules)
            {
                var result = Schedule.Run(seed, schedule, bug);
                lock (adding)
                {
                    totals.Add(result);
                }

                if (stopAtViolation && result.Violation is not null)
                {
                    Volatile.Write(ref stop, true);
                }
            }
        });
        cancellation.ThrowIfCancellationRequested();
    }
}
