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
        _applier = new RoundApplier(_state, _exchange, new FragmentMerger(_state, _exchange, _attempts), _seat);
        _dealing = new SampleDealing(_state);
        _finale = new Finale(_state, _seat);
        _fetcher = new StateFetcher(_state);
        _server = new StateServer(_state, _exchange, _seat, _finale);
        _needs = new StateNeeds(_state, _exchange, _applier, _seat, _server, _finale);
        _handshake = new Handshake(_state, Resend, Have);
        _report = new ProgressReport(_state, _exchange, _seat, _dealing, _fetcher, _finale);
        (_cut, _restore) = (new CheckpointCut(_state, _finale), new CheckpointRestore(_state, _exchange, _applier, _seat));
    }

    /// <summary>What it was told at its start.</summary>
    public MergeConfiguration Configuration => _state.Configuration;

    /// <summary>How far the run is, as this island sees it after the last input; put together when it is asked for.</summary>
    public RunProgress Progress => _report.Make();

    /// <summary>Messages of peers that were refused because they break the protocol.</summary>
    public long FaultsOfPeers => _state.Faults;

    /// <summary>Hash of the state that this island holds; for tests and reports. 0 before it holds any.</summary>
    public ulong StateHash => _state.Initialised ? _state.Replica!.StateHash : 0;

    /// <summary>The attempt that is under way; the first one of round 0 before there is any.</summary>
    public RoundAttempt Attempt => _state.Table is null ? default : new(_state.History.Round, _exchange.Work.Attempt);

    /// <summary>Whether a chunk of a peer's contribution is due here, and the peer can be reached: where none comes for long, it stalls.</summary>
    /// <param name="island">The peer's place among the members.</param>
    public bool IsAwaited(int island) => _state.Initialised && !_state.Failed && _exchange.IsAwaited(island);

    /// <summary>
    /// Whether chunks that the host was given lie in <see cref="MergeBuffers.Local"/>, where the trainer wrote them: as long as this is so,
    /// no other trainer may have that memory. Ends with <see cref="MergeInput.Carried"/> or <see cref="MergeInput.PeerDown"/>.
    /// </summary>
    public bool ReadsTrainerMemory => _state.Buffers is { } buffers && _state.IsRead(buffers.Local);

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

        Take(input);
        Advance();
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
            case MergeInput.Received { Island: var island, Message: var message } when _state.IsPeer(island):
                Take(_state.PeerAt(island), message);
                break;
            case MergeInput.Refused { Island: var island, Fault: var fault }:
                _state.Fault(_state.IsPeer(island) ? _state.PeerAt(island) : null, fault);
                break;
            case MergeInput.EpochChanged { Epoch: var epoch }:
                Take(epoch);
                break;
            case MergeInput.TrainerRegistered registered:
                Register(registered.Tensors, registered.Buffers);
                break;
            case MergeInput.TrainerData { Data: var data }:
                _dealing.Declare(data);
                break;
            case MergeInput.TrainerContributed { Contribution: var contribution }:
                Take(contribution);
                break;
            case MergeInput.TrainerStateCopied { State: var copy }:
                _server.TakeCopy(copy);
                break;
            case MergeInput.TrainerFinalizing when _seat.Phase == TrainerPhase.Training && _state.History.Finished:
                _seat.Phase = TrainerPhase.Finalizing;
                break;
            case MergeInput.TrainerFinished { ParametersSha256: var hash } when _seat.Phase == TrainerPhase.Saving:
                _finale.Finish(hash);
                break;
            case MergeInput.TrainerLost when !_finale.Done:
                _exchange.Own?.Detach();
                _seat.Lose();
                _server.LoseTrainer();
                _dealing.LoseTrainer();
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
        if (!peer.Up || message.Epoch != _state.Epoch.Number || message.Incarnation != _state.Epoch.Members[peer.Index].Incarnation)
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

    private void TakeEstablished(Peer peer, MergeMessage message)
    {
        switch (message)
        {
            case DeclareMessage declare:
                _dealing.Take(peer.Index, declare);
                break;
            case ContributeMessage contribute:
                _exchange.Take(peer, contribute);
                break;
            case PieceMessage piece:
                Install(_fetcher.Take(peer, piece));
                break;
            case ChunkMessage chunk:
                _exchange.Take(peer, chunk);
                break;
            case CommitMessage commit:
                _exchange.Take(peer, commit);
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

    private void Install(ArrivedState? arrived)
    {
        if (arrived is not null && _needs.Install(arrived))
        {
            _handshake.GreetAll();
        }
    }

    private void Take(RunEpoch epoch)
    {
        if (epoch.Number <= _state.Epoch.Number)
        {
            return;
        }

        if (!epoch.Members.Select(member => member.Island).SequenceEqual(_state.Epoch.Members.Select(member => member.Island)))
        {
            _state.Fail($"Epoch {epoch.Number} has other islands than epoch {_state.Epoch.Number}; this version runs with a fixed membership.");
            return;
        }

        if (epoch.Members[_state.Self].Incarnation != _state.Epoch.Members[_state.Self].Incarnation)
        {
            _state.Fail($"Incarnation {epoch.Members[_state.Self].Incarnation} of {_state.NameOf(_state.Self)} replaces this one.");
            return;
        }

        var before = _state.Epoch;
        _state.Epoch = epoch;
        _fetcher.Drop();
        _applier.Forget();
        if (_state.Table is not null)
        {
            _exchange.ClearFrom(_state.History.Round);
        }

        foreach (var peer in _state.Peers)
        {
            if (epoch.Members[peer.Index].Incarnation != before.Members[peer.Index].Incarnation)
            {
                peer.Forget();
                _dealing.Forget(peer.Index);
            }

            _handshake.Greet(peer);
        }
    }

    private void Register(ImmutableArray<TensorEntry> tensors, MergeBuffers buffers)
    {
        if (TensorTable.Create(tensors, out var problem) is not { } table)
        {
            _state.Fail($"{_state.NameOf(_state.Self)}: {problem}");
            return;
        }

        if (_state.Table is { } before && before.Hash != table.Hash)
        {
            _state.Fail(TensorTable.Difference($"{_state.NameOf(_state.Self)} before its restart", before.Entries, $"{_state.NameOf(_state.Self)} after it", tensors));
            return;
        }

        // Memory may be mapped in whole pages; only what the tensors take is used.
        var (count, statics) = (table.ParameterSizes.Sum(), (int)table.StaticsBytes);
        _state.Buffers = new MergeBuffers(buffers.Local[..count], buffers.Merged[..count], buffers.Statics[..statics]);
        _seat.Phase = TrainerPhase.Ready;
        if (_state.Table is null)
        {
            _state.Table = table;
            _state.Plan = FragmentPlan.Create(table.ParameterSizes.Sum(), _state.Count, Configuration.Sync.Fragments, _state.ChunkLengthMax);
            _state.Replica = new ModelReplica(table, _state.Mode, _state.Plan);
            _state.Feedback = Configuration.Sync.ErrorFeedback && _state.Format.Format != NumberFormat.Fp32 ? new ContributionFeedback(_state.Plan) : null;
            _exchange.Prepare();
            _restore.TryInstall();
            _handshake.GreetAll();
        }
    }

    private void Take(Contribution contribution)
    {
        var asked = _state.History.TurnOf(_state.Self);
        if (_seat.Phase != TrainerPhase.Training || contribution.Round != asked.Round || _state.History.Finished)
        {
            _state.Fail($"The trainer of {_state.NameOf(_state.Self)} contributed to round {contribution.Round} where round {asked.Round} was not its own to contribute to.");
            return;
        }

        if (contribution.Steps != asked.Steps || contribution.Tokens is < 0 or > MergeLimits.TokensMax)
        {
            _state.Fail($"The trainer of {_state.NameOf(_state.Self)} contributed {contribution.Steps} steps and {contribution.Tokens} tokens to round {asked.Round} where {asked.Steps} steps were asked for.");
            return;
        }

        if (!_dealing.HasDeclared(_state.Self))
        {
            _dealing.Declare(null);
        }

        // What the numbers start from is hashed now, so that damage since the last merge cannot pass for the common state.
        _applier.Seal();
        _seat.Phase = TrainerPhase.Waiting;
        _exchange.Contribute(contribution);
    }

    /// <summary>Everything that follows from what is known.</summary>
    private void Advance()
    {
        bool changed;
        do
        {
            if (_needs.StartsHere)
            {
                Start();
            }

            _dealing.TryDeal();
            changed = !_state.Failed && _applier.TryApply();
        }
        while (changed && !_state.Failed);

        if (_state.Failed)
        {
            return;
        }

        _finale.TakeAcknowledgements();
        _fetcher.Serve(_needs.Next());
        _server.TryServe();
        _seat.TryBegin();
        _finale.TryFinalize();
        _finale.TryEnd();
        _exchange.Sender.Pump();
    }

    /// <summary>A hello was heard: the peer sends what chunks are not here.</summary>
    private void Have(Peer peer)
    {
        if (peer.Hears && _state.Initialised)
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
        if (peer.Hears && _state.Initialised)
        {
            _attempts.Resend(peer);
            _exchange.Resend(peer);
        }

        _fetcher.Resend(peer);
        _finale.Resend(peer);
    }
}
