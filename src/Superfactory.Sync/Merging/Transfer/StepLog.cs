namespace Superfactory.Sync.Merging.Transfer;

/// <summary>A step of the optimizer as the trainers took it.</summary>
/// <param name="Round">Its round.</param>
/// <param name="Before">The chain of results that the step starts from.</param>
/// <param name="After">The chain with the round's result.</param>
/// <param name="Bytes">What a trainer needs to take it without forward or backward: its client's business.</param>
internal sealed record KeptStep(long Round, ulong Before, ulong After, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The newest steps of every-step that this island's trainer took, one after another without a gap, kept while an island follows. What no longer
/// fits <see cref="MergeLimits.StepsKeptMax"/> and <see cref="MergeLimits.StepBytesKeptMax"/> is dropped, the oldest first.
/// </summary>
internal sealed class StepLog(MergeState state)
{
    private readonly Queue<KeptStep> _kept = [];
    private long _bytes;
    private ulong _chain;

    /// <summary>Whether a trainer can follow with steps that others took: where every round is one step of the same parameters.</summary>
    public bool IsPossible => state is { EveryStep: true, History.Changes: false, Lanes.Any: false };

    /// <summary>The first step that is kept; <see cref="End"/> where none is.</summary>
    public long First => _kept.TryPeek(out var first) ? first.Round : End;

    /// <summary>The round to which the trainer contributed last: what is kept leads there. -1 before any.</summary>
    public long End { get; private set; } = -1;

    /// <summary>
    /// Whether the step that a round's result leads to is to be kept: where an island learns, and in the round in which islands became members that
    /// had learned, and take that step alone.
    /// </summary>
    public bool Keeps(long round) => IsPossible && (!state.Epoch.Learners.IsEmpty || round == state.Epoch.Start);

    /// <summary>The trainer contributed to the current round: what it kept is the step of the round before.</summary>
    /// <param name="kept">The step; null where it kept none.</param>
    public void Contributed(ReadOnlyMemory<byte>? kept)
    {
        var history = state.History;
        if (IsPossible && kept is { Length: > 0 } bytes && bytes.Length <= MergeLimits.StepBytesKeptMax && End == history.Round - 1)
        {
            _kept.Enqueue(new KeptStep(End, _chain, history.Chain, bytes));
            _bytes += bytes.Length;
            while (_kept.Count > MergeLimits.StepsKeptMax || _bytes > MergeLimits.StepBytesKeptMax)
            {
                _bytes -= _kept.Dequeue().Bytes.Length;
            }
        }
        else
        {
            _kept.Clear();
            _bytes = 0;
        }

        (End, _chain) = (history.Round, history.Chain);
    }

    /// <summary>The steps from a round on, as one piece of state; null where they are too many bytes for one.</summary>
    /// <param name="since">The first, kept or <see cref="End"/>.</param>
    /// <param name="rest">What else belongs to the boundary after them; null where it is not given.</param>
    public byte[]? Pack(long since, ReadOnlyMemory<byte>? rest) => StepPack.Overhead + _bytes + (rest?.Length ?? 0) > Array.MaxLength ? null
        : StepPack.Write([.. _kept.Where(step => step.Round >= since)], rest);
}
