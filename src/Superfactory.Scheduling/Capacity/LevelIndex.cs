using System.Numerics;

namespace Superfactory.Scheduling.Capacity;

/// <summary>
/// The domains of a pool by how many accelerators each has free: for each level a set of bits, and one set that says which levels have any. Finding
/// the fullest domain that still has room, and moving one to another level, take a few instructions whatever the size of the fleet.
/// Not safe for concurrent use.
/// </summary>
internal sealed class LevelIndex
{
    private readonly ulong[] _bits;
    private readonly int[] _counts;
    private readonly ulong[] _any;

    /// <summary>An index of <paramref name="domains"/> domains, all with nothing free.</summary>
    public LevelIndex(int domains, int capacity)
    {
        Words = (domains + 63) / 64;
        Levels = capacity + 1;
        _bits = new ulong[checked(Words * Levels)];
        _counts = new int[Levels];
        _any = new ulong[(Levels + 63) / 64];
        for (var domain = 0; domain < domains; domain++)
        {
            Add(domain, 0);
        }
    }

    /// <summary>Words of a set of domains.</summary>
    public int Words { get; }

    /// <summary>Levels, from 0 to the capacity.</summary>
    public int Levels { get; }

    /// <summary>Domains at a level.</summary>
    public int CountAt(int level) => _counts[level];

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
    public int CountFrom(int level)
    {
        var count = 0;
        for (var next = NextLevel(level); next >= 0; next = NextLevel(next + 1))
        {
            count += _counts[next];
        }

        return count;
    }

    /// <summary>Moves a domain to another level.</summary>
    public void Move(int domain, int from, int to)
    {
        if (from == to)
        {
            return;
        }

        _bits[(from * Words) + (domain >> 6)] &= ~(1UL << (domain & 63));
        if (--_counts[from] == 0)
        {
            _any[from >> 6] &= ~(1UL << (from & 63));
        }

        Add(domain, to);
    }

    /// <summary>Writes the set of domains that have at least <paramref name="level"/> free.</summary>
    /// <returns>How many they are.</returns>
    public int Collect(int level, Span<ulong> into)
    {
        into[..Words].Clear();
        var count = 0;
        for (var next = NextLevel(level); next >= 0; next = NextLevel(next + 1))
        {
            count += _counts[next];
            var set = At(next);
            for (var word = 0; word < set.Length; word++)
            {
                into[word] |= set[word];
            }
        }

        return count;
    }

    private void Add(int domain, int level)
    {
        _bits[(level * Words) + (domain >> 6)] |= 1UL << (domain & 63);
        if (_counts[level]++ == 0)
        {
            _any[level >> 6] |= 1UL << (level & 63);
        }
    }
}
