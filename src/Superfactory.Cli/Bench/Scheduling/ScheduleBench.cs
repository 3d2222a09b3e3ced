using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>Measures the scheduler: great gangs with and without victims, and placements one after another.</summary>
internal static class ScheduleBench
{
    private const int GangSamples = 200;
    private const int PreemptingSamples = 50;
    // Untimed: the first ones would measure the compiler.
    private const int GangWarmUps = 20;
    private const int BatchPlacements = 1000;
    private const double BusyForGang = 0.55, BusyForPreempting = 0.85, BusySustained = 0.95;

    /// <summary>Measures everything. Throws <see cref="BenchException"/> where the fleet does not become as the measurement needs it.</summary>
    public static ScheduleReport Run(long accelerators, int churn, int jobs, int seconds, int seed, bool timed, Action<string> progress, CancellationToken cancellation)
    {
        // As the control plane has it.
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        var machine = Machine.Describe();
        progress("a gang without preemption");
        var stage = new ScheduleStage(accelerators, seed);
        stage.Churn(churn, BusyForGang, ScheduleStage.Guest);
        var clean = stage.CleanRacks;
        if (clean < stage.GangRacks)
        {
            throw new BenchException($"After the churn {clean} racks of a site are wholly free, fewer than the {stage.GangRacks} of an island.", ExitCode.CannotReach);
        }

        var gang = Gangs(stage, GangSamples, out _, () => stage.Churn(200, BusyForGang, ScheduleStage.Guest), cancellation);
        progress("a gang with victims");
        var (preempting, victims) = Preempting(accelerators, churn, seed, cancellation);
        var rounds = RoundBench.Run(accelerators, jobs, seed, timed, progress, cancellation);
        progress($"placements for {seconds} s");
        var sustained = Sustain(accelerators, seconds, seed, cancellation);
        progress("placements in a fleet an eighth of the size");
        var small = Sustain(accelerators / 8, Math.Max(1, seconds / 4), seed, cancellation);
        return new ScheduleReport
        {
            Accelerators = stage.Accelerators, Schedulable = stage.Schedulable, Seed = seed, SizeMix = [.. ScheduleStage.Mix], Churn = churn,
            GangMs = gang, GangAccelerators = 2L * stage.GangRacks * 64, CleanRacksMin = clean, GangPreemptingMs = preempting, VictimsMedian = victims,
            PlacementsPerSecond = sustained.PerSecond, Seconds = sustained.Seconds, Occupancy = [sustained.Least, sustained.Most], Refused = sustained.Refused,
            Scaling = sustained.Microseconds / small.Microseconds, PlacementMicroseconds = [sustained.Microseconds, small.Microseconds],
            Jobs = rounds.Jobs, Queues = rounds.Queues, FirstRound = rounds.First, RoundColdMs = rounds.RoundColdMs, RoundAfterEventMs = rounds.RoundAfterEventMs,
            StepMs = rounds.StepMs, SlowSteps = rounds.SlowSteps, ReservedStarts = rounds.ReservedStarts, EventMs = rounds.EventMs, LossesWithoutSpare = rounds.LossesWithoutSpare, MemoryMb = PeakMemory() / 1e6, Machine = machine,
        };
    }

    private static (Spread Times, int Victims) Preempting(long accelerators, int churn, int seed, CancellationToken cancellation)
    {
        List<double> times = [];
        List<int> victims = [];
        for (var sample = 0; sample < PreemptingSamples; sample++)
        {
            // Victims are gone afterwards: each sample has a fleet of its own, of its own seed.
            cancellation.ThrowIfCancellationRequested();
            var stage = new ScheduleStage(accelerators, seed + sample + 1);
            stage.Churn(churn / PreemptingSamples, BusyForPreempting / 2, ScheduleStage.Owner);
            stage.FillRacks(BusyForPreempting, ScheduleStage.Guest);
            times.Add(One(stage, out var count));
            victims.Add(count);
        }

        victims.Sort();
        return (Spread.Of(times), victims[victims.Count / 2]);
    }

    private static double One(ScheduleStage stage, out int victims)
    {
        var request = stage.Gang();
        var start = Stopwatch.GetTimestamp();
        var plan = stage.Scheduler.Decide(request, stage.Now);
        stage.State.Apply(plan, stage.Now);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        victims = plan.Victims.Length;
        return plan.Starts ? elapsed : throw new BenchException($"The gang does not start: it {plan.Reason}.", ExitCode.CannotReach);
    }

    private static Spread Gangs(ScheduleStage stage, int samples, out int victims, Action between, CancellationToken cancellation)
    {
        List<double> times = [];
        victims = 0;
        for (var sample = -GangWarmUps; sample < samples; sample++)
        {
            cancellation.ThrowIfCancellationRequested();
            var elapsed = One(stage, out var count);
            victims += count;
            if (sample >= 0)
            {
                times.Add(elapsed);
            }

            stage.State.Stop(stage.State.Running.Keys.Max());
            between();
        }

        return victims == 0 ? Spread.Of(times) : throw new BenchException($"{victims} jobs gave way where none should.", ExitCode.Fault);
    }

    private static Sustained Sustain(long accelerators, int seconds, int seed, CancellationToken cancellation)
    {
        var stage = new ScheduleStage(accelerators, seed);
        while (stage.Occupancy < BusySustained && stage.Start(ScheduleStage.Guest, stage.Size()))
        {
        }

        List<double> batches = [];
        var (placed, refused, least, most) = (0L, 0L, 1.0, 0.0);
        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            for (var done = 0; done < BatchPlacements; done++)
            {
                stage.EndAny();
                while (stage.Occupancy > BusySustained + 0.005)
                {
                    stage.EndAny();
                }

                while (!stage.Start(ScheduleStage.Guest, stage.Size()))
                {
                    refused++;
                }

                // Ends take as many accelerators as starts in the long run; what is short of the mark is filled by starts without an end.
                while (stage.Occupancy < BusySustained - 0.005 && stage.Start(ScheduleStage.Guest, stage.Size()))
                {
                    placed++;
                }

                placed++;
            }

            batches.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / BatchPlacements);
            (least, most) = (Math.Min(least, stage.Occupancy), Math.Max(most, stage.Occupancy));
        }

        var elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        return new Sustained(placed / elapsed, elapsed, least, most, refused, Spread.Of(batches).Median);
    }

    /// <summary>What the kernel says was the most: VmHWM of proc_pid_status(5), in kB of 1,024 bytes.</summary>
    private static long PeakMemory() =>
        File.ReadLines("/proc/self/status").Where(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(static line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024).First();

    private sealed record Sustained(double PerSecond, double Seconds, double Least, double Most, long Refused, double Microseconds);
}
