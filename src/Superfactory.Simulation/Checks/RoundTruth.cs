using Superfactory.Model.Jobs;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Simulation.Checks;

/// <summary>A round's result, as it follows from what trainers gave.</summary>
/// <param name="round">The round.</param>
/// <param name="mode">What was merged in it.</param>
/// <param name="contributors">Whose numbers are in it, a bit each.</param>
/// <param name="parameters">The parameters after it.</param>
/// <param name="momentum">The outer momentum after it; in every-step the trainers' own, null where nobody has named it yet.</param>
/// <param name="shares">The samples in it, by the island that trained on them.</param>
internal sealed class RoundTruth(long round, SyncMode mode, ulong contributors, float[] parameters, float[]? momentum, List<(int Island, List<long> Positions)> shares)
{
    private readonly Dictionary<int, LaneHash> _hashes = [];

    /// <summary>The round.</summary>
    public long Round { get; } = round;

    /// <summary>What was merged in it.</summary>
    public SyncMode Mode { get; } = mode;

    /// <summary>Whose numbers are in it, a bit each.</summary>
    public ulong Contributors { get; } = contributors;

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
    /// <param name="lane">The lane whose state it is.</param>
    /// <param name="state">What it holds of that.</param>
    public bool IsIn(int lane, CheckpointState state) => IsLastOfMode ? state.Parameters.Span.SequenceEqual(Parameters)
        : _hashes.TryGetValue(lane, out var hash) && (state.StateHash == hash.State || state.StateHash == hash.Cut);

    /// <summary>The run goes on from a checkpoint of it: whoever was refused before begins with a clean slate, which is part of the state's hash.</summary>
    public void Reopen()
    {
        foreach (var lane in _hashes.Keys.ToList())
        {
            _hashes[lane] = _hashes[lane] with { Reopened = true };
        }
    }

    /// <summary>Whether this is the hash of an island that holds it, in a lane; the first island's is, also after it was reopened.</summary>
    public bool Is(int lane, ulong hash)
    {
        var known = _hashes.TryGetValue(lane, out var old) ? old : new LaneHash(hash, hash, Reopened: false);
        _hashes[lane] = known with { State = known.Reopened ? hash : known.State, Reopened = false };
        return hash == _hashes[lane].State;
    }

    /// <summary>The hash of a lane's state after the round.</summary>
    /// <param name="State">As islands have it now.</param>
    /// <param name="Cut">As checkpoints have it, which were cut before a run went on from it.</param>
    /// <param name="Reopened">Whether the next that comes is the islands'.</param>
    private readonly record struct LaneHash(ulong State, ulong Cut, bool Reopened);
}
