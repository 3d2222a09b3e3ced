using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging.Checkpointing;

namespace Superfactory.Sync.Merging;

/// <summary>Where a run's state begins, and what a checkpoint is cut from.</summary>
public sealed partial class MergeMachine
{
    private readonly CheckpointCut _cut;
    private readonly CheckpointRestore _restore;

    /// <summary>The round that is worked on: as many are applied here.</summary>
    public long Round => _state.History.Round;

    /// <summary>Whether everything planned is merged.</summary>
    public bool IsOver => _state.History.Finished;

    /// <summary>Whether the state that this island holds is final, and all of it is here, so that a checkpoint may be cut from it.</summary>
    public bool CanCut => _cut.IsPossible;

    /// <summary>Whether this lane told the others of its island that it has everything of the present round's result, so that they may have gone on. False where the model is in one piece.</summary>
    public bool IsReadyInLane => _state.Lanes.IsReady;

    /// <summary>
    /// Copies the state for a checkpoint, so that rounds may go on; only where <see cref="CanCut"/>. In every-step the trainers hold parameters
    /// and optimizer: their state at the same boundary is for the host to add, unless the run is over.
    /// </summary>
    /// <param name="memory">Where its numbers are copied to.</param>
    public CheckpointState Cut(CheckpointMemory memory) => _cut.Take(memory);

    /// <summary>The run has no state yet: it begins with what this island's trainer has.</summary>
    private void Start()
    {
        _state.Buffers!.Local.CopyTo(_state.Replica!.Parameters);
        _state.Buffers.Statics.CopyTo(_state.Replica.Statics);
        _state.History.Originate(_state.Replica.HashOfModel());
        _state.Initialised = true;
        _seat.IsSource = true;
        _applier.Seal();
        _handshake.GreetAll();
    }
}
