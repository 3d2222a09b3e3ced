using System.Numerics;
using Superfactory.Model.Agents;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;
using Superfactory.Sync.Merging.Transfer;

namespace Superfactory.Sync.Merging;

/// <summary>Says how far the run is, what its ledger holds, and whom this island waits for.</summary>
internal sealed class ProgressReport(MergeState state, RoundExchange exchange, TrainerSeat seat, SampleDealing dealing, StateFetcher fetcher, Finale finale, Following following)
{
    public RunProgress Make()
    {
        var history = state.History;
        var own = state.Initialised && state.Table is not null ? exchange.Own : null;
        return new RunProgress
        {
            Epoch = state.Epoch.Number,
            Rounds = history.Round,
            Steps = history.Steps[state.Self] + (own?.Header.Steps ?? 0),
            StepsPlanned = history.StepsPlanned(state.Self),
            Tokens = history.Tokens[state.Self],
            Ledger = Ledger(),
            Fraction = history.Fraction,
            Schedule = history.Changes ? history.Schedule : null,
            Loss = double.IsNaN(history.Loss) ? null : history.Loss,
            IslandLoss = state.Table is null ? null : exchange.Newest?.Loss,
            Waiting = finale.Done || state.Failed ? null : Waiting(),
            ContributionsRefused = history.Refusals,
            RefusalCounts = state.Refusals.Counts,
            Refusals = state.Refusals.Newest,
            PeerFaults = state.Faults,
            PeerFault = state.NewestFault,
        };
    }

    /// <summary>Merged counts final results only: the last round's samples are in flight until every island holds its result.</summary>
    public LedgerTotals? Ledger()
    {
        if (state.Doubted || state.History.Ledger is not { } ledger)
        {
            return null;
        }

        var pending = state.History.Round == 0 || finale.LastIsFinal ? 0 : state.History.LastMerged;
        if (state.History.Pipeline is { } pipeline)
        {
            return state.History.Changes ? pipeline.Samples(ledger, pending) : pipeline.Totals(state.History.Round, ledger, pending);
        }

        var dealt = state.History.RoundSamples;
        var places = ledger.Segment.Length - (ledger.Cursor * ledger.Segment.Stride);
        var free = Math.Max(places, 0) - dealt + ledger.GivenBack;
        return new LedgerTotals(ledger.Planned, ledger.Merged - pending, pending + dealt, free, state.History.Replayed);
    }

    private string? Waiting() => seat.Phase == TrainerPhase.Absent ? "waits for its trainer to register"
        : state.Sealed ? $"waits for the epoch after {state.Epoch.Number}"
        : state.SelfIsLearner ? Learning()
        : state.SelfIsMember ? WaitingAsMember()
        : $"waits to be let in again: epoch {state.Epoch.Number} is without it";

    private string Learning() => following.IsUnderWay ? $"takes the steps that the others took since the copy of a trainer's state that it has: {following.Behind} behind"
        : fetcher.Source is { } source
        ? $"takes the run's state from {state.NameOf(source.Index)}, to become a member"
        : $"waits for {Name(peer => !peer.Established)} to become a member";

    private string? WaitingAsMember() => seat.Phase switch
    {
        TrainerPhase.Ready => WaitingToBegin(),
        TrainerPhase.Waiting when seat.Waits => seat.IsDue ? "waits until its numbers have left its memory" : WaitingForMerge(),
        TrainerPhase.Training when FirstWithout(island => dealing.HasDeclared(island)) is { } island => $"waits for {state.NameOf(island)} to say how it draws samples",
        TrainerPhase.Finalizing => !finale.LastIsFinal
            ? $"waits for {Name(peer => peer.Applied < state.History.Round - 1)} to hold the last result"
            : fetcher.Source is { } source ? $"waits for the final tensors of {state.NameOf(source.Index)}" : null,
        TrainerPhase.Finished => $"waits for {Name(peer => peer.ModelHash is null)} to finish",
        _ => null,
    };

    private string? WaitingToBegin()
    {
        if (state.Fellows.FirstOrDefault(peer => !peer.Up) is { } down)
        {
            return $"waits for {state.NameOf(down.Index)}: its bridge is not connected";
        }

        if (state.Fellows.FirstOrDefault(peer => !peer.Established) is { } silent)
        {
            return $"waits for {state.NameOf(silent.Index)} to join the run";
        }

        return fetcher.Source is { } source
            ? $"waits for the state of {state.NameOf(source.Index)}"
            : $"waits for {Name(peer => exchange.Current.Headers[peer.Index] is null)}: what it contributed before its trainer was lost is merged first";
    }

    private string WaitingForMerge()
    {
        var round = state.History.Round;
        var inbox = exchange.Current;
        if (fetcher.Source is { } source)
        {
            return $"waits for the state of {state.NameOf(source.Index)} after round {round}";
        }

        if (state.Lanes is { Any: true } lanes && (exchange.Own is null || lanes.IsReady))
        {
            return exchange.Own is null
                ? $"waits for the other lanes of {state.NameOf(state.Self)} to contribute to round {round}"
                : $"waits for the other lanes of {state.NameOf(state.Self)} to have all of round {round}";
        }

        if (FirstWithout(island => island == state.Self || inbox.Headers[island] is not null) is { } late)
        {
            return state.PeerAt(late) switch
            {
                { Up: false } => $"waits for {state.NameOf(late)}: its bridge is not connected",
                { Established: true, Hello.Initialised: false } => $"waits for {state.NameOf(late)}, which takes the rest of the run's state that it lacks",
                _ => $"waits for {state.NameOf(late)} to contribute to round {round}",
            };
        }

        if (FirstWithout(island => dealing.HasDeclared(island)) is { } mute)
        {
            return $"waits for {state.NameOf(mute)} to say how it draws samples";
        }

        var work = exchange.Work;
        var open = Array.FindIndex(work.Settled, settled => !settled);
        var leader = open < 0 ? state.Self : work.LeaderOf(state.Plan!.Fragments[open]);
        for (var island = 0; island < state.Count; island++)
        {
            if (exchange.IsAwaited(island))
            {
                leader = island;
                break;
            }
        }

        if (work.Objected)
        {
            return $"waits for {state.NameOf(state.First)} to decide how round {round} is tried again";
        }

        return $"waits for the numbers of {state.NameOf(leader)} in round {round}";
    }

    private int? FirstWithout(Func<int, bool> has)
    {
        for (var island = 0; island < state.Count; island++)
        {
            if (state.IsMember(island) && !has(island))
            {
                return island;
            }
        }

        return null;
    }

    private string Name(Func<Peer, bool> which) => state.Fellows.FirstOrDefault(which) is { } peer ? state.NameOf(peer.Index) : "its peers";
}
