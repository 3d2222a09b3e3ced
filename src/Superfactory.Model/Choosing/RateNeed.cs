using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Choosing;

/// <summary>
/// Computes the rate that a job needs between each two of its islands: the least at which its mode, or in <see cref="SyncMode.Auto"/> any mode that it may choose, is
/// predicted to reach its target. Pure, in whole numbers; safe for use by several threads.
/// </summary>
public static class RateNeed
{
    /// <summary>The share that a job's rate is to let it reach, in millionths: what <see cref="SyncMode.Auto"/> aims at, else <see cref="ModeChooser.DefaultTarget"/>.</summary>
    public static int TargetMillionths(SyncSpecification sync)
    {
        ArgumentNullException.ThrowIfNull(sync);
        return sync.Mode == SyncMode.Auto ? ModePilot.TargetMillionths(sync) : ModeChooser.DefaultTarget;
    }

    /// <summary>Computes it.</summary>
    /// <param name="sync">How the job merges.</param>
    /// <param name="islands">Islands, at least 2.</param>
    /// <param name="parameterBytes">Bytes of the merged parameters in fp32, at least 4.</param>
    /// <param name="step">A step without any merge; over 0, up to <see cref="TrainingMeasurement.TimeMax"/>.</param>
    /// <param name="roundTrip">The longest round trip between two islands; 0 up to <see cref="TrainingMeasurement.TimeMax"/>.</param>
    /// <returns>The payload from one island to one other, each way; null where no rate reaches the target, as with a round trip that takes too much of a step.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public static Bandwidth? Least(SyncSpecification sync, int islands, long parameterBytes, TimeSpan step, TimeSpan roundTrip)
    {
        ArgumentNullException.ThrowIfNull(sync);
        ArgumentOutOfRangeException.ThrowIfLessThan(islands, 2);
        var schedules = Schedules(sync);
        var target = TargetMillionths(sync);
        var measured = new TrainingMeasurement { Islands = islands, ParameterBytes = parameterBytes, StepTime = step, RoundTrip = roundTrip, LinkRate = new Bandwidth(Bandwidth.MaxBitsPerSecond) };
        if (!Reaches(measured, schedules, target))
        {
            return null;
        }

        // A faster link never lowers a prediction.
        var (low, high) = (0L, Bandwidth.MaxBitsPerSecond);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = Reaches(measured with { LinkRate = new Bandwidth(middle) }, schedules, target) ? (low, middle) : (middle, high);
        }

        // What an island sends over all its links together goes to the others in equal parts.
        return new Bandwidth((high + islands - 2) / (islands - 1));
    }

    private static bool Reaches(TrainingMeasurement measured, ImmutableArray<MergeSchedule> schedules, int target)
    {
        foreach (var schedule in schedules)
        {
            if (SharePredictor.Predict(measured, schedule).ShareMillionths >= target)
            {
                return true;
            }
        }

        return false;
    }

    private static ImmutableArray<MergeSchedule> Schedules(SyncSpecification sync)
    {
        var fragments = Math.Clamp(sync.Fragments == 0 ? ModeChooser.StreamingFragments : sync.Fragments, 1, sync.Mode == SyncMode.Auto ? ModeChooser.StreamingEvery : sync.Every);
        return sync.Mode switch
        {
            SyncMode.Auto => [.. ModePilot.Candidates.Select(candidate => ModePilot.Schedule(candidate, sync, fragments))],
            SyncMode.EveryStep => [MergeSchedule.EveryStep(sync.Format) with { ResultFormat = sync.ResultFormat }],
            SyncMode.Streaming => [MergeSchedule.Streaming(sync.Every, fragments, sync.Overlap ? Math.Min(sync.Delay, sync.Every - 1) : 0, sync.Format) with { ResultFormat = sync.ResultFormat }],
            _ => [MergeSchedule.Diloco(sync.Every, sync.Format) with { ResultFormat = sync.ResultFormat }],
        };
    }
}
