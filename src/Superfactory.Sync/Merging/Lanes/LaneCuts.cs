namespace Superfactory.Sync.Merging.Lanes;

/// <summary>
/// How the lanes of one island agree on the round of a checkpoint. The first lane cuts where its state is final and it has not said that it is ready
/// for the round that follows; what it says then reaches each lane before that, so none can have applied that round: all cut the same state.
/// Pure; not safe for concurrent use.
/// </summary>
/// <param name="lane">This lane, from 0.</param>
/// <param name="lanes">Lanes of the island; with one, nothing is ever asked or awaited.</param>
/// <param name="tell">Takes what the other lanes are to be told.</param>
public sealed class LaneCuts(int lane, int lanes, Action<LaneCut> tell)
{
    private readonly bool[] _answered = new bool[lanes];
    private LaneCut? _current;
    private bool _cut;
    private bool _ended;

    /// <summary>Whether there is more than one lane.</summary>
    public bool Any => lanes > 1;

    /// <summary>Whether this lane is the one that asks.</summary>
    public bool IsFirst => lane == 0;

    /// <summary>Whether a checkpoint is under way that this lane is not done with; of the first lane, that no lane is.</summary>
    public bool IsUnderWay => _current is not null;

    /// <summary>Whether the checkpoint under way is of a job that saves and stops.</summary>
    public bool Held => _current is { Held: true };

    /// <summary>Whether the first lane may ask again: not where there is none to ask, or it said that its run is over.</summary>
    public bool MayBeAsked => Any && !IsFirst && !_ended;

    /// <summary>In the first lane: whether every lane has answered.</summary>
    public bool IsAnswered => IsFirst && IsUnderWay && !_answered.Contains(false);

    /// <summary>The round of the checkpoint under way.</summary>
    /// <exception cref="InvalidOperationException">None is.</exception>
    public long Round => _current?.Round ?? throw new InvalidOperationException("No checkpoint is under way.");

    /// <summary>In the first lane: why the checkpoint under way cannot be; null where nothing is in its way so far.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether this lane, which is not the first, is to cut the state that it has between two rounds.</summary>
    /// <param name="round">The round that it works on.</param>
    public bool IsAskedFor(long round) => !IsFirst && !_cut && _current?.Round == round;

    /// <summary>The first lane cut its state: the others are asked for theirs.</summary>
    /// <param name="round">The round that it works on.</param>
    /// <param name="held">Whether the job is to save and stop.</param>
    public void Ask(long round, bool held)
    {
        Array.Clear(_answered);
        Failure = null;
        _current = new LaneCut { Lane = lane, Step = LaneCutStep.Asked, Round = round, Held = held };
        tell(_current);
    }

    /// <summary>This lane, which was asked, cut its state.</summary>
    public void Cut() => _cut = true;

    /// <summary>This lane's parts are written, or not.</summary>
    /// <param name="failure">Why not; null where they are.</param>
    public void Wrote(string? failure)
    {
        if (_current is not { } current)
        {
            return;
        }

        if (IsFirst)
        {
            Answer(lane, failure);
            return;
        }

        (_current, _cut) = (null, false);
        tell(new LaneCut { Lane = lane, Step = failure is null ? LaneCutStep.Written : LaneCutStep.Failed, Round = current.Round, Reason = failure });
    }

    /// <summary>Says that this lane cannot cut any more what it was asked for, where it has gone on.</summary>
    /// <param name="round">The round that it works on.</param>
    public void PassBy(long round)
    {
        if (!IsFirst && !_cut && _current is { } asked && asked.Round < round)
        {
            Wrote($"lane {lane} had gone on to round {round} when it was asked for round {asked.Round}");
        }
    }

    /// <summary>Takes what another lane says.</summary>
    public void Hear(LaneCut said)
    {
        ArgumentNullException.ThrowIfNull(said);
        if (said.Lane < 0 || said.Lane >= lanes || said.Lane == lane)
        {
            return;
        }

        switch (said.Step)
        {
            case LaneCutStep.Asked when said.Lane == 0:
                (_current, _cut) = (said, false);
                break;
            case LaneCutStep.Ended when said.Lane == 0:
                _ended = true;
                break;
            case LaneCutStep.Written or LaneCutStep.Failed when IsFirst && said.Round == _current?.Round:
                Answer(said.Lane, said.Step == LaneCutStep.Written ? null : said.Reason ?? $"lane {said.Lane} could not write its part");
                break;
        }
    }

    /// <summary>The first lane is done with the checkpoint under way.</summary>
    public void Settle() => (_current, Failure) = (null, null);

    /// <summary>The first lane's run is over, and it asks for nothing more.</summary>
    public void End()
    {
        if (Any && IsFirst && !_ended)
        {
            _ended = true;
            tell(new LaneCut { Lane = lane, Step = LaneCutStep.Ended });
        }
    }

    private void Answer(int from, string? failure)
    {
        _answered[from] = true;
        Failure ??= failure;
    }
}
