using Superfactory.Model.Jobs;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Simulation.Checks;

/// <summary>A round's result, as it follows from what trainers gave.</summary>
/// <param name="round">The round.</param>
/// <param name="mode">What was merged in it.</param>
/// <param name="stateHash">The hash of the state after it, as the first island that applied it has it.</param>
/// <param name="parameters">The parameters after it.</param>
/// <param name="momentum">The outer momentum after it; in every-step the trainers' own, null where nobody has named it yet.</param>
/// <param name="shares">The samples in it, by the island that trained on them.</param>
internal sealed class RoundTruth(long round, SyncMode mode, ulong stateHash, float[] parameters, float[]? momentum, List<(int Island, List<long> Positions)> shares)
{
    /// <summary>The hash that checkpoints of it have, which were cut before a run went on from it.</summary>
    private readonly ulong _cutHash = stateHash;
    private bool _reopened;

    /// <summary>The round.</summary>
    public long Round { get; } = round;

    /// <summary>What was merged in it.</summary>
    public SyncMode Mode { get; } = mode;

    /// <summary>The hash of the state after it.</summary>
    public ulong StateHash { get; private set; } = stateHash;

    /// <summary>
    /// Whether the next round is the first of another mode: until all is here that trainers then add to the state, its hash is of the results alone.
    /// </summary>
    public bool IsLastOfMode { get; init; }

    /// <summary>The parameters after it.</summary>
    public float[] Parameters { get; } = parameters;

    /// <summary>The outer momentum after it; in every-step the trainers' own, null where nobody has named it yet.</summary>
    public float[]? Momentum { get; } = momentum;

    /// <summary>The samples in it, by the island that trained on them.</summary>
    public List<(int Island, List<long> Positions)> Shares { get; } = shares;

    /// <summary>Whether a checkpoint is of it.</summary>
    public bool IsIn(CheckpointState state) => IsLastOfMode ? state.Parameters.Span.SequenceEqual(Parameters) : state.StateHash == StateHash || state.StateHash == _cutHash;

    /// <summary>The run goes on from a checkpoint of it: whoever was refused before begins with a clean slate, which is part of the state's hash.</summary>
    public void Reopen() => _reopened = true;

    /// <summary>Whether this is the hash of an island that holds it; after it was reopened, the first island's is.</summary>
    public bool Is(ulong hash)
    {
        (StateHash, _reopened) = (_reopened ? hash : StateHash, false);
        return hash == StateHash;
    }
}
