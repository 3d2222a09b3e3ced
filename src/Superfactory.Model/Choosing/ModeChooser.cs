using System.Collections.Immutable;

namespace Superfactory.Model.Choosing;

/// <summary>
/// What <c>auto</c> decides by: of the modes in order of staleness the first that is predicted to reach the target. Pure; safe for use by
/// several threads.
/// </summary>
public static class ModeChooser
{
    /// <summary>The share of the compute-only rate that is aimed at unless the job says otherwise, in millionths: 98 %.</summary>
    public const int DefaultTarget = 980_000;

    /// <summary>Steps in which <c>streaming</c> merges everything once: the larger of the published settings (Streaming DiLoCo, arXiv 2501.18512).</summary>
    public const int StreamingEvery = 100;

    /// <summary>Fragments of <c>streaming</c> where the run does not say how many it has: those of the published model of 24 layers.</summary>
    public const int StreamingFragments = 8;

    /// <summary>The longest delay that is chosen: beyond it the published loss begins to rise (arXiv 2501.18512).</summary>
    public const int DelayMax = 5;

    /// <summary>The modes in the order in which they are tried: every-step; diloco every 10, 30, 100; streaming with delay 1 to <see cref="DelayMax"/>.</summary>
    /// <param name="fragments">Fragments of <c>streaming</c>, 1 to <see cref="StreamingEvery"/>.</param>
    public static ImmutableArray<MergeSchedule> Candidates(int fragments = StreamingFragments) =>
    [
        MergeSchedule.EveryStep(), MergeSchedule.Diloco(10), MergeSchedule.Diloco(30), MergeSchedule.Diloco(100),
        .. Enumerable.Range(1, DelayMax).Select(delay => MergeSchedule.Streaming(StreamingEvery, fragments, delay)),
    ];

    /// <summary>Chooses among <see cref="Candidates"/>.</summary>
    /// <param name="measured">What was measured.</param>
    /// <param name="target">The share to reach, in millionths; over 0 and up to <see cref="SharePredictor.Whole"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target or a measured value is out of its range.</exception>
    public static ModeChoice Choose(TrainingMeasurement measured, int target = DefaultTarget) => Choose(measured, Candidates(), target);

    /// <summary>Chooses the first of <paramref name="candidates"/> that reaches the target, or else the one that comes nearest, among equals the first.</summary>
    /// <param name="measured">What was measured.</param>
    /// <param name="candidates">What may be chosen, in order; at least one.</param>
    /// <param name="target">The share to reach, in millionths; over 0 and up to <see cref="SharePredictor.Whole"/>.</param>
    /// <exception cref="ArgumentException">There are no candidates.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The target or a measured value is out of its range.</exception>
    public static ModeChoice Choose(TrainingMeasurement measured, ImmutableArray<MergeSchedule> candidates, int target = DefaultTarget)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, SharePredictor.Whole);
        if (candidates.IsDefaultOrEmpty)
        {
            throw new ArgumentException("There is nothing to choose from.", nameof(candidates));
        }

        ImmutableArray<SharePrediction> predictions = [.. candidates.Select(candidate => SharePredictor.Predict(measured, candidate))];
        var best = predictions[0];
        foreach (var prediction in predictions)
        {
            best = best.ShareMillionths < target && prediction.ShareMillionths > best.ShareMillionths ? prediction : best;
        }

        return new ModeChoice(best, predictions, target, Reason(best, predictions, target));
    }

    private static string Reason(SharePrediction chosen, ImmutableArray<SharePrediction> predictions, int target)
    {
        var aim = SharePrediction.Percent(target);
        if (chosen.ShareMillionths < target)
        {
            return $"No mode is predicted to reach {aim} of the compute-only rate; {chosen} comes nearest.";
        }

        var passed = predictions.TakeWhile(prediction => prediction != chosen).Select(static prediction => prediction.ToString()).ToArray();
        return passed.Length == 0
            ? $"{chosen} is predicted to reach {aim} of the compute-only rate and is the least stale mode."
            : $"{chosen} is the least stale mode that is predicted to reach {aim} of the compute-only rate; short of it: {string.Join(", ", passed)}.";
    }
}

/// <summary>What was chosen, and why. Immutable.</summary>
/// <param name="Chosen">The choice with its prediction.</param>
/// <param name="Predictions">Of all candidates, in their order.</param>
/// <param name="TargetMillionths">The share that was aimed at, in millionths.</param>
/// <param name="Reason">One sentence for people.</param>
public sealed record ModeChoice(SharePrediction Chosen, ImmutableArray<SharePrediction> Predictions, int TargetMillionths, string Reason)
{
    /// <summary>Whether the choice is predicted to reach the target.</summary>
    public bool ReachesTarget => Chosen.ShareMillionths >= TargetMillionths;
}
