using System.Numerics;

namespace Superfactory.Scheduling.Capacity;

/// <summary>
/// The domains of a pool by how many accelerators each has free: for each level a set of bits, how many domains have at least so many, and one set that
/// says which levels have any. Finding the fullest domain that still has room, and moving one to another level, take as long in any size of fleet.
/// Not safe for concurrent use.
/// </summary>
internal sealed class LevelIndex
{
    private readonly ulong[] _bits;
    private readonly int[] _from;
    private readonly ulong[] _any;

    /// <summary>An index of <paramref name="domains"/> domains, all with nothing free.</summary>
    public LevelIndex(int domains, int capacity)
    {
        Words = (domains + 63) / 64;
        Levels = capacity + 1;
        _bits = new ulong[checked(Words * Levels)];
        _from = new int[Levels + 1];
        _any = new ulong[(Levels + 63) / 64];
        for (var domain = 0; domain < domains; domain++)
        {
            _bits[domain >> 6] |= 1UL << (domain & 63);
        }

        (_from[0], _any[0]) = (domains, 1);
    }

    /// <summary>Words of a set of domains.</summary>
    public int Words { get; }

    /// <summary>Levels, from 0 to the capacity.</summary>
    public int Levels { get; }

    /// <summary>Domains at a level.</summary>
    public int CountAt(int level) => _from[level] - _from[level + 1];

    /// <summary>The set of domains at a level.</summary>
    public ReadOnlySpan<ulong> At(int level) => _bits.AsSpan(level * Words, Words);

    /// <summary>The lowest level from <paramref name="level"/> on that has a domain; −1 where none has.</summary>
    public int NextLevel(int level)
    {
        if (level >= Levels)
        {
            return -1;
        }

        var word = level >> 6;
        var rest = _any[word] & (ulong.MaxValue << (level & 63));
        while (rest == 0)
        {
            if (++word == _any.Length)
            {
                return -1;
            }

            rest = _any[word];
        }

        return (word << 6) + BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>The highest level that has a domain.</summary>
    public int Highest()
    {
        var word = _any.Length - 1;
        while (_any[word] == 0)
        {
            word--;
        }

        return (word << 6) + BitOperations.Log2(_any[word]);
    }

    /// <summary>Domains that have at least <paramref name="level"/> free.</summary>
    public int CountFrom(int level) => level < Levels ? _from[level] : 0;

    /// <summary>Moves a domain to another level.</summary>
    public void Move(int domain, int from, int to)
    {
        if (from == to)
        {
            return;
        }

        _bits[(from * Words) + (domain >> 6)] &= ~(1UL << (domain & 63));
        _bits[(to * Words) + (domain >> 6)] |= 1UL << (domain & 63);
        if (from < to)
        {
            foreach (ref var count in _from.AsSpan(from + 1, to - from))
            {
                count++;
            }
        }
        else
        {
            foreach (ref var count in _from.AsSpan(to + 1, from - to))
            {
                count--;
            }
        }

        if (CountAt(from) == 0)
        {
            _any[from >> 6] &= ~(1UL << (from & 63));
        }

        _any[to >> 6] |= 1UL << (to & 63);
    }

    /// <summary>Writes the set of domains that have at least <paramref name="level"/> free.</summary>
    /// <returns>How many they are.</returns>
    public int Collect(int level, Span<ulong> into)
    {
        into[..Words].Clear();
        for (var next = NextLevel(level); next >= 0; next = NextLevel(next + 1))
        {
            var set = At(next);
            for (var word = 0; word < set.Length; word++)
            {
                into[word] |= set[word];
            }
        }

        return CountFrom(level);
    }
}
