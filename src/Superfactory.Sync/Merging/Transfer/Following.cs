using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>
/// How a joiner comes level in every-step, where the state is the trainers'. It takes a copy of one's state, which the members' trainers write at a
/// step's boundary and go on; then its own trainer takes the optimizer's steps since, with the merged gradients that members keep, without
/// forward or backward. When it is level it becomes a member; if it does not get nearer, it becomes one all the same, and the others wait for the rest.
/// </summary>
internal sealed class Following(MergeState state, RoundExchange exchange, TrainerSeat seat, ResultLog log)
{
    private Contribution? _given;
    private long _first = -1;
    private long _behindAtFirst;

    /// <summary>Whether a copy is to be taken: a member has applied a round, and this island's trainer has not begun.</summary>
    public bool TakesCopy => state is { SelfIsLearner: true, Replays: true } && seat.Phase == TrainerPhase.Ready && state.Fellows.Any(static peer => peer.Applied >= 0);

    /// <summary>Whether the trainer, which begins with another's state, was lost, and has to begin with a newer copy.</summary>
    public bool LacksCopy => state.Follows && seat.NeedsPeerState;

    /// <summary>Whether the step before can be taken in: in a round that this island does not hold up, a trainer at work would miss it.</summary>
    public bool CanTake => !state.Lags || (seat.Phase != TrainerPhase.Training && !seat.IsDue);

    /// <summary>Steps that the members have merged and this island's trainer has not taken.</summary>
    public long Behind => state.Fellows.Count == 0 ? 0 : Math.Max(0, state.Fellows.Max(static peer => peer.Applied) + 1 - state.History.Round);

    /// <summary>Whether it is time to become a member: nothing is left to take, or it does not get nearer, or more would be dropped before it is taken.</summary>
    public bool IsLevel => seat.Phase == TrainerPhase.Waiting && _given is not null
        && (Behind <= 1 || Behind > log.Room / 2 || state.History.Round - _first > (2 * _behindAtFirst) + FollowsMin);

    /// <summary>Steps that a joiner may take before it is judged whether it gets nearer.</summary>
    private const int FollowsMin = 8;

    /// <summary>The next step to fetch, once the trainer has taken the one before; null where it has not, or there is none.</summary>
    public StateNeed? Next()
    {
        if (_first < 0)
        {
            (_first, _behindAtFirst) = (state.History.Round, Behind);
        }

        // What every member holds is in the run's history whatever comes: no step has to be taken back.
        return seat.Phase != TrainerPhase.Waiting || seat.IsDue || state.Fellows.Any(peer => !peer.Established || peer.Applied < state.History.Round) ? null
            : new StateNeed(FetchKind.Result, state.History.Round + 1, state.Fellows, $"The steps since the copy that {state.NameOf(state.Self)} follows with are not kept any more.");
    }

    /// <summary>A step's result was installed.</summary>
    /// <returns>Whether this island holds now what the epoch starts with, and greets the members anew, whose words it passed over till then.</returns>
    public bool Took()
    {
        var level = state is { Lags: true, IsCurrent: true };
        state.Lags &= !level;
        return level;
    }

    /// <summary>The trainer's word after a step that it followed with: nothing goes out, unless this island is a member by the time that it is level.</summary>
    public bool TryKeep(Contribution contribution)
    {
        if (!state.Follows && !state.Lags)
        {
            return false;
        }

        (_given, seat.Phase) = (contribution, TrainerPhase.Waiting);
        return true;
    }

    /// <summary>The empty contribution to the round in which this island became a member goes out.</summary>
    public void TryContribute(RoundApplier applier)
    {
        if (_given is not { } given || state is not { IsCurrent: true, Sealed: false, Lags: false })
        {
            return;
        }

        _given = null;
        if (given.Round == state.History.Round && seat is { Phase: TrainerPhase.Waiting, Stale: false })
        {
            applier.Seal();
            exchange.Contribute(seat.Span(given));
        }
    }

    /// <summary>What this island held is not the run's: nobody follows with it.</summary>
    public void Drop() => log.Drop();

    /// <summary>The trainer's process ended.</summary>
    public void LoseTrainer() => _given = null;
}
