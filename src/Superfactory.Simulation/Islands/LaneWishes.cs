using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Islands;

/// <summary>
/// What the machines of an island's lanes want of its trainer: it is done when all of them want it, and what they want must be the same.
/// </summary>
/// <param name="lanes">Lanes, at least 1.</param>
internal sealed class LaneWishes(int lanes)
{
    private readonly Queue<MergeEffect>[] _wanted = [.. Enumerable.Range(0, lanes).Select(_ => new Queue<MergeEffect>())];

    /// <summary>A lane's machine wants something.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="effect">What it wants.</param>
    /// <param name="differ">What the lanes want, where that is not the same; null otherwise.</param>
    /// <returns>What all of them want; null where one has not said it yet, or they want different things.</returns>
    public MergeEffect? Add(int lane, MergeEffect effect, out string? differ)
    {
        differ = null;
        if (lanes == 1)
        {
            return effect;
        }

        _wanted[lane].Enqueue(effect);
        if (_wanted.Any(queue => queue.Count == 0))
        {
            return null;
        }

        var effects = _wanted.Select(queue => queue.Dequeue()).ToList();
        if (effects.Select(Describe).Distinct(StringComparer.Ordinal).Count() == 1)
        {
            return effects[0];
        }

        differ = string.Join(" / ", effects.Select(Describe));
        return null;
    }

    private static string Describe(MergeEffect effect) => effect switch
    {
        MergeEffect.Begin begin => $"begin {begin.Turn} {begin.LoadMerged}",
        MergeEffect.Deal deal => $"deal {deal.Turn} {deal.Samples?.Segment} {deal.Samples?.Offset} {deal.Samples?.Stride}",
        MergeEffect.Merged merged => $"merged {merged.Result.Round} {merged.Result.Next} {merged.Result.Loss:R} {merged.Result.Tokens} {merged.Result.Reset} {merged.Result.Deal?.Segment}",
        MergeEffect.Finalized finalized => $"finalized {finalized.LoadMerged}",
        _ => effect.GetType().Name,
    };
}
