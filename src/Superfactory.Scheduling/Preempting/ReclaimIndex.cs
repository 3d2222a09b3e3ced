using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Preempting;

/// <summary>
/// What each domain would have free if all borrowed jobs that may be stopped were, by level: says at once that no victims would help. Nodes that are out of
/// service count here if a borrowed job holds them, so it may say too much and never too little. Not safe for concurrent use.
/// </summary>
internal sealed class ReclaimIndex
{
    private readonly FleetLayout _layout;
    private readonly DomainTable _domains;
    private readonly int[] _borrowed;
    private readonly int[] _levels;
    private readonly LevelIndex?[] _indexes;

    /// <summary>An index of a fleet in which nothing is borrowed.</summary>
    public ReclaimIndex(FleetLayout layout, DomainTable domains)
    {
        (_layout, _domains) = (layout, domains);
        (_borrowed, _levels) = (new int[layout.Domains.Length], new int[layout.Domains.Length]);
        _indexes = new LevelIndex?[layout.Pools.Length];
        for (var pool = 0; pool < _indexes.Length; pool++)
        {
            _indexes[pool] = layout.Pools[pool].Count > 1 ? new LevelIndex(layout.Pools[pool].Count, layout.Pools[pool].Capacity) : null;
        }

        for (var domain = 0; domain < _levels.Length; domain++)
        {
            Borrow(domain, 0);
        }
    }

    /// <summary>The most that a domain could have free.</summary>
    public int At(int domain) => _levels[domain];

    /// <summary>Domains of a pool that could have so many free.</summary>
    public int CountFrom(int pool, int level)
    {
        var place = _layout.Pools[pool];
        return _indexes[pool]?.CountFrom(level) ?? (_levels[place.First] >= level ? 1 : 0);
    }

    /// <summary>So many more of a domain are borrowed, or fewer where negative; what is free there is looked up anew.</summary>
    public void Borrow(int domain, int count)
    {
        var place = _layout.Pools[_layout.Domains[domain].Pool];
        _borrowed[domain] += count;
        var level = Math.Clamp(_domains.Free(domain) + _borrowed[domain], 0, place.Capacity);
        _indexes[_layout.Domains[domain].Pool]?.Move(domain - place.First, _levels[domain], level);
        _levels[domain] = level;
    }
}
