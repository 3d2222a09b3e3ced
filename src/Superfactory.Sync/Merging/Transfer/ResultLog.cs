namespace Superfactory.Sync.Merging.Transfer;

/// <summary>
/// The merged gradients of the newest rounds of every-step, kept while somebody follows: a joiner that has a copy of a trainer's state takes the
/// optimizer's steps since with them, while the others go on. What no longer fits is dropped, the oldest first.
/// </summary>
internal sealed class ResultLog(MergeState state)
{
    private readonly LinkedList<Entry> _kept = [];

    /// <summary>Results that can be kept: as many as <see cref="MergeLimits.ResultsKeptMax"/>, and as fit <see cref="MergeLimits.ResultBytesKeptMax"/>, but two.</summary>
    public int Room => (int)Math.Clamp(MergeLimits.ResultBytesKeptMax / Math.Max(1, state.Replica!.Parameters.Length * (long)sizeof(float)), 2, MergeLimits.ResultsKeptMax);

    /// <summary>Rises when this island's state is not the run's any more: what was made of it before is of no use.</summary>
    public int Generation { get; private set; }

    /// <summary>This island's state is replaced, or in doubt.</summary>
    public void Drop()
    {
        Generation++;
        _kept.Clear();
    }

    /// <summary>A round is applied here: its result is kept where an island follows, and all are dropped where none does.</summary>
    public void Complete()
    {
        if (!state.Replays || state.Epoch.Learners.IsEmpty || state.SelfIsLearner || state.History.Round == 0)
        {
            _kept.Clear();
            return;
        }

        while (_kept.Count >= Room)
        {
            _kept.RemoveFirst();
        }

        _kept.AddLast(new Entry(state.History.Round, state.History.ToBytes(), state.Replica!.Mean.ToArray()));
    }

    /// <summary>What led to a round; null where it is not kept.</summary>
    /// <param name="round">The round that the result's history works on.</param>
    public StateParts? Find(long round)
    {
        foreach (var entry in _kept)
        {
            if (entry.Round == round)
            {
                return new StateParts { Run = entry.History, Result = entry.Mean };
            }
        }

        return null;
    }

    private sealed record Entry(long Round, byte[] History, float[] Mean);
}
