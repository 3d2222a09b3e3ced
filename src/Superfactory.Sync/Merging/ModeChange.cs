using System.Numerics;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging;

/// <summary>
/// What a change of mode needs between two rounds. From every-step: the parameters, which the trainers hold, come to the replica. To
/// every-step: one island's optimizer state goes to all, so that all trainers take the same steps from then on.
/// </summary>
internal sealed class ModeChange(MergeState state, TrainerSeat seat, RoundApplier applier)
{
    private readonly int[] _incarnations = new int[state.Count];
    private long _asked = -1;
    private long _looked = -1;

    /// <summary>
    /// The island whose optimizer state all take: the first member that is in the last result, and was not started again since. This island only
    /// where its own trainer, or one before it, was there.
    /// </summary>
    public int Source
    {
        get
        {
            var merged = state.History.LastContributors & state.Members;
            for (var island = 0; island < state.Count; island++)
            {
                merged &= (island == state.Self ? seat.HasEverBegun : _incarnations[island] == state.IncarnationOf(island)) ? ulong.MaxValue : ~(1UL << island);
            }

            return merged != 0 ? BitOperations.TrailingZeroCount(merged) : seat.HasEverBegun || state.Fellows.Count == 0 ? state.First : state.Fellows[0].Index;
        }
    }

    /// <summary>Whom to ask for that state, the best first. Who has only just come cannot know who else has, and asks all.</summary>
    public IReadOnlyList<Peer> SeedHolders => seat.HasEverBegun ? [state.PeerAt(Source)] : [.. state.Fellows.OrderBy(peer => peer.Index != Source)];

    /// <summary>Whether this island is to fetch that state from <see cref="Source"/>.</summary>
    public bool FetchesSeed => state.NeedsSeed && Source != state.Self;

    /// <summary>Whether the trainer that was to give the parameters is gone, and they have to come from another island's replica.</summary>
    public bool FetchesParameters => state is { Initialised: true, EveryStep: false, Anchored: false } && seat.Phase is TrainerPhase.Absent or TrainerPhase.Ready;

    /// <summary>Whether every-step began with what others gave, and not with what this island's trainer goes on with: their optimizers may differ.</summary>
    /// <param name="merged">The history with the first round of every-step.</param>
    public bool IsOtherwise(RunHistory merged) => state is { EveryStep: true, History.JustEntered: true } && (merged.LastContributors >> state.Self & 1) == 0
        && seat is { Phase: TrainerPhase.Training or TrainerPhase.Waiting, Told: { Steps: > 0, Mode: SyncMode.EveryStep } };

    /// <summary>Remembers who is there as a round is merged.</summary>
    private void Look()
    {
        if (_looked != state.History.Round)
        {
            _looked = state.History.Round;
            for (var island = 0; island < state.Count; island++)
            {
                _incarnations[island] = state.IncarnationOf(island);
            }
        }
    }

    /// <summary>Asks the trainer for the optimizer's state, where it is this one's that all take.</summary>
    public void TryAsk()
    {
        Look();
        if (!state.NeedsSeed || state is not { SelfIsMember: true, Sealed: false } || Source != state.Self || _asked == state.History.Round)
        {
            return;
        }

        if (seat is not { Phase: TrainerPhase.Waiting, Stale: false })
        {
            state.Fail($"The trainer of {state.NameOf(state.Self)}, whose optimizer all islands were to go on with in every-step, was lost before it gave its state.", retriable: true);
            return;
        }

        _asked = state.History.Round;
        state.Emit(new MergeEffect.CopyTrainerState());
    }

    /// <summary>Takes what the trainer was asked for.</summary>
    /// <returns>False where it was not asked for here.</returns>
    public bool TakeCopy(ReadOnlyMemory<byte> copy)
    {
        if (_asked != state.History.Round)
        {
            return false;
        }

        if (!state.NeedsSeed)
        {
            // The epoch changed meanwhile: whether it is this one that all take is still to be seen, and then it is asked for again.
            _asked = -1;
            return state.LacksSeed;
        }

        Adopt(copy, own: true);
        return true;
    }

    /// <summary>The trainer's process ended.</summary>
    public void LoseTrainer() => _asked = -1;

    /// <summary>The optimizer's state is here with which every trainer begins.</summary>
    /// <param name="bytes">The state; it does not change.</param>
    /// <param name="own">Whether it is this island's trainer's own.</param>
    public void Adopt(ReadOnlyMemory<byte> bytes, bool own)
    {
        var content = new ContentHash();
        content.Append(bytes.Span);
        var hash = content.Finish();
        if (state.History.Seed != 0 && state.History.Seed != hash && seat.HasBegun)
        {
            state.Fail($"{state.NameOf(state.Self)} was given another optimizer's state than the run goes on with.", retriable: true);
            return;
        }

        state.Seed = (state.History.Round, bytes, own);
        state.History.SeedWith(hash);
        seat.Receive(bytes, state.History.Round);
        applier.Seal();
    }

    /// <summary>The trainer gave, in <see cref="MergeBuffers.Local"/>, the parameters that it holds after the last step of every-step.</summary>
    public void Anchor()
    {
        if (state is not { EveryStep: false, Anchored: false, History.JustEntered: true } || seat is not { Phase: TrainerPhase.Training, Stale: false })
        {
            return;
        }

        // New memory: what was there may still be on its way to a peer.
        var replica = state.Replica!;
        replica.Parameters = state.Buffers!.Local.ToArray();
        replica.Momentum = new float[replica.Parameters.Length];
        state.Anchored = true;
        applier.Seal();
    }
}
