using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Superfactory.Model.Agents;

namespace Superfactory.Sync.Merging.Lanes;

/// <summary>
/// Makes of what the bridges of an island's lanes say what the island says: it promises, is level and has finished when all its lanes have, and is
/// as far as the lane that is least far. With one lane all is as its bridge says. Not thread-safe.
/// </summary>
/// <param name="lanes">Lanes, at least 1.</param>
public sealed class LaneReports(int lanes)
{
    private readonly RunProgress?[] _progress = new RunProgress?[lanes];
    private readonly SealPromise?[] _sealed = new SealPromise?[lanes];
    private readonly int[] _level = new int[lanes];
    private readonly bool[] _ready = new bool[lanes];
    private readonly bool[] _running = new bool[lanes];
    private readonly IslandResult?[] _results = new IslandResult?[lanes];
    private readonly ImmutableArray<string>[] _missing = [.. Enumerable.Repeat(ImmutableArray<string>.Empty, lanes)];
    private readonly ImmutableArray<IslandRejection>[] _rejected = [.. Enumerable.Repeat(ImmutableArray<IslandRejection>.Empty, lanes)];

    /// <summary>A lane's bridge is ready; whether all are.</summary>
    public bool Ready(int lane) => All(_ready, lane);

    /// <summary>A lane's trainer trains; whether all do.</summary>
    public bool Running(int lane) => All(_running, lane);

    /// <summary>Whether a lane's bridge has said that the run is over.</summary>
    public bool HasFinished(int lane) => _results[lane] is not null;

    /// <summary>A lane is so far.</summary>
    /// <returns>How far the island is: a range of samples counts when every lane has merged it. Null before every lane has said something.</returns>
    public RunProgress? Progress(int lane, RunProgress progress)
    {
        _progress[lane] = progress;
        return _progress.Contains(null) ? null : _progress.MinBy(each => (each!.Epoch, each.Rounds, each.Ledger?.Merged ?? 0));
    }

    /// <summary>A lane promised.</summary>
    /// <returns>The island's promise, when all lanes have promised to leave the epoch. What one lane has applied the others have all of: see <c>docs/protocol.md</c>.</returns>
    public SealPromise? Sealed(int lane, SealPromise promised)
    {
        ArgumentNullException.ThrowIfNull(promised);
        _sealed[lane] = promised;
        if (_sealed.Any(each => each?.Epoch != promised.Epoch))
        {
            return null;
        }

        var rounds = _sealed.Select(each => each!.Round).ToList();
        return new SealPromise(promised.Epoch, rounds.Min() < 0 ? -1 : rounds.Max());
    }

    /// <summary>A lane is level in an epoch; whether all are.</summary>
    public bool Level(int lane, int epoch)
    {
        _level[lane] = epoch;
        return _level.All(each => each == epoch);
    }

    /// <summary>A lane waits for islands that it does not hear.</summary>
    /// <returns>All that some lane does not hear.</returns>
    public ImmutableArray<string> Missing(int lane, ImmutableArray<string> islands)
    {
        _missing[lane] = islands;
        return [.. _missing.SelectMany(each => each).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>A lane does not accept islands any more.</summary>
    /// <returns>All that some lane does not accept.</returns>
    public ImmutableArray<IslandRejection> Rejecting(int lane, ImmutableArray<IslandRejection> islands)
    {
        _rejected[lane] = islands;
        return [.. _rejected.SelectMany(each => each).DistinctBy(each => each.Island)];
    }

    /// <summary>The run is over in a lane.</summary>
    /// <returns>What came of the island, when it is over in all.</returns>
    public IslandResult? Finished(int lane, IslandResult result)
    {
        _results[lane] = result;
        return _results.Contains(null) ? null : Join();
    }

    /// <summary>The model's hash is, with several lanes, over theirs in their order, in hexadecimal and apart by blanks.</summary>
    private IslandResult Join() => lanes == 1 ? _results[0]! : _results[^1]! with
    {
        ParametersSha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(' ', _results.Select(result => result!.ParametersSha256))))),
        ParameterBytes = _results.Sum(result => result!.ParameterBytes),
        Values = _results.SelectMany(result => result!.Values).GroupBy(each => each.Key).ToImmutableSortedDictionary(each => each.Key, each => each.Last().Value, StringComparer.Ordinal),
        Texts = _results.SelectMany(result => result!.Texts).GroupBy(each => each.Key).ToImmutableSortedDictionary(each => each.Key, each => each.Last().Value, StringComparer.Ordinal),
    };

    private static bool All(bool[] lanes, int lane)
    {
        lanes[lane] = true;
        return !lanes.Contains(false);
    }
}
