using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>Tells which state this island lacks, and installs it when it has come.</summary>
internal sealed class StateNeeds(MergeState state, RoundExchange exchange, RoundApplier applier, TrainerSeat seat, StateServer server, Finale finale, Membership membership, ModeChange change, Following following)
{
    /// <summary>What to fetch now; null where nothing is lacking, or where it is not known yet from whom.</summary>
    public StateNeed? Next()
    {
        if (state.Table is null)
        {
            return null;
        }

        if (!state.Initialised)
        {
            return Start();
        }

        if (!state.SelfIsMember || state.Sealed)
        {
            return null;
        }

        var round = state.History.Round;
        if (state.Lanes.IsReady)
        {
            // All of its result is here, and waits for the other lanes.
            return null;
        }

        if (Ahead() is { Count: > 0 } ahead)
        {
            var kind = state.EveryStep ? FetchKind.Result : FetchKind.Replica;
            return new StateNeed(kind, round + 1, ahead, $"No island has the result of round {round} any more.");
        }

        if (applier.RepairFrom is { } source)
        {
            return new StateNeed(FetchKind.Replica, round + 1, [state.PeerAt(source)], $"The replica of {state.NameOf(state.Self)} could not be repaired.");
        }

        if (change.FetchesSeed)
        {
            return new StateNeed(FetchKind.Trainer, round, change.SeedHolders, $"{state.NameOf(change.Source)} cannot give the optimizer's state with which every-step was to begin at round {round}.");
        }

        if (change.FetchesParameters)
        {
            return new StateNeed(FetchKind.Replica, round, state.Fellows, $"The trainer of {state.NameOf(state.Self)} was lost as the mode changed at round {round}, and no other island holds the parameters.");
        }

        if (seat.NeedsPeerState || server.LacksCopy)
        {
            return (seat.NeedsPeerState ? following.NextOfIdle() : null) ?? new StateNeed(FetchKind.Trainer, round, state.Fellows, $"The trainer of {state.NameOf(state.Self)} was lost at round {round}, and in every-step mode no other island's trainer is left whose state it could take.");
        }

        if (exchange.Residuals.From is { } holder)
        {
            return new StateNeed(FetchKind.Residuals, round, [holder], $"{state.NameOf(holder.Index)} gives no residuals of the fragments that it led.");
        }

        return finale.Missing is { } missing
            ? new StateNeed(missing, round, state.Self == finale.Source ? state.Fellows : [state.PeerAt(finale.Source)], "No island's trainer is left that holds the final model.")
            : null;
    }

    /// <summary>Whether the run has no state anywhere and starts from this island's trainer: never in an epoch that starts with something.</summary>
    public bool StartsHere => state is { Initialised: false, Failed: false, Configuration.Restores: false, Table: not null, SelfIsMember: true, Sealed: false, Epoch.Start: < 0 } && state.Self == state.First && seat.Phase == TrainerPhase.Ready
        && state.Fellows.All(peer => peer is { Established: true, Hello.Initialised: false });

    /// <summary>Installs what arrived.</summary>
    /// <returns>Whether this island has its first state with it, and greets its peers anew.</returns>
    public bool Install(ArrivedState arrived)
    {
        switch (arrived.Kind)
        {
            case FetchKind.Replica when state is { Initialised: false, SelfIsLearner: true, EveryStep: true }:
                following.TakeCopy(arrived);
                return false;
            case FetchKind.Steps when state.SelfIsLearner:
                following.TakeSteps(arrived);
                return false;
            case FetchKind.Steps when !state.Initialised || (seat.NeedsPeerState && arrived.Round == state.History.Round && arrived.History!.Chain == state.History.Chain):
                return TakeSteps(arrived);
            case FetchKind.Replica when !state.Initialised:
                var statics = state.Replica!.Statics;
                TakeReplica(arrived);
                state.Initialised = true;
                membership.Replaced(statics);
                exchange.ClearFrom(state.History.Round);
                applier.Seal();
                return true;
            case FetchKind.Replica when arrived.Round == state.History.Round + 1:
                TakeReplica(arrived);
                applier.Completed(replicaHere: true);
                return false;
            case FetchKind.Replica when arrived.Round == state.History.Round && change.FetchesParameters:
                TakeReplica(arrived);
                applier.Seal();
                return false;
            case FetchKind.Result when arrived.Round == state.History.Round + 1 && change.IsOtherwise(arrived.History!):
                state.Outrun($"Every-step began at round {state.History.Round} without what {state.NameOf(state.Self)} gave: its trainer takes the state of another.");
                return false;
            case FetchKind.Result when arrived.Round == state.History.Round + 1:
                state.History = arrived.History!;
                state.Replica!.Mean = arrived.Parts.Result;
                applier.Completed();
                return false;
            case FetchKind.Trainer when arrived.Round == state.History.Round && state.NeedsSeed:
                change.Adopt(arrived.Parts.Trainer, own: false);
                return false;
            case FetchKind.Trainer when arrived.Round == state.History.Round && server.LacksCopy && !seat.NeedsPeerState:
                server.Keep(arrived.Parts.Trainer, arrived.Round);
                return false;
            case FetchKind.Trainer when arrived.Round == state.History.Round:
                seat.Receive(arrived.Parts.Trainer, arrived.Round);
                return false;
            case FetchKind.Residuals when arrived.Round == state.History.Round:
                exchange.Take(arrived.Parts.Result);
                return false;
            case FetchKind.FinalStatics or FetchKind.FinalTensors:
                finale.Receive(arrived.Parts);
                return false;
            default:
                return false;
        }
    }

    /// <summary>The trainer stands where these steps begin: they are what a whole state would be.</summary>
    private bool TakeSteps(ArrivedState arrived)
    {
        if (following.Complete(arrived) is not { } steps)
        {
            return false;
        }

        seat.Receive(steps, arrived.Round);
        if (state.Initialised)
        {
            return false;
        }

        var replica = state.Replica!;
        var statics = replica.Statics;
        (state.History, replica.Statics, replica.Mean) = (arrived.History!, following.Statics, default);
        state.Initialised = true;
        membership.Replaced(statics);
        exchange.ClearFrom(state.History.Round);
        applier.Seal();
        return true;
    }

    private void TakeReplica(ArrivedState arrived)
    {
        var (replica, parts) = (state.Replica!, arrived.Parts);
        state.History = arrived.History!;
        replica.Statics = parts.Statics;

        // A mean that was here before is of another round.
        replica.Mean = default;
        if (parts.Parameters.Length > 0)
        {
            (replica.Parameters, state.Anchored) = (parts.Parameters, true);
        }

        if (parts.Momentum.Length > 0)
        {
            replica.Momentum = parts.Momentum;
        }
        else if (arrived.Round == 0)
        {
            // This island may have been in a run that began again.
            replica.Momentum.AsSpan().Clear();
        }

        if (parts.Trainer.Length > 0)
        {
            seat.Receive(parts.Trainer, arrived.Round);
        }
    }

    /// <summary>Who has it is only known when all have said so: the island with the newest round, and where none has any, the first.</summary>
    private StateNeed? Start()
    {
        if (state is { SelfIsLearner: true, EveryStep: true })
        {
            return following.NextOfLearner();
        }

        if (state.SelfIsMember ? !state.Fellows.All(peer => peer.Established) : !state.SelfIsLearner)
        {
            // A member needs the newest of all; a learner takes what one member has.
            return null;
        }

        if (state.SelfIsMember && following.NextOfMember() is { } rest)
        {
            return rest;
        }

        var hopeless = $"No island can give {state.NameOf(state.Self)} the run's state: in every-step mode all trainers that held it are lost.";
        List<Peer> holders = [.. state.Fellows.Where(peer => peer is { Established: true, Hello.Initialised: true }).OrderByDescending(peer => peer.Hello!.Round).ThenBy(peer => peer.Index)];
        if (holders.Count > 0)
        {
            // Who learns may hear some members before others.
            return new StateNeed(FetchKind.Replica, holders[0].Hello!.Round, holders, hopeless, MayCome: state.Fellows.Any(peer => !peer.Established));
        }

        if (state.Configuration.Restores && state.SelfIsMember)
        {
            return new StateNeed(FetchKind.Replica, 0, [], "No island of the run could read its checkpoint.");
        }

        return state.Self == state.First || state.SelfIsLearner ? null : new StateNeed(FetchKind.Replica, 0, [state.PeerAt(state.First)], hopeless);
    }

    /// <summary>Of two islands, one that says that it has applied a round has said everything about it: what is not here by then is not to come.</summary>
    private bool HasGoneOn(Peer peer) => state.Direct && peer.Applied >= state.History.Round;

    private List<Peer> Ahead() => [.. state.Fellows.Where(peer => peer is { Established: true, Hello.Initialised: true } && (peer.Hello.Round > state.History.Round || HasGoneOn(peer)))];
}
