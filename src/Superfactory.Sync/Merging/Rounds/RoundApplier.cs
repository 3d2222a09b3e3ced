using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>Applies a round when all of its fragments are settled, all together, and tells trainer and peers.</summary>
internal sealed class RoundApplier(MergeState state, RoundExchange exchange, FragmentMerger merger, TrainerSeat seat, SampleDealing dealing)
{
    /// <summary>Where this island's replica must be repaired from; null where it is sound.</summary>
    public int? RepairFrom { get; private set; }

    /// <summary>Goes as far as what is here allows.</summary>
    /// <returns>Whether a round was applied, or another attempt at it began.</returns>
    public bool TryApply()
    {
        if (state is not { Initialised: true, SelfIsMember: true, Sealed: false } || state.History.Finished || !exchange.IsPrepared || !exchange.TakesPart || !merger.TryDecide())
        {
            return false;
        }

        var attempt = exchange.Work.Attempt;
        merger.Settle();
        if (exchange.Work.Attempt != attempt)
        {
            // This island objected and decided: what follows from that is done next.
            return true;
        }

        if (state.Failed || !exchange.Work.AllSettled || !exchange.Sender.OwnDelivered() || !dealing.CanAdmit())
        {
            return false;
        }

        if (state.Lanes.Any && !IsReadyInAllLanes())
        {
            return false;
        }

        return Apply();
    }

    /// <summary>All of the round is here; it counts when that is so in every lane of the island, so that an island holds a round or does not.</summary>
    private bool IsReadyInAllLanes()
    {
        if ((exchange.Work.Decision!.WrongBase >> state.Self & 1) != 0)
        {
            state.Fail($"The state of {state.NameOf(state.Self)} in lane {state.Configuration.Lane} or another is not the run's at round {state.History.Round}: it takes that of another.", retriable: true);
            return false;
        }

        if (state.Lanes.Held is not null)
        {
            return false;
        }

        state.Lanes.Ready();
        return state.Lanes.AllReady;
    }

    /// <summary>Applies the round, of which everything is here.</summary>
    /// <returns>Whether it is applied.</returns>
    public bool Apply()
    {
        var decision = exchange.Work.Decision!;
        if ((decision.WrongBase >> state.Self & 1) != 0)
        {
            Repair(decision.Source);
            return false;
        }

        if (state.IsRead(state.Replica!.Parameters) || state.IsRead(state.Replica.Momentum))
        {
            // A transfer that was needed no more before this round was decided has a few pieces left in the host.
            return false;
        }

        if (decision.Contributors != 0)
        {
            if (!state.EveryStep)
            {
                state.Replica.Step(state.Configuration.Sync.Outer, state.Plan!);
            }
        }
        else if (state.EveryStep)
        {
            exchange.Chunks.Mean().Span.Clear();
        }

        dealing.Admit();
        state.Refusals.Take(decision);
        seat.Mistaken = (decision.WrongParameters >> state.Self & 1) != 0;
        state.History.Commit(decision, merger.ResultHash(), state.Members, state.NextSchedule);
        if (state.History.Ledger is { Crumbled: true })
        {
            state.Fail($"More than {MergeLimits.RangesMax} ranges of samples were given back by refused contributions, up to round {state.History.Round}.");
            return false;
        }

        Completed();
        return true;
    }

    /// <summary>The round before the current one is applied, here or by taking a peer's state: trainer and peers hear of it.</summary>
    /// <param name="replicaHere">Whether the replica came with it.</param>
    public void Completed(bool replicaHere = false)
    {
        RepairFrom = null;
        if (state.History is { JustEntered: true, LastMode: SyncMode.EveryStep } && !state.EveryStep)
        {
            // The parameters are the trainer's until it gives them.
            state.Anchored = replicaHere;
        }

        Seal();
        state.Feedback?.Complete(state.History.HeardLast(state.Self) && !state.History.LastSkipped);
        exchange.CompleteResults();
        exchange.Advance();
        foreach (var peer in state.Peers)
        {
            Announce(peer);
            Compare(peer);
        }

        seat.Deliver(state.History.Round - 1);
    }

    /// <summary>Hashes the state that the next contribution starts from.</summary>
    public void Seal() => state.Replica!.Seal(state.History.ToBytes(), state.Part, !state.EveryStep && state.Anchored);

    /// <summary>Tells a peer which round is applied here.</summary>
    public void Announce(Peer peer)
    {
        if (peer.Established && state is { Initialised: true, History.Round: > 0 })
        {
            state.Send(peer, new AppliedMessage { Round = state.History.Round - 1, StateHash = state.CommonHash });
        }
    }

    public void Take(Peer peer, AppliedMessage applied)
    {
        // Who learns, or has just become a member, may be more than a round behind.
        if (state.IsCurrent && applied.Round > state.History.Round)
        {
            state.Fault(peer, $"round {applied.Round} applied while round {state.History.Round} is not merged");
            return;
        }

        if (applied.Round >= peer.Applied)
        {
            (peer.Applied, peer.AppliedHash) = (applied.Round, applied.StateHash);
            Compare(peer);
        }
    }

    /// <summary>A new epoch begins: a repair under way is decided again.</summary>
    public void Forget() => RepairFrom = null;

    private void Compare(Peer peer)
    {
        if (state.Initialised && peer.Applied == state.History.Round - 1 && peer.AppliedHash is { } hash && hash != state.CommonHash)
        {
            state.Note($"The state of {state.NameOf(peer.Index)} after round {peer.Applied} differs from the state of {state.NameOf(state.Self)}.");
        }
    }

    private void Repair(int source)
    {
        if (state.EveryStep)
        {
            state.Fail($"The history of {state.NameOf(state.Self)} differs from that of {state.NameOf(source)} at round {state.History.Round}.", retriable: true);
            return;
        }

        RepairFrom = source;
    }
}
