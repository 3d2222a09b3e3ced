using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Sync.Merging;

/// <summary>An attempt at a round.</summary>
/// <param name="Round">The round, from 0.</param>
/// <param name="Number">The attempt at it, from 0.</param>
public readonly record struct RoundAttempt(long Round, int Number);

/// <summary>Something that happened to a <see cref="MergeMachine"/> from outside.</summary>
public abstract record MergeInput
{
    private MergeInput()
    {
    }

    /// <summary>A peer can be reached; from here on messages to it arrive once each, in the order that each asks for, until it is down.</summary>
    /// <param name="Island">Its place among the members.</param>
    public sealed record PeerUp(int Island) : MergeInput;

    /// <summary>A peer cannot be reached; what was sent and not answered may be lost.</summary>
    /// <param name="Island">Its place among the members.</param>
    public sealed record PeerDown(int Island) : MergeInput;

    /// <summary>A peer said something.</summary>
    /// <param name="Island">Its place among the members.</param>
    /// <param name="Message">What it said.</param>
    public sealed record Received(int Island, MergeMessage Message) : MergeInput;

    /// <summary>The host refused what a peer, or somebody who is none, sent: bytes that are no message. It is counted and shown like any fault of a peer.</summary>
    /// <param name="Island">The peer's place among the members; -1 where it is none.</param>
    /// <param name="Fault">What was refused, in a few words.</param>
    public sealed record Refused(int Island, string Fault) : MergeInput;

    /// <summary>The host has passed on chunks of contributions or results, or pieces of state, that it was given for a peer, the oldest first, and keeps
    /// none of their bytes. What it drops when the peer goes down is not counted.</summary>
    /// <param name="Island">The peer's place among the members.</param>
    /// <param name="Chunks">How many.</param>
    public sealed record Carried(int Island, int Chunks) : MergeInput;

    /// <summary>No chunk came from a peer for too long, although it is up and <see cref="MergeMachine.IsAwaited"/>.</summary>
    /// <param name="Island">The peer's place among the members.</param>
    /// <param name="Attempt">The <see cref="MergeMachine.Attempt"/> in which nothing came; where another one is under way, it says nothing.</param>
    public sealed record Stalled(int Island, RoundAttempt Attempt) : MergeInput;

    /// <summary>The grace of a round has passed since as many islands as the job asks for had contributed to it: it closes without the others.</summary>
    /// <param name="Attempt">The <see cref="MergeMachine.Attempt"/> in which it passed; where another one is under way, it says nothing.</param>
    public sealed record GraceOver(RoundAttempt Attempt) : MergeInput;

    /// <summary>The control plane decided a new epoch, let learners in, or is about to replace the epoch.</summary>
    /// <param name="Epoch">The epoch, of the same islands by place.</param>
    public sealed record EpochChanged(RunEpoch Epoch) : MergeInput;

    /// <summary>The promise that <see cref="MergeEffect.KeepPromise"/> wanted is on disk.</summary>
    /// <param name="Epoch">The epoch's number.</param>
    public sealed record PromiseKept(int Epoch) : MergeInput;

    /// <summary>The bridge of another lane of this island says how far it is.</summary>
    /// <param name="Status">How far.</param>
    public sealed record LaneSaid(Lanes.LaneStatus Status) : MergeInput;

    /// <summary>The trainer registered its tensors (again after a restart).</summary>
    /// <param name="Tensors">All of them, in its order.</param>
    /// <param name="Buffers">Sized for them; <see cref="MergeBuffers.Local"/> and <see cref="MergeBuffers.Statics"/> hold the trainer's own initial state.</param>
    public sealed record TrainerRegistered(ImmutableArray<TensorEntry> Tensors, MergeBuffers Buffers) : MergeInput;

    /// <summary>The trainer says how it draws samples; null where it does not (untracked).</summary>
    /// <param name="Data">How.</param>
    public sealed record TrainerData(DataDeclaration? Data) : MergeInput;

    /// <summary>The trainer finished a round's steps; <see cref="MergeBuffers.Local"/> holds its numbers until the answer.</summary>
    /// <param name="Contribution">What they were.</param>
    /// <param name="Kept">The optimizer's step that it took before them, as <see cref="MergeOutcome.Keep"/> wanted it; opaque here. Null where it was not asked, or cannot.</param>
    public sealed record TrainerContributed(Contribution Contribution, ReadOnlyMemory<byte>? Kept = null) : MergeInput;

    /// <summary>In streaming: the trainer has taken all steps that it may while its contribution is merged, and waits.</summary>
    public sealed record TrainerWaits : MergeInput;

    /// <summary>The mode changed from every-step; the trainer took its last step of that, and <see cref="MergeBuffers.Local"/> holds its parameters.</summary>
    public sealed record TrainerAnchored : MergeInput;

    /// <summary>The trainer answers <see cref="MergeEffect.CopyTrainerState"/>.</summary>
    /// <param name="State">Its parameters, optimizer and attached state at the step boundary before the pending merge; opaque here.</param>
    /// <param name="Rest">Whether it is without parameters and the optimizer's numbers, as it was asked for.</param>
    public sealed record TrainerStateCopied(ReadOnlyMemory<byte> State, bool Rest = false) : MergeInput;

    /// <summary>The trainer took what <see cref="MergeEffect.Follow"/> gave it.</summary>
    public sealed record TrainerFollowed : MergeInput;

    /// <summary>The trainer could not take steps that it was given, or came to other parameters with them: it needs another trainer's whole state.</summary>
    public sealed record TrainerUnfit : MergeInput;

    /// <summary>The trainer saw that everything is merged; <see cref="MergeBuffers.Local"/> and <see cref="MergeBuffers.Statics"/> hold its final tensors.</summary>
    public sealed record TrainerFinalizing : MergeInput;

    /// <summary>The trainer has the final model and gave its results.</summary>
    /// <param name="ParametersSha256">Of its own tensors.</param>
    public sealed record TrainerFinished(string ParametersSha256) : MergeInput;

    /// <summary>The trainer's process ended before the run did; it will register again.</summary>
    public sealed record TrainerLost : MergeInput;
}
