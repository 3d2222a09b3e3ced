using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What a contribution's chunks hold, as far as they were read, for its header. Chunks may be read in any order, each once.</summary>
internal sealed class ContributionNorms(FragmentPlan plan)
{
    private readonly ChunkSet _read = new(plan.Chunks);
    private readonly HeaderNumbers[] _numbers = new HeaderNumbers[plan.Chunks];

    /// <summary>Whether every chunk was read.</summary>
    public bool IsComplete => _read.Count == plan.Chunks;

    /// <summary>Whether a chunk was read.</summary>
    public bool Has(int chunk) => _read.Contains(chunk);

    /// <summary>A chunk was read.</summary>
    public void Take(int chunk, HeaderNumbers numbers)
    {
        if (_read.Add(chunk))
        {
            _numbers[chunk] = numbers;
        }
    }

    /// <summary>The header with what all chunks hold; only where that <see cref="IsComplete"/>.</summary>
    public ContributeMessage Complete(ContributeMessage header)
    {
        var fragments = new HeaderNumbers[plan.Fragments.Length];
        for (var chunk = 0; chunk < plan.Chunks; chunk++)
        {
            fragments[chunk % fragments.Length] += _numbers[chunk];
        }

        var (nonFinite, first) = (0L, -1);
        for (var fragment = 0; fragment < fragments.Length; fragment++)
        {
            nonFinite += fragments[fragment].NonFinite;
            first = first < 0 && nonFinite > 0 ? fragment : first;
        }

        return header with
        {
            NormsFollow = false,
            NonFinite = nonFinite,
            NonFiniteFragment = first,
            SquaredNorms = nonFinite == 0 ? [.. fragments.Select(numbers => numbers.SquaredNorm)] : [],
        };
    }
}
