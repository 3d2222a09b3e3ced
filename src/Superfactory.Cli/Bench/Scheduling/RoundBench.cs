using System.Diagnostics;

namespace Superfactory.Cli.Bench.Scheduling;

/// <summary>Measures rounds over a backlog: from nothing remembered, after one event, and what events wait for while rounds go on all the time.</summary>
internal static class RoundBench
{
    private const int ColdSamples = 100, EventSamples = 2000, Losses = 10_000, EndsBetween = 20;
    private const double MillisecondsBetweenLosses = 1;

    /// <summary>Measures all three.</summary>
    public static RoundReport Run(long accelerators, int jobs, int seed, bool timed, Action<string> progress, CancellationToken cancellation)
    {
        progress($"rounds over a backlog of {jobs}");
        var stage = new RoundStage(accelerators, jobs, seed, timed);
        var start = Stopwatch.GetTimestamp();
        var steps = new StepTimes();
        var (first, firstStops) = Round(stage, steps);
        var settling = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        List<double> cold = [];
        for (var sample = 0; sample < ColdSamples; sample++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var ended = 0; ended < EndsBetween; ended++)
            {
                stage.EndAny();
            }

            start = Stopwatch.GetTimestamp();
            stage.Backlog.Changed();
            Round(stage, steps);
            cold.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        List<double> after = [];
        for (var sample = 0; sample < EventSamples; sample++)
        {
            cancellation.ThrowIfCancellationRequested();
            start = Stopwatch.GetTimestamp();
            stage.EndAny();
            Round(stage, steps);
            after.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        progress($"{Losses} lost nodes while rounds go on");
        var (losses, spareless) = Lose(stage, steps, cancellation);
        return new RoundReport
        {
            Jobs = jobs, Queues = RoundStage.Queues, Occupancy = stage.Occupancy, First = new FirstRound(settling, first, firstStops),
            RoundColdMs = Spread.Of(cold), RoundAfterEventMs = Spread.Of(after), EventMs = Spread.Of(losses), LossesWithoutSpare = spareless, StepMs = Spread.Of(steps.Milliseconds), SlowSteps = steps.Slow, ReservedStarts = stage.Reserved,
        };
    }

    private static (int Started, int Stopped) Round(RoundStage stage, StepTimes steps)
    {
        var (all, victims) = (0, 0);
        bool isOver;
        do
        {
            isOver = Step(stage, steps, out var started, out var stopped);
            (all, victims) = (all + started, victims + stopped);
        }
        while (!isOver);
        return (all, victims);
    }

    private static bool Step(RoundStage stage, StepTimes steps, out int started, out int stopped)
    {
        var paused = GC.GetTotalPauseDuration();
        var start = Stopwatch.GetTimestamp();
        var isOver = stage.Step(out started, out stopped);
        steps.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds, (GC.GetTotalPauseDuration() - paused).TotalMilliseconds);
        return isOver;
    }

    /// <summary>
    /// Losses come at random times, also in the midst of a step; each is taken when that step is over. The time runs from when it came until it is decided what
    /// becomes of every job that had the node.
    /// </summary>
    private static (List<double> Times, int Spareless) Lose(RoundStage stage, StepTimes steps, CancellationToken cancellation)
    {
        List<double> times = [];
        var spareless = 0;
        for (var loss = 0; loss < Losses; loss++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (domain, node) = stage.AnyNode();
            var comes = Stopwatch.GetTimestamp() + (long)(stage.Delay(MillisecondsBetweenLosses) * Stopwatch.Frequency / 1000);
            do
            {
                if (Step(stage, steps, out _, out _))
                {
                    stage.Backlog.Changed();
                }
            }
            while (Stopwatch.GetTimestamp() < comes);
            var held = stage.Lose(domain, node);
            spareless += held.Count > 0 ? 1 : 0;
            foreach (var job in held)
            {
                while (!stage.IsDecided(job))
                {
                    Step(stage, steps, out _, out _);
                }
            }

            times.Add(Stopwatch.GetElapsedTime(comes).TotalMilliseconds);
            stage.Backlog.Return(domain, node);
            stage.EndAny();
        }

        return (times, spareless);
    }
}
