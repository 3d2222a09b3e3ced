using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging.Trainer;

/// <summary>Where the trainer stands.</summary>
internal enum TrainerPhase
{
    /// <summary>Not registered, or lost.</summary>
    Absent,

    /// <summary>Registered; waits to be told to begin.</summary>
    Ready,

    /// <summary>Takes the current round's steps.</summary>
    Training,

    /// <summary>Gave its contribution; waits for the merge.</summary>
    Waiting,

    /// <summary>Gave its final tensors; waits for the common ones.</summary>
    Finalizing,

    /// <summary>Has the common tensors; saves.</summary>
    Saving,

    /// <summary>Gave its results.</summary>
    Finished,
}

/// <summary>Tells the trainer when to begin, what was merged and what comes next; starts a restarted one from the replica or from a peer trainer's state.</summary>
internal sealed class TrainerSeat(MergeState state, RoundExchange exchange)
{
    private ReadOnlyMemory<byte>? _received;
    private StepsTaken? _steps;
    private long _receivedRound = -1;
    private readonly Queue<Contribution> _since = [];
    private long? _due;
    private bool _afresh;
    private bool _waits;

    /// <summary>Where the trainer stands.</summary>
    public TrainerPhase Phase { get; set; }

    /// <summary>Whether the trainer's own state is the run's: of the island that the run starts from.</summary>
    public bool IsSource { get; set; }

    /// <summary>What the trainer was told to do last; null before it begins.</summary>
    public RoundTurn? Told { get; set; }

    /// <summary>
    /// Whether what the trainer works on, or waits for, is no part of the run: the run went on without this island, or deals anew. Its
    /// contribution is dropped, and answered with what the run holds.
    /// </summary>
    public bool Stale { get; set; }

    /// <summary>
    /// In every-step the boundary at which the trainer stands, or will when it has taken what it was given: a round that it has taken no step of,
    /// and the chain of results before it. Null where it went on from there by itself, or stands nowhere in the run.
    /// </summary>
    public (long Round, ulong Chain)? Stands { get; set; }

    /// <summary>Whether the trainer has taken anything of another's before it was told to begin: it cannot begin a run, nor with parameters alone.</summary>
    public bool Followed { get; set; }

    /// <summary>Whether the step of a round is to be kept for islands that follow.</summary>
    public Func<long, bool> Keeps { get; set; } = static _ => false;

    /// <summary>Whether the trainer has the parameters that the rounds led to, and not what a restarted one begins with.</summary>
    public bool Trusted { get; private set; }

    /// <summary>Whether this trainer's process has begun before: its optimizer has a state, also where it waits to begin anew.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether any trainer has begun since this bridge was started: before, its island has no part in what was merged.</summary>
    public bool HasEverBegun { get; private set; }

    /// <summary>Whether a trainer that contributed can do nothing before the merge: in streaming it says so when it has come to that.</summary>
    public bool Waits
    {
        get => !state.Streaming || _waits;
        set => _waits = value;
    }

    /// <summary>Whether only a peer trainer's state can let this one go on.</summary>
    public bool NeedsPeerState => state is { EveryStep: true, History: { Round: > 0, Finished: false } } && Phase == TrainerPhase.Ready
        && exchange.Own is null && _receivedRound != state.History.Round;

    /// <summary>Whether the trainer's parameters were found to be others than the run's: it takes a peer trainer's state instead of the round's result.</summary>
    public bool Mistaken { get; set; }

    /// <summary>A peer trainer's state arrived.</summary>
    public void Receive(ReadOnlyMemory<byte> trainerState, long round) => (_received, _steps, _receivedRound) = (trainerState, null, round);

    /// <summary>Steps of a peer trainer arrived, that lead from where this one stands to a round.</summary>
    public void Receive(StepsTaken steps, long round) => (_received, _steps, _receivedRound) = (null, steps, round);

    /// <summary>The trainer could not take the steps that it began with.</summary>
    public void Refuse()
    {
        if (Phase == TrainerPhase.Training)
        {
            BeginAgain();
        }
    }

    /// <summary>Whether a round's result is here and the trainer has not been told, because its memory is still read.</summary>
    public bool IsDue => _due is not null;

    /// <summary>What the trainer contributes now, with what of its earlier rounds is in the same numbers.</summary>
    public SpanContribution Span(Contribution given)
    {
        var first = Math.Max(given.Round - (state.Streaming ? state.Parts.Length - 1 : 0), state.History.Entered);
        TakeUp(given.Earlier);
        while (_since.TryPeek(out var oldest) && oldest.Round < first)
        {
            _since.Dequeue();
        }

        _since.Enqueue(given);
        _waits = false;
        var (steps, tokens) = (0, 0L);
        foreach (var each in _since)
        {
            steps += each.Steps;
            tokens += each.Steps > 0 ? each.Tokens : 0;
        }

        (var afresh, _afresh) = (_afresh && state.Streaming, false);
        return new SpanContribution(given, steps, Math.Min(tokens, MergeLimits.TokensMax), afresh);
    }

    /// <summary>
    /// A trainer goes on where one of its island stood: what that one gave to earlier rounds is in its numbers still, if it is what the history says.
    /// Otherwise it is dealt again, as of any trainer that begins.
    /// </summary>
    private void TakeUp(ImmutableArray<EarlierRound> earlier)
    {
        if (!_afresh || !state.Streaming || earlier.IsEmpty || earlier.Length >= state.Parts.Length)
        {
            return;
        }

        foreach (var each in earlier)
        {
            _since.Enqueue(new Contribution { Round = each.Round, Steps = Math.Max(0, each.Steps), Tokens = Math.Clamp(each.Tokens, 0, MergeLimits.TokensMax), LossSum = 0 });
        }

        if (HasLostWork())
        {
            _since.Clear();
            return;
        }

        _afresh = false;
    }

    /// <summary>What the trainer is to do in the current round.</summary>
    public RoundTurn Turn()
    {
        var turn = state.History.TurnOf(state.Self);
        return state.History.Round == state.IdleRound ? turn with { Steps = 0 } : turn;
    }

    /// <summary>The run's state replaces what this island held: what its trainer took from that is no part of the run.</summary>
    public void Outdate() => (Stale, _due) = (Stale || Phase is TrainerPhase.Training or TrainerPhase.Waiting, null);

    /// <summary>The trainer's process ended.</summary>
    public void Lose()
    {
        (Phase, IsSource, Trusted, Stale, HasBegun, Told, _due) = (TrainerPhase.Absent, false, false, false, false, null, null);
        (Stands, Followed, _steps) = (null, false, null);
        _receivedRound = _received is null ? -1 : _receivedRound;
    }

    /// <summary>Lets a registered trainer begin, where everything for it is here, or one that waits for a result go on.</summary>
    public void TryBegin()
    {
        TryDeliver();

        // A contribution that outlived its trainer is merged first.
        if (Phase != TrainerPhase.Ready || !state.IsCurrent || NeedsPeerState || state.NeedsSeed || (!state.EveryStep && !state.Anchored) || (exchange.Own is not null && !state.History.Finished)
            || state.IsRead(state.Buffers!.Merged))
        {
            return;
        }

        var (peerState, steps) = _receivedRound == state.History.Round ? (_received, _steps) : (null, null);
        if (Followed && peerState is null && steps is null && !state.History.Finished)
        {
            state.Outrun($"The run begins again, and so does the trainer of {state.NameOf(state.Self)}, which followed it.");
            return;
        }

        (Phase, HasBegun, HasEverBegun) = (TrainerPhase.Training, true, true);
        var replica = state.Replica!;
        var fromBuffers = !IsSource && steps is null;
        if (steps is not null)
        {
            replica.Statics.CopyTo(state.Buffers.Statics);
        }

        if (fromBuffers)
        {
            // In every-step these are the initial parameters; a peer trainer's state replaces them, or the final merge does.
            replica.TakeMeanFrom(state.Buffers.Merged);
            replica.Parameters.CopyTo(state.Buffers.Merged);
            replica.Statics.CopyTo(state.Buffers.Statics);
        }

        Refresh();
        var taken = peerState is not null || steps is not null;
        Trusted = !state.EveryStep || taken || state.History.Round == 0;
        (_received, _steps, _receivedRound, Followed) = (null, null, -1, false);
        Stands = state.EveryStep && taken ? (state.History.Round, state.History.Chain) : null;
        Told = Turn();
        state.Emit(new MergeEffect.Begin(Told, fromBuffers, peerState, steps));
    }

    /// <summary>The trainer goes on from the run's parameters, all of them: nothing is left of what it trained before.</summary>
    private void Refresh()
    {
        _since.Clear();
        _afresh = state.Streaming;
    }

    /// <summary>
    /// Whether the run has dropped what the trainer trained in earlier rounds and still has in its numbers: a round was merged by an epoch
    /// without this island, which contributed to it before and after.
    /// </summary>
    private bool HasLostWork()
    {
        var (steps, first) = (0, Math.Max(state.History.Round - state.Parts.Length + 1, state.History.Entered));
        foreach (var each in _since)
        {
            steps += each.Round >= first ? each.Steps : 0;
        }

        return state.Streaming && steps != state.History.SpanOf(state.Self);
    }

    /// <summary>
    /// Whether trainers with samples have taken the optimizer's step of the last round of every-step, and this island's, which had none, has not: what
    /// a loop does between merge and step, such as clipping or setting a rate, nobody can do for it. It goes on from the state of one that has.
    /// </summary>
    private bool HasMissedStep => state.History is { LastMode: SyncMode.EveryStep } history && Told is { Steps: 0, Finished: false }
        && (!history.LastSkipped || history.RefusedLast != 0 || history.SkipsInRow != 0);

    /// <summary>What the trainer has is not the run's: it waits for what it begins with anew.</summary>
    private void BeginAgain() => (Phase, Trusted, Stale, _due) = (TrainerPhase.Ready, false, false, null);

    /// <summary>Hands the last round's result to a trainer that waits for it, as soon as nobody reads its memory.</summary>
    /// <param name="contributed">The round that it contributed to.</param>
    public void Deliver(long contributed)
    {
        (IsSource, var mistaken, Mistaken) = (false, Mistaken, false);
        if (Phase == TrainerPhase.Waiting && !Stale && (mistaken || HasMissedStep))
        {
            BeginAgain();
            return;
        }

        if (Phase == TrainerPhase.Training)
        {
            // It works on a round that the others have merged.
            Outdate();
        }

        _due = Phase == TrainerPhase.Waiting && !Stale ? contributed : null;
        TryDeliver();
    }

    /// <summary>
    /// The trainer will write to its memory, and chunks of its numbers may still wait in the host for an attempt that is dead, or for
    /// peers that have the result already. Who waits with a contribution that was dropped is answered as soon as this island holds what
    /// the run holds, and it is known who takes which samples; in every-step, where the result of the round that it worked on came from
    /// a peer meanwhile, that is the step that it still has to take.
    /// </summary>
    private void TryDeliver()
    {
        var refresh = Stale && Phase == TrainerPhase.Waiting && state is { IsCurrent: true, Sealed: false, History.Begun: true };
        if (refresh && Told!.Round < state.History.Round && HasMissedStep)
        {
            BeginAgain();
            return;
        }

        if ((_due is null && !refresh) || state.LacksSeed || state.IsRead(state.Buffers!.Local) || state.IsRead(state.Buffers.Merged))
        {
            return;
        }

        if (refresh && Told!.Mode is { } told && told != state.Mode && (told == SyncMode.EveryStep || (state.EveryStep && !state.HoldsParameters)))
        {
            state.Outrun($"The run went on in another mode than the trainer of {state.NameOf(state.Self)}, which begins anew.");
            return;
        }

        var contributed = refresh ? Told!.Round : _due!.Value;
        (_due, Stale) = (null, false);
        var (history, replica) = (state.History, state.Replica!);
        var reset = refresh || !history.HeardLast(state.Self) || HasLostWork();
        var parameters = refresh ? !state.EveryStep || Told!.Mode is SyncMode.Diloco or SyncMode.Streaming : history.LastMode != SyncMode.EveryStep;
        if (parameters)
        {
            // In streaming the trainer goes on with its own parameters of the other parts, unless it begins anew, or streaming is over.
            var streams = !reset && history is { Mode: SyncMode.Streaming, LastMode: SyncMode.Streaming };
            var part = streams ? state.Parts[state.PartOf(contributed, SyncMode.Streaming)] : null;
            var (start, count) = part is null ? (0, replica.Parameters.Length) : (part.Start, part.Count);
            replica.Parameters.AsMemory(start, count).CopyTo(state.Buffers.Merged[start..]);
        }
        else if (!replica.Mean.Equals(state.Buffers.Merged))
        {
            // It came from a peer, or the trainer has other memory than when the merge began.
            replica.Mean.CopyTo(state.Buffers.Merged);
        }

        if (reset)
        {
            Refresh();
        }

        // Turns into streaming and out of it are counted in other segments.
        var turned = history.JustEntered && (state.Streaming || history.LastMode == SyncMode.Streaming);
        (Phase, Told) = (TrainerPhase.Training, Turn());
        state.Emit(new MergeEffect.Merged(new MergeOutcome
        {
            Round = contributed,
            Next = Told,
            Tokens = history.LastTokens,
            Loss = history.Loss,
            Reset = reset,
            Keep = !refresh && Keeps(contributed),
            Skip = !parameters && ((refresh && contributed == history.Round) || history.LastSkipped),
            Deal = refresh || turned || (history.NewSegment && !state.Streaming) ? history.SamplesOf(state.Self) : null,
            FollowingDeal = refresh || turned || history.NewSegment ? history.FollowingSamplesOf(state.Self) : null,
            TrainerState = state.Seed is { Own: false } seed && seed.Round == history.Round ? (ReadOnlyMemory<byte>?)seed.Bytes : null,
        }));
    }
}
