using Superfactory.Sync.Checkpoints;

namespace Superfactory.Sync.Merging.Checkpointing;

/// <summary>Takes a copy of the run's state where it is final: between the moment in which every island holds a round's result and the next one.</summary>
internal sealed class CheckpointCut(MergeState state, Finale finale)
{
    /// <summary>Whether what this island holds now is final, and all of it is here.</summary>
    public bool IsPossible => state is { Initialised: true, Failed: false, NeedsSeed: false } && (!state.History.JustEntered || (!state.EveryStep && state.Anchored)) && finale.LastIsFinal && (!state.History.Finished || finale.Statics is not null);

    /// <summary>Copies the state, so that rounds may go on; only where <see cref="IsPossible"/>.</summary>
    /// <param name="memory">Where parameters and momentum are copied to; it is made where it is missing, and may be used again when the state is no longer needed.</param>
    public CheckpointState Take(CheckpointMemory memory)
    {
        var (history, replica, mode) = (state.History, state.Replica!, state.Mode);
        var parameters = state.EveryStep
            ? history.Round == 0 ? replica.Parameters : history.Finished ? finale.Parameters : null
            : replica.Parameters;
        return new CheckpointState
        {
            Round = history.Round,
            Epoch = state.Epoch.Number,
            Islands = state.Roster,
            Mode = mode,
            Finished = history.Finished,
            StateHash = replica.StateHash,
            Ledger = history.Settled,
            Steps = history.Steps.Sum(),
            Tokens = history.Tokens.Sum(),
            Tensors = state.Table!.Entries,
            History = history.ToBytes(),
            Parameters = memory.Parameters(parameters),
            Momentum = memory.Momentum(history.Round > 0 && !state.EveryStep ? replica.Momentum : null),
            Statics = (finale.Statics ?? replica.Statics).ToArray(),
        };
    }
}
