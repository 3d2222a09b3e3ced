using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>A transfer that the machine needs.</summary>
/// <param name="Kind">What.</param>
/// <param name="Round">The round that the peer must have reached.</param>
/// <param name="Candidates">Who may have it, the best first.</param>
/// <param name="Hopeless">What it means where none of them has it.</param>
/// <param name="MayCome">Whether somebody who may have it cannot be asked yet, so that nothing is hopeless.</param>
internal sealed record StateNeed(FetchKind Kind, long Round, IReadOnlyList<Peer> Candidates, string Hopeless, bool MayCome = false)
{
    /// <summary>Of steps, the round of the first.</summary>
    public long Since { get; init; }

    /// <summary>What follows where none of them has it; null where this island cannot go on then.</summary>
    public Action? Otherwise { get; init; }

    /// <summary>The message that asks for it.</summary>
    public FetchMessage Message => new() { Kind = Kind, Round = Round, Since = Since };
}

/// <summary>State that arrived whole and checked.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Round">The round that it belongs to.</param>
/// <param name="History">The history; null where none belongs to it.</param>
/// <param name="Parts">Its numbers and bytes.</param>
internal sealed record ArrivedState(FetchKind Kind, long Round, RunHistory? History, StateAssembly Parts);

/// <summary>Fetches state from peers: one transfer at a time, from one candidate after another, checked before anything of it is used.</summary>
internal sealed class StateFetcher(MergeState state)
{
    private StateNeed? _need;
    private Peer? _source;
    private StateAssembly? _assembly;
    private OfferMessage? _offer;
    private ulong _tried;
    private int _repeats;
    private bool _gaveUp;

    /// <summary>Whom the transfer under way comes from; null where there is none.</summary>
    public Peer? Source => _need is null ? null : _source;

    /// <summary>Starts, keeps or drops the transfer so that it serves what is needed now.</summary>
    /// <returns>Whether nobody has it and something else is needed in its place.</returns>
    public bool Serve(StateNeed? need)
    {
        _gaveUp = false;
        if (need is null)
        {
            Stop();
        }
        else if (_need is not { } known || (known.Kind, known.Round, known.Since) != (need.Kind, need.Round, need.Since))
        {
            Stop();
            _need = need;
            Ask();
        }
        else if (_source is null)
        {
            _need = need;
            Ask();
        }

        return _gaveUp;
    }

    /// <summary>What was asked for is needed no more: the peer need not send the rest, and may change it.</summary>
    private void Stop()
    {
        if (_need is { } need && _source is { Established: true } source)
        {
            state.Send(source, new FetchMessage { Kind = FetchKind.Nothing, Round = need.Round });
        }

        Drop();
    }

    /// <summary>Forgets the transfer under way.</summary>
    public void Drop() => (_need, _source, _assembly, _offer, _tried, _repeats) = (null, null, null, null, 0, 0);

    /// <summary>The peer may have missed what was asked, and what it sent may be lost: the transfer starts again.</summary>
    public void Resend(Peer peer)
    {
        if (_need is { } need && _source == peer)
        {
            (_assembly, _offer) = (null, null);
            state.Send(peer, need.Message);
        }
    }

    /// <summary>Takes an offer.</summary>
    /// <returns>The state, where no pieces belong to it.</returns>
    public ArrivedState? Take(Peer peer, OfferMessage offer)
    {
        if (_need is not { } need || peer != _source || offer.Kind != need.Kind || (offer.Available && offer.Round < need.Round))
        {
            // Asked for before something else came first, or the same of a later round.
            return null;
        }

        if (!offer.Available)
        {
            _tried |= 1UL << peer.Index;
            _source = null;
            return null;
        }

        if (Reject(offer, need) is { } why)
        {
            state.Fault(peer, why);
            Again(peer, need);
            return null;
        }

        (_offer, _assembly) = (offer, new StateAssembly(offer));
        return Check(peer, need, offer, _assembly);
    }

    /// <summary>Takes a piece.</summary>
    /// <returns>The state, where this piece completed it.</returns>
    public ArrivedState? Take(Peer peer, PieceMessage piece)
    {
        if (_need is not { } need || peer != _source || _assembly is not { } assembly || _offer is not { } offer)
        {
            return null;
        }

        if (!assembly.TryTake(piece))
        {
            state.Fault(peer, $"a piece of the state at byte {piece.Offset}, out of its order or beyond its end");
            Again(peer, need);
            return null;
        }

        return Check(peer, need, offer, assembly);
    }

    private ArrivedState? Check(Peer peer, StateNeed need, OfferMessage offer, StateAssembly assembly)
    {
        if (!assembly.Complete)
        {
            return null;
        }

        var history = Read(assembly);
        if (!assembly.Sound || (assembly.Run.Length > 0 && history?.Round != offer.Round))
        {
            state.Note($"The state came from {state.NameOf(peer.Index)} damaged: it is asked for again.");
            Again(peer, need);
            return null;
        }

        Drop();
        return new ArrivedState(offer.Kind, offer.Round, history, assembly);
    }

    private void Ask()
    {
        var need = _need!;
        _source = need.Candidates.FirstOrDefault(peer => (_tried >> peer.Index & 1) == 0);
        if (_source is null && !need.MayCome && need.Otherwise is { } otherwise)
        {
            Drop();
            otherwise();
            _gaveUp = true;
        }
        else if (_source is null && !need.MayCome)
        {
            state.Fail(need.Hopeless, retriable: true);
        }
        else if (_source is { Established: true })
        {
            state.Send(_source, need.Message);
        }
    }

    private void Again(Peer peer, StateNeed need)
    {
        (_assembly, _offer) = (null, null);
        _repeats++;
        if (_repeats > MergeLimits.RepeatsMax)
        {
            state.Fail($"The state could not be received from {state.NameOf(peer.Index)} whole after {MergeLimits.RepeatsMax} repetitions.", retriable: true);
            return;
        }

        state.Send(peer, need.Message);
    }

    private RunHistory? Read(StateAssembly assembly) => assembly.Run.Length == 0 ? null
        : RunHistory.FromBytes(assembly.Run, state.Count, state.Configuration.Sync, state.Configuration.Budget, state.Parts.Length);

    /// <summary>Sizes follow from what is fetched: a wrong one is refused before memory is taken.</summary>
    private string? Reject(OfferMessage offer, StateNeed need)
    {
        var all = state.Replica!.Parameters.Length * (long)sizeof(float);
        var statics = state.Table!.StaticsBytes;
        var outer = !state.EveryStep;
        var whole = need.Kind == FetchKind.Replica;

        // Whose mode may have changed since has parameters alone, with momentum, or neither.
        var either = whole && state.History.Changes;
        var steps = need.Kind == FetchKind.Steps;
        var withTrainer = need.Kind == FetchKind.Trainer || (whole && !outer) || either || steps;
        var fits = offer.RunBytes > 0 == (whole || need.Kind == FetchKind.Result || (steps && state.SelfIsMember))
            && (offer.ParameterBytes == (need.Kind == FetchKind.FinalTensors || (whole && (outer || offer.Round == 0)) ? all : 0) || (either && (offer.ParameterBytes == all || offer.ParameterBytes == 0)))
            && (offer.MomentumBytes == (whole && outer && offer.Round > 0 ? all : 0) || (either && (offer.MomentumBytes == offer.ParameterBytes || offer.MomentumBytes == 0)))
            && (offer.ResultBytes == (need.Kind == FetchKind.Result ? all : 0) || (need.Kind == FetchKind.Residuals && offer.ResultBytes == ResidualMove.Numbers(state, state.Self) * sizeof(float)))
            && offer.StaticsBytes == (whole || need.Kind is FetchKind.FinalStatics or FetchKind.FinalTensors ? statics : 0)
            && offer.TrainerBytes <= (withTrainer ? Math.Min(MergeLimits.TrainerStateBytesMax(all) + (steps ? MergeLimits.StepBytesKeptMax + StepPack.Overhead : 0), Array.MaxLength) : 0);
        return fits ? null : $"an offer of {need.Kind} in round {offer.Round} whose sizes do not fit the model";
    }
}
