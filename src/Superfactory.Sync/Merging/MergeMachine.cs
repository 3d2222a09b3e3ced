using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging.Checkpointing;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;
using Superfactory.Sync.Merging.Transfer;

namespace Superfactory.Sync.Merging;

/// <summary>
/// One island's side of the merge protocol as a deterministic state machine: no clock, socket, file or thread.
/// The same inputs in the same order give the same effects and the same bytes on every machine. Not safe for concurrent use.
/// </summary>
/// <remarks>
/// An input changes what is known; then every part does what follows from all that is known, until nothing more follows. No part keeps
/// track of what should happen next, so that an interruption at any point leaves nothing half done. <c>docs/protocol.md</c> has the argument.
/// </remarks>
public sealed partial class MergeMachine
{
    private readonly MergeState _state;
    private readonly Handshake _handshake;
    private readonly RoundExchange _exchange;
    private readonly Attempts _attempts;
    private readonly RoundApplier _applier;
    private readonly SampleDealing _dealing;
    private readonly TrainerSeat _seat;
    private readonly StateFetcher _fetcher;
    private readonly StateServer _server;
    private readonly StateNeeds _needs;
    private readonly Finale _finale;
    private readonly ProgressReport _report;
    private readonly Membership _membership;
    private readonly ModeChange _change;
    private readonly StepLog _steps;
    private readonly Following _following;

    /// <summary>Whether anything may follow from the present input. Most inputs of a large merge are chunks of which nothing does.</summary>
    private bool _mayFollow;

    /// <summary>A machine that knows its membership and nothing else.</summary>
    /// <param name="configuration">Its place, the membership and the job; validated by whoever read the job.</param>
    /// <exception cref="ArgumentOutOfRangeException">Its place is none of the membership's, or there are more than <see cref="MergeLimits.IslandsMax"/> islands.</exception>
    public MergeMachine(MergeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _state = new MergeState(configuration);
        _exchange = new RoundExchange(_state);
        _attempts = new Attempts(_state, _exchange);
        _seat = new TrainerSeat(_state, _exchange);
        _dealing = new SampleDealing(_state, _seat);
        _applier = new RoundApplier(_state, _exchange, new FragmentMerger(_state, _exchange, _attempts), _seat, _dealing);
        _change = new ModeChange(_state, _seat, _applier);
        _finale = new Finale(_state, _seat);
        _fetcher = new StateFetcher(_state);
        _steps = new StepLog(_state);
        (_seat.Keeps, _following) = (_steps.Keeps, new Following(_state, _seat, _steps));
        _server = new StateServer(_state, _exchange, _seat, _finale, _steps);
        _handshake = new Handshake(_state, Resend, Have);
        _membership = new Membership(_state, _exchange, _applier, _dealing, _fetcher, _seat, _handshake, _following);
        _needs = new StateNeeds(_state, _exchange, _applier, _seat, _server, _finale, _membership, _change, _following);
        _report = new ProgressReport(_state, _exchange, _seat, _dealing, _fetcher, _finale, _following);
        (_cut, _restore) = (new CheckpointCut(_state, _finale), new CheckpointRestore(_state, _exchange, _applier, _seat));
        _membership.Start();
    }

    internal MergeState State => _state;

    internal RoundExchange Exchange => _exchange;

    /// <summary>Takes one input and returns what is to be done, in order.</summary>
    /// <param name="input">What happened. The bytes of a received message may be reused after the call.</param>
    public IReadOnlyList<MergeEffect> Handle(MergeInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (_state.Failed)
        {
            return [];
        }

        _mayFollow = true;
        Take(input);
        while (_mayFollow)
        {
            Advance();
            _mayFollow = _exchange.TakeCompleted() && !_state.Failed;
        }

        return _state.TakeEffects();
    }

    private void Take(MergeInput input)
    {
        switch (input)
        {
            case MergeInput.PeerUp { Island: var island } when _state.IsPeer(island):
                _state.PeerAt(island).Come();
                _handshake.Greet(_state.PeerAt(island));
                break;
            case MergeInput.PeerDown { Island: var island } when _state.IsPeer(island):
                _state.PeerAt(island).Leave();
                break;
            case MergeInput.Carried { Island: var island, Chunks: var chunks } when _state.IsPeer(island):
                _state.PeerAt(island).Lane?.Carry(chunks);
                break;
            case MergeInput.Stalled { Island: var island } stalled when _state.IsPeer(island) && stalled.Attempt == Attempt:
                _attempts.Stalled(island);
                break;
            case MergeInput.GraceOver over when over.Attempt == Attempt:
                _attempts.GraceOver();
                break;
            case MergeInput.Received { Island: var island, Message: var message } when _state.IsPeer(island):
                Take(_state.PeerAt(island), message);
                break;
            case MergeInput.Refused { Island: var island, Fault: var fault }:
                _state.Fault(_state.IsPeer(island) ? _state.PeerAt(island) : null, fault);
                break;
            case MergeInput.EpochChanged { Epoch: var epoch }:
                Take(epoch);
                break;
            case MergeInput.PromiseKept { Epoch: var kept }:
                _membership.Kept(kept);
                break;
            case MergeInput.LaneSaid { Status: var status }:
                _state.Lanes.Hear(status);
                CompleteRegistration();
                break;
            default:
                TakeOfTrainer(input);
                break;
        }
    }

    private void Take(Peer peer, MergeMessage message)
    {
        if (message is HelloMessage foreign && _handshake.Refuse(peer, foreign))
        {
            return;
        }

        // Only this epoch's messages of this incarnation count; whoever sent others will be greeted, or greets, when it has caught up.
        if (!peer.Up || message.Epoch != _state.Epoch.Number || message.Incarnation != _state.IncarnationOf(peer.Index) || !_state.TalksTo(peer))
        {
            return;
        }

        if (message is HelloMessage hello)
        {
            _handshake.Take(peer, hello);
        }
        else if (message is PieceMessage { Stream: StreamKind.Table } table)
        {
            _handshake.Take(peer, table);
        }
        else if (peer.Established)
        {
            TakeEstablished(peer, message);
        }
    }

    /// <summary>What members and learners say to each other.</summary>
    private void TakeEstablished(Peer peer, MergeMessage message)
    {
        switch (message)
        {
            case DeclareMessage declare:
                _dealing.Take(peer.Index, declare);
                break;
            case PieceMessage piece:
                Install(_fetcher.Take(peer, piece));
                break;
            case AppliedMessage applied:
                _applier.Take(peer, applied);
                break;
            case FetchMessage fetch:
                peer.Ask(fetch);
                break;
            case OfferMessage offer:
                Install(_fetcher.Take(peer, offer));
                break;
            default:
                if (_state.SelfIsMember && _state.IsMember(peer.Index))
                {
                    TakeOfRound(peer, message);
                }

                break;
        }
    }

    /// <summary>What members say to each other.</summary>
    private void TakeOfRound(Peer peer, MergeMessage message)
    {
        switch (message)
        {
            case ContributeMessage contribute:
                _exchange.Take(peer, contribute);
                break;
            case ChunkMessage chunk:
                _mayFollow = _exchange.Take(peer, chunk);
                break;
            case CommitMessage commit:
                _exchange.Take(peer, commit);
                break;
            case HaveMessage have:
                _exchange.Sender.Take(peer, have);
                break;
            case GrantMessage grant:
                _exchange.Sender.Take(peer, grant);
                break;
            case ObjectMessage objection:
                _attempts.Take(peer, objection);
                break;
            case AttemptMessage attempt:
                _attempts.Take(peer, attempt);
                break;
            case NormsMessage norms:
                _exchange.Take(peer, norms);
                break;
            case RepeatMessage repeat:
                _exchange.Sender.Take(peer, repeat);
                break;
            case FinishedMessage finished:
                peer.ModelHash = finished.ModelHash;
                break;
            case OverMessage:
                peer.Over = true;
                break;
        }
    }

    private void Take(RunEpoch epoch)
    {
        CatchUp(epoch);
        _membership.Take(epoch);
        if (_restore.TryInstall())
        {
            _handshake.GreetAll();
        }
    }

    private void Install(ArrivedState? arrived)
    {
        if (arrived is not null && !TryHold(arrived) && _needs.Install(arrived))
        {
            _handshake.GreetAll();
        }
    }

    /// <summary>Everything that follows from what is known.</summary>
    private void Advance()
    {
        bool changed;
        do
        {
            _membership.TryReturn();
            if (_needs.StartsHere)
            {
                Start();
            }

            _dealing.TryDeal();
            if (_exchange.IsPrepared)
            {
                _exchange.TryHead();
            }

            changed = !_state.Failed && (_applier.TryApply() | TryInstallHeld());
        }
        while (changed && !_state.Failed);

        if (_state.Failed)
        {
            return;
        }

        _finale.TakeAcknowledgements();
        _membership.TryLevel();
        _change.TryAsk();
        if (_state.Failed)
        {
            return;
        }

        while (_fetcher.Serve(_needs.Next()))
        {
        }

        _server.TryServe();
        _seat.TryBegin();
        _finale.TryFinalize();
        _finale.TryEnd();
        _exchange.Sender.Pump();
        _state.Lanes.Tell();
    }

    /// <summary>A hello was heard: the peer sends what chunks are not here.</summary>
    private void Have(Peer peer)
    {
        if (peer.Hears && _state.Initialised && AreMembers(peer))
        {
            _exchange.Sender.SendHave(peer);
        }
    }

    /// <summary>A conversation began: what the peer may have missed goes out again.</summary>
    private void Resend(Peer peer)
    {
        (peer.Fetch, peer.Stream) = (null, null);
        _dealing.Resend(peer);
        _applier.Announce(peer);
        _fetcher.Resend(peer);
        if (AreMembers(peer))
        {
            if (peer.Hears && _state.Initialised)
            {
                _attempts.Resend(peer);
                _exchange.Resend(peer);
            }

            _finale.Resend(peer);
        }
    }

    private bool AreMembers(Peer peer) => _state.SelfIsMember && _state.IsMember(peer.Index);
}
