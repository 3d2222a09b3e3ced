using System.Collections.Immutable;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.Merging;

/// <summary>Something that a <see cref="MergeMachine"/> wants done, in the order given.</summary>
public abstract record MergeEffect
{
    private MergeEffect()
    {
    }

    /// <summary>Send a message to a peer. Its payload may be a slice of the machine's own memory, which stays unchanged
    /// until the peer has it; what is queued for a peer that went down must be dropped.</summary>
    /// <param name="Island">The peer's place among the members.</param>
    /// <param name="Message">The message.</param>
    public sealed record Send(int Island, MergeMessage Message) : MergeEffect;

    /// <summary>Drop what waits for a peer, though it may be up: it belongs to an epoch that is over. What the transport has taken may still arrive.</summary>
    /// <param name="Island">The peer's place among the job's islands.</param>
    public sealed record Drop(int Island) : MergeEffect;

    /// <summary>Tell the trainer to begin, or to go on after a restart.</summary>
    /// <param name="Turn">What it does next.</param>
    /// <param name="LoadMerged">Whether it takes parameters and statics from the buffers first; otherwise its own are the run's.</param>
    /// <param name="TrainerState">A peer trainer's state to load (every-step); null where there is none.</param>
    /// <param name="Steps">Steps to take from where it stands, in place of such a state; null where there are none.</param>
    public sealed record Begin(RoundTurn Turn, bool LoadMerged, ReadOnlyMemory<byte>? TrainerState, StepsTaken? Steps = null) : MergeEffect;

    /// <summary>Tell the trainer, which has not begun, to load another's state, or to take steps that others took, and to go on waiting. Answered by
    /// <see cref="MergeInput.TrainerFollowed"/> or <see cref="MergeInput.TrainerUnfit"/>; it may come again before that.</summary>
    /// <param name="TrainerState">A peer trainer's state; null where it goes on from where it stands.</param>
    /// <param name="Steps">The optimizer's steps after it, one after another.</param>
    public sealed record Follow(ReadOnlyMemory<byte>? TrainerState, ImmutableArray<ReadOnlyMemory<byte>> Steps) : MergeEffect;

    /// <summary>Tell the trainer which samples are its own from here on.</summary>
    /// <param name="Samples">The samples; null where the run is untracked.</param>
    /// <param name="Turn">The turn that the trainer is in, whose steps the deal may have limited; null where it is as told before.</param>
    /// <param name="Following">In streaming the samples of the turn after it, where they are of another segment; null otherwise.</param>
    public sealed record Deal(DealtSamples? Samples, RoundTurn? Turn = null, DealtSamples? Following = null) : MergeEffect;

    /// <summary>Tell the trainer that its round is merged; <see cref="MergeBuffers.Merged"/> holds the result.</summary>
    /// <param name="Result">What was merged, and what it does next.</param>
    public sealed record Merged(MergeOutcome Result) : MergeEffect;

    /// <summary>Ask the trainer, which waits for a merge, for a copy of its state before it; answered by <see cref="MergeInput.TrainerStateCopied"/>,
    /// also where what came of the merge follows at once.</summary>
    /// <param name="Rest">Whether parameters and the optimizer's numbers are left out of it.</param>
    public sealed record CopyTrainerState(bool Rest = false) : MergeEffect;

    /// <summary>Tell the trainer that the buffers hold the final tensors: it loads them, saves, and finishes.</summary>
    /// <param name="LoadMerged">Whether <see cref="MergeBuffers.Merged"/> replaces its parameters.</param>
    /// <param name="LoadStatics">Whether <see cref="MergeBuffers.Statics"/> replaces its frozen tensors and buffers.</param>
    public sealed record Finalized(bool LoadMerged, bool LoadStatics) : MergeEffect;

    /// <summary>The run is over at every island: the trainer may end. Peers may still have to learn of it: see <see cref="Closed"/>.</summary>
    public sealed record Done : MergeEffect;

    /// <summary>Every peer knows that the run is over: nothing more will be asked of this machine. Comes after <see cref="Done"/>;
    /// a host that has waited for it some seconds without hearing a peer may end as well.</summary>
    public sealed record Closed : MergeEffect;

    /// <summary>Write down, so that it outlives this process, that nothing more of an epoch is accepted here; then say so with <see cref="MergeInput.PromiseKept"/>.</summary>
    /// <param name="Epoch">The epoch's number.</param>
    public sealed record KeepPromise(int Epoch) : MergeEffect;

    /// <summary>Tell the control plane that this island has promised to accept nothing more of an epoch.</summary>
    /// <param name="Epoch">The epoch's number.</param>
    /// <param name="Round">The round that it works on: it holds the result of every earlier one; -1 where it holds no state.</param>
    public sealed record Sealed(int Epoch, long Round) : MergeEffect;

    /// <summary>Tell the control plane that this learner has what it needs to become a member.</summary>
    /// <param name="Epoch">The epoch in which it learned.</param>
    public sealed record Level(int Epoch) : MergeEffect;

    /// <summary>Tell the bridges of the other lanes of this island, in order, how far this one is.</summary>
    /// <param name="Status">How far.</param>
    public sealed record TellLanes(Lanes.LaneStatus Status) : MergeEffect;

    /// <summary>The machine cannot go on; it takes no further input.</summary>
    /// <param name="Reason">A sentence that names the island and the step or tensor.</param>
    /// <param name="Retriable">Whether a new incarnation of this island, which takes its state from a peer, could help; false for a fault of the job itself.</param>
    /// <param name="Outrun">Whether that is all there is to it: the run went on, or began, without this island, whose trainer can follow only as a new incarnation.</param>
    public sealed record Fail(string Reason, bool Retriable = false, bool Outrun = false) : MergeEffect;

    /// <summary>Something that people should know of: a refused contribution, a repaired replica, an island awaited.</summary>
    /// <param name="Text">A sentence.</param>
    public sealed record Note(string Text) : MergeEffect;
}

/// <summary>Steps that another trainer took, for one that stands where that one stood before them.</summary>
/// <param name="Steps">The optimizer's steps, one after another.</param>
/// <param name="Rest">What else belongs to the boundary after them.</param>
public sealed record StepsTaken(ImmutableArray<ReadOnlyMemory<byte>> Steps, ReadOnlyMemory<byte> Rest);

/// <summary>What a trainer does until its next merge.</summary>
/// <param name="Round">The round it works on, from 0.</param>
/// <param name="Steps">Steps to take before it contributes; 0 asks for an empty contribution at once.</param>
/// <param name="FirstTurn">The turn of its first step in the deal.</param>
/// <param name="Progress">Merged ÷ planned, 0 to 1.</param>
/// <param name="Finished">Whether everything planned is merged: the trainer finalizes instead of training.</param>
/// <param name="Segment">The deal that the turns are counted in, in streaming, where the following turn may be in another; 0 otherwise.</param>
/// <param name="Following">In streaming the turn after it: the trainer takes its steps while what it contributed is merged. Null otherwise.</param>
public sealed record RoundTurn(long Round, int Steps, long FirstTurn, double Progress, bool Finished, int Segment = 0, RoundTurn? Following = null)
{
    /// <summary>What is merged in the round, in a run that chooses that by itself; null in others, where it is the job's.</summary>
    public SyncMode? Mode { get; init; }

    /// <summary>In a run that chooses by itself, and streams in the round, the steps from sending what it merges to applying the result; null otherwise.</summary>
    public int? Delay { get; init; }
}

/// <summary>
/// An island's samples as a rule. The segment's ranges, one after another, are its line of samples; in turn t of the segment
/// the island takes the places <c>t × Stride + Offset</c> up to <c>+ Batch</c> on that line, cut off at its end.
/// What stands there are positions in the run's fixed order of samples.
/// </summary>
/// <param name="Segment">Rises with every new deal; turns are counted from 0 in each.</param>
/// <param name="Ranges">The segment's positions, in the order in which they are dealt.</param>
/// <param name="Stride">Places in one turn over all islands.</param>
/// <param name="Offset">Where this island's share of a turn begins.</param>
/// <param name="Batch">How many places its share holds.</param>
/// <param name="Planned">Positions in the whole run.</param>
public sealed record DealtSamples(int Segment, ImmutableArray<PositionRange> Ranges, long Stride, long Offset, int Batch, long Planned);

/// <summary>Positions from <paramref name="Start"/> up to, not including, <paramref name="End"/>.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The one after the last.</param>
public readonly record struct PositionRange(long Start, long End);

/// <summary>What came of a merge.</summary>
public sealed record MergeOutcome
{
    /// <summary>What the trainer does next.</summary>
    public required RoundTurn Next { get; init; }

    /// <summary>The round that was merged.</summary>
    public required long Round { get; init; }

    /// <summary>Tokens over all contributions in it.</summary>
    public required long Tokens { get; init; }

    /// <summary>The token-weighted mean loss over all contributions in it.</summary>
    public required double Loss { get; init; }

    /// <summary>Whether this island's contribution was refused: it goes on from the merged model, and its samples are dealt again.</summary>
    public bool Reset { get; init; }

    /// <summary>Whether every island skips this step because a gradient scaler found an overflow.</summary>
    public bool Skip { get; init; }

    /// <summary>Whether the trainer gives the optimizer's step that it takes now with its next contribution, for islands that follow.</summary>
    public bool Keep { get; init; }

    /// <summary>A new segment of samples, where one begins with the next round; null otherwise.</summary>
    public DealtSamples? Deal { get; init; }

    /// <summary>In streaming a segment that begins with the turn after the next; null otherwise.</summary>
    public DealtSamples? FollowingDeal { get; init; }

    /// <summary>A peer trainer's state whose optimizer this one takes, as the mode changes to every-step; null otherwise.</summary>
    public ReadOnlyMemory<byte>? TrainerState { get; init; }
}
