using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>Gives peers the state that they ask for, as soon as it is here and cannot change under the transfer: every round needs the receiver.</summary>
internal sealed class StateServer(MergeState state, RoundExchange exchange, TrainerSeat seat, Finale finale, StepLog log)
{
    private ReadOnlyMemory<byte>? _copy;
    private long _copyRound = -1;
    private long _askedRound = -1;
    private long _lackedRound = -1;
    private ReadOnlyMemory<byte>? _rest;
    private long _restRound = -1;
    private long _restAskedRound = -1;
    private StateParts? _boundary;
    private long _boundaryRound = -1;
    private bool _boundaryCopied;

    /// <summary>
    /// Whether a peer without memory was turned away because this island's trainer, whose contribution outlived it, cannot be copied.
    /// Another peer's copy is fetched in its place; where there is none, the run's state is lost, and this island must not wait for the peer for ever.
    /// </summary>
    public bool LacksCopy => _lackedRound == state.History.Round && _copyRound != _lackedRound && TrainerIsGone();

    /// <summary>A copy of another peer's trainer, to be given to those who lack it.</summary>
    public void Keep(ReadOnlyMemory<byte> copy, long round) => (_copy, _copyRound) = (copy, round);

    /// <summary>The trainer gave a copy of its state, at the boundary before the merge that it waits for.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="rest">Whether it is of what belongs to the boundary besides parameters and the optimizer's numbers.</param>
    public void TakeCopy(ReadOnlyMemory<byte> copy, bool rest)
    {
        if (rest)
        {
            (_rest, _restRound, _restAskedRound) = (copy, _restAskedRound, -1);
            return;
        }

        if (_boundary is { } boundary && !_boundaryCopied && _boundaryRound == _askedRound)
        {
            (_boundary, _boundaryCopied) = (boundary with { Trainer = copy }, true);
        }

        if (_askedRound == state.History.Round && seat.Phase == TrainerPhase.Waiting)
        {
            (_copy, _copyRound) = (copy, _askedRound);
        }

        _askedRound = -1;
    }

    /// <summary>The trainer is lost: a copy that it was asked for will not come.</summary>
    public void LoseTrainer()
    {
        (_askedRound, _restAskedRound) = (-1, -1);
        _boundary = _boundaryCopied ? _boundary : null;
    }

    /// <summary>
    /// The trainer contributed. An island that learns is given its state of the boundary before, with the history of that: for it nobody waits, so
    /// that the round may be merged while the trainer writes.
    /// </summary>
    public void TryCopyForLearners()
    {
        if (_boundary is null && log.IsPossible && seat.Phase == TrainerPhase.Waiting && exchange.Own is not null && state.History.Round > 0
            && state.Peers.Any(peer => peer is { Established: true, Fetch.Kind: FetchKind.Replica } && !state.IsMember(peer.Index)))
        {
            (_boundary, _boundaryRound, _boundaryCopied) = (new StateParts { Run = state.History.ToBytes(), Statics = state.Replica!.Statics }, state.History.Round, false);
            AskForCopy();
        }
    }

    /// <summary>Answers what can be answered now, and goes on with what is under way as far as the host has room.</summary>
    public void TryServe()
    {
        if (_copyRound != state.History.Round)
        {
            _copy = null;
        }

        if (_restRound != state.History.Round)
        {
            _rest = null;
        }

        TryCopyForLearners();
        foreach (var peer in state.Peers)
        {
            if (peer is { Established: true, Fetch: { } fetch } && TryAnswer(peer, fetch))
            {
                peer.Fetch = null;
            }

            if (peer.Stream is { } stream)
            {
                Pump(peer, stream);
            }
        }

        // It went to all who had asked for it.
        _boundary = _boundaryCopied ? null : _boundary;
    }

    private void Pump(Peer peer, StateStream stream)
    {
        while (peer.Lane!.HasRoom)
        {
            if (stream.Next() is not { } piece)
            {
                peer.Stream = null;
                return;
            }

            peer.Lane.Emit(own: false, piece.Bytes);
            state.Send(peer, piece);
        }
    }

    private bool TryAnswer(Peer peer, FetchMessage fetch) => fetch.Kind switch
    {
        FetchKind.Replica => TryReplica(peer, fetch),
        FetchKind.Result => TryResult(peer, fetch),
        FetchKind.Trainer => TryTrainer(peer, fetch),
        FetchKind.Residuals => TryResiduals(peer, fetch),
        FetchKind.Steps => TrySteps(peer, fetch),
        _ => TryFinal(peer, fetch),
    };

    private bool TryReplica(Peer peer, FetchMessage fetch)
    {
        var history = state.History;
        if (!state.Initialised || history.Round < fetch.Round)
        {
            return false;
        }

        if (log.IsPossible && history.Round > 0 && !state.IsMember(peer.Index))
        {
            return TryBoundary(peer, fetch);
        }

        if (state is { EveryStep: false, Anchored: false })
        {
            // The parameters are the trainer's: they come here with its next word, or not at all.
            return seat.Phase is TrainerPhase.Absent or TrainerPhase.Ready && Decline(peer, fetch);
        }

        var replica = state.Replica!;
        var parts = new StateParts { Run = history.ToBytes(), Statics = replica.Statics };
        if (state.HoldsParameters)
        {
            // No round is applied before a member has what it asks for; for a learner nobody waits, so that it is given a copy.
            var live = state.IsMember(peer.Index);
            var momentum = history.Round > 0 && !state.EveryStep ? replica.Momentum : [];
            parts = parts with
            {
                Parameters = live ? replica.Parameters : (float[])replica.Parameters.Clone(),
                Momentum = live ? momentum : (float[])momentum.Clone(),
                Statics = live ? replica.Statics : (byte[])replica.Statics.Clone(),
            };
        }
        else if (!history.Finished)
        {
            if (TrainerIsGone())
            {
                _lackedRound = history.Round;
                return Decline(peer, fetch);
            }

            if (!TryCopy(out var copy))
            {
                return false;
            }

            parts = parts with { Trainer = copy };
        }

        return Give(peer, fetch, parts);
    }

    /// <summary>A learner of every-step has a trainer's state of a boundary that may be past.</summary>
    private bool TryBoundary(Peer peer, FetchMessage fetch)
    {
        if (state.History.Finished || TrainerIsGone())
        {
            return Decline(peer, fetch);
        }

        return _boundary is { } boundary && _boundaryCopied && _boundaryRound >= fetch.Round && Give(peer, fetch, boundary, _boundaryRound);
    }

    /// <summary>
    /// A learner is given the steps that are here; a member, for which the others wait, all of them, with what else belongs to the boundary at which
    /// this island's trainer waits.
    /// </summary>
    private bool TrySteps(Peer peer, FetchMessage fetch)
    {
        var round = state.History.Round;
        if (!state.Initialised || round < fetch.Round)
        {
            return false;
        }

        var member = state.IsMember(peer.Index);
        if (!log.IsPossible || state.History.Finished || TrainerIsGone() || fetch.Since < log.First || (member && fetch.Since > round))
        {
            return Decline(peer, fetch);
        }

        if (!member)
        {
            return fetch.Since < log.End && GiveSteps(peer, fetch, log.End, null);
        }

        if (log.End == round)
        {
            // A trainer that was lost after it contributed has a state that may have been copied, but writes nothing more before the merge.
            return TryRest(out var rest) ? GiveSteps(peer, fetch, round, rest) : seat.Phase is TrainerPhase.Absent or TrainerPhase.Ready && Decline(peer, fetch);
        }

        // What a trainer that takes its step keeps comes with its next contribution.
        return !(log.End == round - 1 && (seat.Phase == TrainerPhase.Training || seat.IsDue)) && Decline(peer, fetch);
    }

    private bool GiveSteps(Peer peer, FetchMessage fetch, long end, ReadOnlyMemory<byte>? rest) => log.Pack(fetch.Since, rest) is { } packed
        ? Give(peer, fetch, new StateParts { Run = rest is null ? default(ReadOnlyMemory<byte>) : state.History.ToBytes(), Trainer = packed }, end)
        : Decline(peer, fetch);

    /// <summary>Who took the round's end with a trainer's state has no mean of it.</summary>
    private bool TryResult(Peer peer, FetchMessage fetch) => state.Initialised && state.History.Round >= fetch.Round
        && (state.Replica!.Mean.IsEmpty ? Decline(peer, fetch) : Give(peer, fetch, new StateParts { Run = state.History.ToBytes(), Result = state.Replica.Mean }));

    /// <summary>Whoever has none of them gives nothing, and the receiver begins with zero.</summary>
    private bool TryResiduals(Peer peer, FetchMessage fetch) => state.IsCurrent && state.History.Round >= fetch.Round
        && Give(peer, fetch, new StateParts { Result = state.History.Round == fetch.Round ? exchange.ResidualsFor(peer.Index) : default });

    private bool TryTrainer(Peer peer, FetchMessage fetch)
    {
        if (state.Seed is { } seed && seed.Round == state.History.Round && seed.Round == fetch.Round)
        {
            return Give(peer, fetch, new StateParts { Trainer = seed.Bytes });
        }

        if (state.NeedsSeed || state.History.Round < fetch.Round)
        {
            // Who has only just come takes it from another, and from somebody else than whoever asks here.
            return state.NeedsSeed && !seat.HasEverBegun && Decline(peer, fetch);
        }

        if (!state.Initialised || TrainerIsGone())
        {
            return Decline(peer, fetch);
        }

        return state.History.Round >= fetch.Round && TryCopy(out var copy) && Give(peer, fetch, new StateParts { Trainer = copy });
    }

    private bool TryFinal(Peer peer, FetchMessage fetch)
    {
        if (!state.Initialised || !state.History.Finished)
        {
            return false;
        }

        if (state.Self != finale.Source && !seat.Trusted)
        {
            return Decline(peer, fetch);
        }

        return finale.TryParts(fetch.Kind == FetchKind.FinalTensors, out var parts) && Give(peer, fetch, parts);
    }

    /// <summary>A trainer that itself waits for a peer's state has none to give.</summary>
    private bool TrainerIsGone() => seat.Phase is TrainerPhase.Absent or TrainerPhase.Ready && (_copy is null || _copyRound != state.History.Round);

    private bool TryCopy(out ReadOnlyMemory<byte> copy)
    {
        copy = _copy ?? default;
        if (_copy is not null)
        {
            return true;
        }

        if (seat.Phase == TrainerPhase.Waiting && exchange.Own is not null)
        {
            AskForCopy();
        }

        return false;
    }

    private void AskForCopy()
    {
        if (_askedRound != state.History.Round)
        {
            _askedRound = state.History.Round;
            state.Emit(new MergeEffect.CopyTrainerState());
        }
    }

    private bool TryRest(out ReadOnlyMemory<byte> rest)
    {
        rest = _rest ?? default;
        if (_rest is not null)
        {
            return true;
        }

        if (seat.Phase == TrainerPhase.Waiting && exchange.Own is not null && _restAskedRound != state.History.Round)
        {
            _restAskedRound = state.History.Round;
            state.Emit(new MergeEffect.CopyTrainerState(Rest: true));
        }

        return false;
    }

    private bool Give(Peer peer, FetchMessage fetch, StateParts parts) => Give(peer, fetch, parts, state.History.Round);

    private bool Give(Peer peer, FetchMessage fetch, StateParts parts, long round)
    {
        state.Send(peer, parts.ToOffer(fetch.Kind, round));
        peer.Stream = new StateStream(parts);
        return true;
    }

    private bool Decline(Peer peer, FetchMessage fetch)
    {
        state.Send(peer, new OfferMessage { Kind = fetch.Kind, Round = state.History.Round, Available = false });
        return true;
    }
}
