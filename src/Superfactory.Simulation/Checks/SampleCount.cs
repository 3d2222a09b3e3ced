using System.Numerics;
using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;

namespace Superfactory.Simulation.Checks;

/// <summary>
/// The samples in final results, as the trainers say which they trained on: each is merged once in every part of the parameters, and in the
/// end all are. What an island trained and has lost before every part has it is merged again: at most what it trains between two merges of a part.
/// </summary>
/// <param name="scenario">The run.</param>
internal sealed class SampleCount(Scenario scenario)
{
    private readonly int _parts = scenario.Parts;

    /// <summary>What a ledger counts for a sample: its pairs with the parts, where the run always streams; one, where it chooses when it does.</summary>
    private readonly int _unit = scenario.Mode == SyncMode.Auto ? 1 : scenario.Parts;
    private readonly HashSet<long> _merged = [];
    private readonly Dictionary<long, Partial> _partial = [];
    private readonly List<long> _gone = [];
    private readonly int[] _lost = new int[scenario.Islands];
    private long _pairs;

    /// <summary>What is merged: pairs of a sample and a part of the parameters, or samples that every part has.</summary>
    public long Merged => _unit == 1 ? _merged.Count : (_merged.Count * (long)_parts) + _pairs;

    /// <summary>Pairs that were merged and are to be merged again.</summary>
    public long Replayed { get; private set; }

    /// <summary>A result became final.</summary>
    public void Merge(RoundTruth result)
    {
        var part = result.Mode == SyncMode.Streaming ? 1UL << (int)(result.Round % _parts) : (1UL << _parts) - 1;
        foreach (var (island, positions) in result.Shares)
        {
            foreach (var position in positions)
            {
                Add(result.Round, island, position, part);
            }
        }

        Drop(result.Round);
    }

    /// <summary>The run went back to what these rounds led to.</summary>
    public void GoBack(IEnumerable<RoundTruth> results)
    {
        _merged.Clear();
        _partial.Clear();
        (_pairs, Replayed) = (0, 0);
        foreach (var result in results)
        {
            Merge(result);
        }
    }

    /// <summary>The run is over.</summary>
    public void RequireAll(long planned)
    {
        Referee.Require(_merged.Count * (long)_unit == planned, $"the run ended with {_merged.Count} samples in final results, where {planned / _unit} were planned");
        for (var position = 0L; position < planned / _unit; position++)
        {
            Referee.Require(_merged.Contains(position), $"the run ended without sample {position}");
        }
    }

    private void Add(long round, int island, long position, ulong part)
    {
        Referee.Require(!_merged.Contains(position), $"sample {position} is merged a second time in round {round}");
        ref var partial = ref CollectionsMarshal.GetValueRefOrAddDefault(_partial, position, out var known);
        Referee.Require(!known || partial.Island == island, $"sample {position} of island {partial.Island} is merged for island {island} too in round {round}");
        Referee.Require((partial.Parts & part) == 0, $"sample {position} is merged a second time in the same part of the parameters in round {round}");
        partial = new Partial(island, partial.Parts | part, round);
        _pairs += BitOperations.PopCount(part);
        if (BitOperations.PopCount(partial.Parts) == _parts)
        {
            _pairs -= _parts;
            _partial.Remove(position);
            _merged.Add(position);
        }
    }

    /// <summary>What was in an island's numbers before this round and is no longer is lost.</summary>
    private void Drop(long round)
    {
        _gone.Clear();
        Array.Clear(_lost);
        foreach (var (position, partial) in _partial)
        {
            if (partial.Seen != round)
            {
                _gone.Add(position);
                _pairs -= BitOperations.PopCount(partial.Parts);
                Replayed += BitOperations.PopCount(partial.Parts);
                _lost[partial.Island]++;
            }
        }

        foreach (var position in _gone)
        {
            _partial.Remove(position);
        }

        for (var island = 0; island < _lost.Length; island++)
        {
            var most = scenario.StreamingEvery * scenario.Batches[island];
            Referee.Require(_lost[island] <= most, $"{_lost[island]} samples of island {island} are to be merged again after round {round}, and it trains on {most} between two merges of a part");
        }
    }

    /// <summary>A sample that is merged in some parts and not in all.</summary>
    /// <param name="Island">Who trained on it.</param>
    /// <param name="Parts">The parts, a bit each.</param>
    /// <param name="Seen">The last round in whose result it was.</param>
    private readonly record struct Partial(int Island, ulong Parts, long Seen);
}
