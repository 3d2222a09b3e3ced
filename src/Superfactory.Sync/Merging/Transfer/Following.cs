using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>
/// How an island that learns comes level in every-step, where the state is the trainers' own. Its trainer loads a copy of a member's, which that one
/// writes at a boundary and goes on, and takes the steps since with the gradients that the members' used, without forward or backward; as a member
/// it takes what is left. What it has so is no state that it holds, promises or gives to anybody: it only spares it, as a member, the copy of a whole
/// state. Where it cannot be used, that is what is taken.
/// </summary>
internal sealed class Following(MergeState state, TrainerSeat seat, StepLog log)
{
    private byte[] _statics = [];
    private int _copies;
    private long _copyBytes;
    private int _underWay;
    private long _behind;
    private bool _steady;
    private bool _gaveUp;

    /// <summary>Steps that members have taken and this island's trainer was not given yet.</summary>
    public long Behind => seat.Stands is { } at && state.Fellows.Count > 0 ? Math.Max(0, state.Fellows.Max(static peer => peer.Applied) + 1 - at.Round) : 0;

    /// <summary>Whether the trainer follows.</summary>
    public bool IsUnderWay => IsPossible && seat.Stands is not null;

    /// <summary>Whether this learner is as near to the members as it comes while they go on, or cannot follow.</summary>
    public bool IsLevel => _gaveUp || !IsWorthwhile || (seat.Stands is not null && (Behind <= MergeLimits.FollowBehindMax || _steady));

    private bool IsPossible => !_gaveUp && IsWorthwhile && seat.Phase == TrainerPhase.Ready;

    private long StepBytes => sizeof(float) * (long)state.Replica!.Parameters.Length;

    private bool IsWorthwhile => log.IsPossible && state.Fellows.Any(static peer => peer.Applied >= 0);

    /// <summary>What a learner fetches now; null for nothing.</summary>
    public StateNeed? NextOfLearner()
    {
        if (!IsPossible || _underWay >= MergeLimits.FollowUnderWayMax || Holders() is not { Count: > 0 } holders)
        {
            return null;
        }

        return seat.Stands is { } at
            ? new StateNeed(FetchKind.Steps, at.Round + 1, holders, string.Empty) { Since = at.Round, Otherwise = Drop }
            : new StateNeed(FetchKind.Replica, 1, holders, string.Empty, MayCome: state.Fellows.Any(static peer => !peer.Established)) { Otherwise = GiveUp };
    }

    /// <summary>What an island that became a member fetches in place of the whole state; null where it has followed nobody, or the run went elsewhere.</summary>
    public StateNeed? NextOfMember()
    {
        if (!IsPossible || seat.Stands is not { } at || Holders() is not { Count: > 0 } holders)
        {
            return null;
        }

        var newest = holders[0].Hello!.Round;
        return at.Round > newest || (newest - at.Round) * StepBytes > MergeLimits.FollowStatesAsMemberMax * _copyBytes ? null
            : new StateNeed(FetchKind.Steps, newest, [.. holders.Where(peer => peer.Hello!.Round == newest)], string.Empty) { Since = at.Round, Otherwise = Drop };
    }

    /// <summary>What a trainer fetches that contributed nothing to the last round, and stands where the others stood before its step; null where it stands elsewhere.</summary>
    public StateNeed? NextOfIdle() => seat.Stands is { } at && log.IsPossible && at.Round == state.History.Round - 1
        ? new StateNeed(FetchKind.Steps, state.History.Round, state.Fellows, string.Empty) { Since = at.Round, Otherwise = () => seat.Stands = null }
        : null;

    /// <summary>A learner has a copy of a trainer's state.</summary>
    public void TakeCopy(ArrivedState arrived)
    {
        if (arrived is not { History: { } history, Parts.Trainer.Length: > 0 })
        {
            GiveUp();
            return;
        }

        _copies++;
        seat.Stands = (history.Round, history.Chain);
        (_behind, _steady, _statics, _copyBytes) = (Behind, false, arrived.Parts.Statics, arrived.Parts.Trainer.Length);
        if (Behind * StepBytes >= MergeLimits.FollowStatesMax * _copyBytes)
        {
            state.Note($"{state.NameOf(state.Self)} takes a whole state once it is a member: the others took {Behind} steps while a copy came, more than could be sent after it.");
            GiveUp();
            return;
        }

        seat.Followed = true;
        _underWay++;
        state.Emit(new MergeEffect.Follow(arrived.Parts.Trainer, []));
    }

    /// <summary>A learner has steps after it.</summary>
    public void TakeSteps(ArrivedState arrived)
    {
        if (StepPack.Read(arrived.Parts.Trainer) is not { Steps.IsEmpty: false } pack || !IsNext(pack.Steps[0]))
        {
            Drop();
            return;
        }

        seat.Stands = (pack.Steps[^1].Round + 1, pack.Steps[^1].After);
        (_steady, _behind) = (Behind >= _behind, Behind);
        _underWay++;
        state.Emit(new MergeEffect.Follow(null, pack.Bytes));
    }

    /// <summary>A member has what is left.</summary>
    /// <returns>The steps with what else belongs to the boundary; null where they do not go on from where its trainer stands.</returns>
    public StepsTaken? Complete(ArrivedState arrived)
    {
        if (seat.Stands is { } at && arrived.History is { } history && StepPack.Read(arrived.Parts.Trainer) is { Rest: { } rest } pack
            && (pack.Steps.IsEmpty || IsNext(pack.Steps[0]))
            && (pack.Steps.IsEmpty ? at : (pack.Steps[^1].Round + 1, pack.Steps[^1].After)) == (history.Round, history.Chain))
        {
            return new StepsTaken(pack.Bytes, rest);
        }

        Drop();
        return null;
    }

    /// <summary>The frozen tensors and buffers that came with the copy.</summary>
    public byte[] Statics => _statics;

    /// <summary>The trainer took what it was given.</summary>
    public void Followed() => _underWay = Math.Max(0, _underWay - 1);

    /// <summary>The trainer cannot take steps of others: this island takes whole states.</summary>
    public void GiveUp() => (_gaveUp, seat.Stands, _underWay) = (true, null, 0);

    /// <summary>The trainer's process ended: the next one follows from a copy of its own.</summary>
    public void LoseTrainer() => Drop();

    /// <summary>What the trainer has is of no use any more: it takes a newer copy, or, after too many, none.</summary>
    private void Drop()
    {
        (seat.Stands, _underWay) = (null, 0);
        _gaveUp |= _copies >= MergeLimits.FollowCopiesMax;
    }

    private bool IsNext(KeptStep step) => seat.Stands is { } at && (step.Round, step.Before) == at;

    private List<Peer> Holders() => [.. state.Fellows.Where(static peer => peer is { Established: true, Hello.Initialised: true })
        .OrderByDescending(static peer => peer.Hello!.Round).ThenBy(static peer => peer.Index)];
}
