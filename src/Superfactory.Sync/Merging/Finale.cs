using Superfactory.Sync.Merging.Trainer;
using Superfactory.Sync.Merging.Transfer;

namespace Superfactory.Sync.Merging;

/// <summary>
/// The end of a run: a full merge after which every trainer holds the same tensors, then the exchange of what each finished with.
/// Frozen tensors and buffers, and in every-step the parameters, are those of the first island.
/// </summary>
internal sealed class Finale(MergeState state, TrainerSeat seat)
{
    /// <summary>The island whose tensors all take.</summary>
    public int Source => state.First;

    private float[]? _parameters;
    private byte[]? _statics;
    private string? _modelHash;
    private long _finalRound = -1;
    private bool _known;
    private bool _done;
    private bool _closed;

    /// <summary>The final frozen tensors and buffers; null before they are known here.</summary>
    public byte[]? Statics => _statics;

    /// <summary>The final parameters in every-step; null before they are known here.</summary>
    public float[]? Parameters => _parameters;

    /// <summary>Whether every island has finished and the trainer was told.</summary>
    public bool Done => _done;

    /// <summary>What must be fetched before the trainer can be given the final tensors; null where nothing must.</summary>
    public FetchKind? Missing
    {
        get
        {
            if (seat.Phase != TrainerPhase.Finalizing || _statics is not null || (state.Self == Source && seat.Trusted) || !LastIsFinal)
            {
                return null;
            }

            return state.EveryStep || Differs ? FetchKind.FinalTensors : FetchKind.FinalStatics;
        }
    }

    /// <summary>Whether every island holds the last round's result.</summary>
    public bool LastIsFinal => _finalRound >= state.History.Round - 1;

    private bool Differs => state.Self != Source && state.SelfIsMember && state.PeerAt(Source) is { AppliedHash: { } hash } source
        && source.Applied == state.History.Round - 1 && hash != state.Replica!.StateHash;

    /// <summary>Looks whether the last round became final. What was final stays so, also where an island then loses its memory.</summary>
    public void TakeAcknowledgements()
    {
        if (state is { SelfIsMember: true, Initialised: true } && state.Fellows.All(peer => peer.Applied >= state.History.Round - 1))
        {
            _finalRound = state.History.Round - 1;
        }
    }

    /// <summary>The final tensors, for a peer; false where they are not here yet.</summary>
    public bool TryParts(bool withParameters, out StateParts parts)
    {
        parts = new StateParts();
        if (_statics is null && seat is not { Phase: TrainerPhase.Finalizing, Trusted: true })
        {
            return false;
        }

        // A peer other than the source is asked only where the source has lost its own tensors; the trainer's memory is still as it gave it.
        var parameters = _parameters ?? (state.EveryStep ? state.Buffers!.Local.ToArray() : state.Replica!.Parameters);
        parts = new StateParts
        {
            Parameters = withParameters ? parameters : default,
            Statics = _statics ?? state.Buffers!.Statics.ToArray(),
        };
        return true;
    }

    /// <summary>The first island's tensors arrived.</summary>
    public void Receive(StateAssembly parts)
    {
        _statics = parts.Statics;
        if (parts.Parameters.Length > 0)
        {
            _parameters = parts.Parameters;
            if (!state.EveryStep)
            {
                state.Note($"The replica of {state.NameOf(state.Self)} differed at the end: the parameters of {state.NameOf(Source)} replace it.");
                state.Replica!.Parameters = parts.Parameters;
            }
        }
    }

    /// <summary>Gives the trainer the final tensors, where they are here and the last round is final.</summary>
    public void TryFinalize()
    {
        if (seat.Phase != TrainerPhase.Finalizing || state is not { SelfIsMember: true, History.Finished: true } || !LastIsFinal || state.IsRead(state.Buffers!.Merged))
        {
            return;
        }

        var own = state.Self == Source && seat.Trusted;
        if (_statics is null && own)
        {
            _statics = state.Buffers!.Statics.ToArray();
            _parameters = state.EveryStep ? state.Buffers.Local.ToArray() : null;
        }

        if (_statics is null)
        {
            return;
        }

        if (state.EveryStep && !own && seat.Trusted && !state.Buffers!.Local.Span.SequenceEqual(_parameters))
        {
            state.Note($"The trainer of {state.NameOf(state.Self)} ended with other parameters than {state.NameOf(Source)}; it takes those.");
        }

        (_parameters ?? state.Replica!.Parameters).CopyTo(state.Buffers!.Merged);
        _statics.CopyTo(state.Buffers.Statics);
        seat.Phase = TrainerPhase.Saving;
        state.Emit(new MergeEffect.Finalized(LoadMerged: !(own && state.EveryStep), LoadStatics: !own));
    }

    /// <summary>This island's trainer has finished.</summary>
    public void Finish(string modelHash)
    {
        seat.Phase = TrainerPhase.Finished;
        _modelHash = modelHash;
        foreach (var peer in state.Fellows)
        {
            if (peer.Established)
            {
                state.Send(peer, new FinishedMessage { ModelHash = modelHash });
            }
        }
    }

    /// <summary>Ends the run where everybody has finished.</summary>
    public void TryEnd()
    {
        if (!_known && _modelHash is not null && state is { SelfIsMember: true, Sealed: false } && state.Fellows.All(peer => peer.ModelHash is not null))
        {
            _known = true;
            state.Lanes.Over();
            foreach (var peer in state.Fellows)
            {
                if (peer.ModelHash != _modelHash)
                {
                    state.Note($"The final models differ: {state.NameOf(state.Self)} has {_modelHash}, {state.NameOf(peer.Index)} has {peer.ModelHash}.");
                }

                if (peer.Established)
                {
                    state.Send(peer, new OverMessage());
                }
            }
        }

        // A trainer that was lost after it gave its results takes the final tensors and gives them once more before it may end.
        if (_known && !_done && state.Lanes.AllOver && seat.Phase == TrainerPhase.Finished)
        {
            _done = true;
            state.Emit(new MergeEffect.Done());
        }

        if (_done && !_closed && state.Fellows.All(peer => peer.Over))
        {
            _closed = true;
            state.Emit(new MergeEffect.Closed());
        }
    }

    /// <summary>What the peer may have missed.</summary>
    public void Resend(Peer peer)
    {
        if (_modelHash is { } hash)
        {
            state.Send(peer, new FinishedMessage { ModelHash = hash });
        }

        if (_known)
        {
            state.Send(peer, new OverMessage());
        }
    }
}
