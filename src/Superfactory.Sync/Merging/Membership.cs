using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;
using Superfactory.Sync.Merging.Transfer;

namespace Superfactory.Sync.Merging;

/// <summary>
/// Follows the epochs that the control plane decides: promises before one is replaced, begins with the next one, and finds out, where
/// this island was out, whether what it holds is still the run's. <c>docs/protocol.md</c> has the argument.
/// </summary>
internal sealed class Membership(
    MergeState state, RoundExchange exchange, RoundApplier applier, SampleDealing dealing, StateFetcher fetcher, TrainerSeat seat, Handshake handshake, Following following)
{
    /// <summary>How often a learner takes the whole state because the members went on meanwhile; then it is let in and they wait for the rest.</summary>
    public const int FollowsMax = 3;

    private int _follows;
    private int _levelIn;

    /// <summary>Takes what the control plane says.</summary>
    public void Take(RunEpoch epoch)
    {
        if (!epoch.IsNewerThan(state.Epoch))
        {
            return;
        }

        if (!epoch.Roster.SequenceEqual(state.Roster))
        {
            state.Fail($"Epoch {epoch.Number} is of other islands than epoch {state.Epoch.Number}: expected {string.Join(", ", state.Roster)}.");
            return;
        }

        if (epoch.Number > state.Epoch.Number)
        {
            Begin(epoch);
        }
        else
        {
            Change(epoch);
        }

        if (!state.Failed && epoch.Sealed && state is { SelfIsMember: true, Sealed: false })
        {
            Seal();
        }
    }

    /// <summary>This island starts with an epoch that it may have promised to leave alone, or that is being replaced.</summary>
    public void Start()
    {
        if (state.SelfIsMember && (state.Sealed || state.Epoch.Sealed))
        {
            Seal();
        }
    }

    /// <summary>The promise is where it outlives this process.</summary>
    public void Kept(int epoch)
    {
        if (state.Sealed && epoch == state.Epoch.Number)
        {
            state.Emit(new MergeEffect.Sealed(epoch, state.Initialised ? state.History.Round : -1));
        }
    }

    /// <summary>Compares what this island holds with what a member holds, where it was out.</summary>
    public void TryReturn()
    {
        if (state is { SelfIsMember: true, Initialised: false, Doubted: false, Epoch.Start: >= 0, Configuration.Promised: > 0 and var promised } && state.Epoch.Number == promised + 1)
        {
            // The epoch counts on what was held when the promise was made, and this process began after that.
            state.Fail($"{state.NameOf(state.Self)} was started again without its memory, and epoch {state.Epoch.Number} counts on it: a new incarnation takes the state of another.", retriable: true);
            return;
        }

        if (!state.Doubted || state.Table is null)
        {
            return;
        }

        if (!state.Fellows.Any(IsAlike))
        {
            TryBeginAgain();
            return;
        }

        (state.Doubted, state.Initialised) = (false, true);
        var worksOnIt = seat is { Phase: TrainerPhase.Training or TrainerPhase.Waiting, Stale: false } && seat.Told?.Round == state.History.Round;
        Idle(!worksOnIt);
        exchange.ClearFrom(state.History.Round);
        handshake.GreetAll();
    }

    /// <summary>The run's state has arrived whole; what this island held and made before is not used.</summary>
    /// <param name="statics">The frozen tensors and buffers that it held before.</param>
    public void Replaced(byte[] statics)
    {
        state.Doubted = false;
        if (state.EveryStep && (HasTrained() || (seat.HasBegun && state.History.Round == 0)))
        {
            state.Outrun(Outdated());
            return;
        }

        if (HasTrained() && !statics.AsSpan().SequenceEqual(state.Replica!.Statics))
        {
            // A trainer that goes on takes parameters alone; this one began with what no longer is the run's.
            state.Outrun($"The run began without {state.NameOf(state.Self)} from another island's model: its trainer takes that.");
            return;
        }

        // A residual of what the run merged without this island, or did not, would enter twice, or have no contribution that it is of.
        foreach (var feedback in state.Feedbacks)
        {
            feedback.Clear();
        }

        exchange.DropOwn();
        seat.Outdate();
        Idle(true);
    }

    /// <summary>Takes the state again where the members went on, and says when this learner is level.</summary>
    public void TryLevel()
    {
        if (!state.SelfIsLearner || _levelIn == state.Epoch.Number || state.Table is null)
        {
            return;
        }

        if (state.Initialised && _follows < FollowsMax && state.Fellows.Any(peer => peer.Applied >= state.History.Round))
        {
            _follows++;
            state.Initialised = false;
            return;
        }

        if (state.EveryStep && !state.Initialised && IsOutdated())
        {
            state.Outrun(Outdated());
            return;
        }

        var reaches = state.Fellows.All(peer => peer.Established);
        if (reaches && (state.Initialised || (state.EveryStep && !HasTrained() && following.IsLevel)))
        {
            _levelIn = state.Epoch.Number;
            state.Emit(new MergeEffect.Level(state.Epoch.Number));
        }
    }

    /// <summary>Nobody holds the run's state, which begins again: what this island holds is of no run.</summary>
    private void TryBeginAgain()
    {
        if (!state.SelfIsMember || !state.Fellows.All(peer => peer is { Established: true, Hello.Initialised: false }))
        {
            return;
        }

        if (seat.HasBegun)
        {
            // Also one that waits to begin anew: its optimizer has the state of what it trained before.
            state.Outrun($"The run begins again, and so does {state.NameOf(state.Self)}.");
            return;
        }

        state.Doubted = false;
        state.History = state.NewHistory();
        (state.Anchored, state.Seed) = (true, null);
        exchange.DropOwn();
        state.Replica!.Momentum.AsSpan().Clear();
        state.Replica.Unseal();
        exchange.ClearFrom(0);
    }

    private bool IsAlike(Peer peer) => peer is { Established: true, Hello: { Initialised: true } hello }
        && hello.Round == state.History.Round && hello.StateHash == state.CommonHash;

    /// <summary>In every-step a trainer that works on what the run does not hold can only begin anew.</summary>
    private bool IsOutdated() => HasTrained() && state.Fellows.Any(peer => peer is { Established: true, Hello.Initialised: true } && !IsAlike(peer));

    private bool HasTrained() => seat.Phase is not (TrainerPhase.Absent or TrainerPhase.Ready);

    private string Outdated() => $"The run went on without {state.NameOf(state.Self)}: its trainer takes the state of another.";

    private void Idle(bool idle) => state.IdleRound = idle && state.SelfIsMember && state.History.Begun ? state.History.Round : -1;

    /// <summary>The learners changed, or the epoch is to be replaced.</summary>
    private void Change(RunEpoch epoch)
    {
        var before = Incarnations();
        var learner = state.SelfIsLearner;
        state.Enter(epoch);
        foreach (var peer in state.Peers)
        {
            if (before[peer.Index] != state.IncarnationOf(peer.Index))
            {
                Forget(peer);
            }

            if (before[peer.Index] != state.IncarnationOf(peer.Index) || learner != state.SelfIsLearner)
            {
                handshake.Greet(peer);
            }
        }
    }

    private void Begin(RunEpoch epoch)
    {
        var (before, members, member, learner) = (Incarnations(), state.Members, state.SelfIsMember, state.SelfIsLearner);
        var next = epoch.Number == state.Epoch.Number + 1;
        state.Enter(epoch);
        if (!next || epoch.Start < 0 || state.Members != members || state.Fellows.Any(peer => before[peer.Index] != state.IncarnationOf(peer.Index)))
        {
            state.MembersSince = epoch.Number;
        }

        if (epoch.Members.Concat(epoch.Learners).Any(each => each.Island == state.NameOf(state.Self) && each.Incarnation > state.Incarnation))
        {
            state.Fail($"Incarnation {state.IncarnationOf(state.Self)} of {state.NameOf(state.Self)} replaces this one.");
            return;
        }

        if (epoch.Start < 0 && seat.Followed)
        {
            state.Outrun($"The run begins again, and so does {state.NameOf(state.Self)}, whose trainer followed it.");
            return;
        }

        if (!state.Sealed)
        {
            DropAll();
        }

        state.Sealed = false;
        state.Refusals.Begin();
        _follows = 0;
        fetcher.Drop();
        applier.Forget();
        Renew(before);

        // In an epoch in which the run begins, or goes on from a checkpoint, what was held before is of no history.
        var held = epoch.Start >= 0 && (member || (learner && next && state.History.Round == epoch.Start));
        var learnt = epoch.Start < 0 && state is { Initialised: false, History.Chain: not 0 };
        if ((state.Initialised && (!held || !state.SelfIsMember)) || learnt)
        {
            // A learner that was about to take a newer state holds the older one all the same, which a run that begins here must not begin with.
            (state.Initialised, state.Doubted) = (false, true);
        }
        else if (state.Initialised && !member)
        {
            Idle(true);
        }

        if (state.Lanes.Any && HasTrained() && !(held && state.SelfIsMember))
        {
            // Its trainers are parts of one computation: they begin anew together, in a new incarnation.
            state.Outrun(Outdated());
            return;
        }

        if (state.MembersSince == epoch.Number)
        {
            DealAnew();
        }

        if (state.Table is not null)
        {
            exchange.ClearFrom(state.History.Round);
        }

        handshake.GreetAll();
    }

    /// <summary>What peers said is of the epoch before; who is another incarnation now has said nothing at all.</summary>
    private void Renew(ImmutableArray<int> before)
    {
        foreach (var peer in state.Peers)
        {
            if (before[peer.Index] != state.IncarnationOf(peer.Index))
            {
                Forget(peer);
            }
            else
            {
                peer.Renew();
            }
        }
    }

    /// <summary>
    /// Before the first round is merged nobody else knows how samples were dealt: the members of the new epoch deal among themselves. Where they are
    /// those of the epoch before, they come to the same, and what they contributed stands.
    /// </summary>
    private void DealAnew()
    {
        if (state.History.IsNewlyDealt && state.Epoch.Start <= state.History.Round)
        {
            if (state.Lanes.Any && HasTrained())
            {
                state.Outrun($"The members changed before the first merge, and lanes begin together: {state.NameOf(state.Self)} begins anew.");
                return;
            }

            if (seat is { Phase: TrainerPhase.Waiting, Stale: false, Told.Steps: > 0 })
            {
                state.Note($"What the trainer of {state.NameOf(state.Self)} gave for round {state.History.Round} came too late: epoch {state.Epoch.Number} began before the first merge, and all samples are dealt anew.");
            }

            state.History.Undeal();
            exchange.DropOwn();
            seat.Outdate();
            state.IdleRound = -1;
        }
    }

    private void Seal()
    {
        state.Sealed = true;
        fetcher.Drop();
        DropAll();
        state.Emit(new MergeEffect.KeepPromise(state.Epoch.Number));
    }

    /// <summary>What waits for peers is of an epoch that is over, and holds memory that the trainer wants.</summary>
    private void DropAll()
    {
        foreach (var peer in state.Peers)
        {
            (peer.Established, peer.Stream) = (false, null);
            peer.Lane?.Empty();
            if (peer.Up)
            {
                state.Emit(new MergeEffect.Drop(peer.Index));
            }
        }
    }

    private void Forget(Peer peer)
    {
        peer.Forget();
        dealing.Forget(peer.Index);
    }

    private ImmutableArray<int> Incarnations() => [.. Enumerable.Range(0, state.Count).Select(state.IncarnationOf)];
}
