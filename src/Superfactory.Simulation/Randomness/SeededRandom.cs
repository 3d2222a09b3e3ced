namespace Superfactory.Simulation.Randomness;

/// <summary>SplitMix64: the same numbers from the same seed on every machine. Not safe for concurrent use.</summary>
/// <param name="seed">Where it begins.</param>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            return Mix(_state);
        }
    }

    /// <summary>A whole number from 0 up to, not including, <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>True once in <paramref name="count"/> times.</summary>
    public bool OneIn(int count) => Below(count) == 0;

    /// <summary>One of a list.</summary>
    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    /// <summary>Puts a list into a random order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var place = items.Length - 1; place > 0; place--)
        {
            var other = Below(place + 1);
            (items[place], items[other]) = (items[other], items[place]);
        }
    }

    /// <summary>A number that depends on its arguments alone.</summary>
    public static ulong Hash(ulong seed, params ReadOnlySpan<long> words)
    {
        var hash = seed;
        foreach (var word in words)
        {
            unchecked
            {
                hash = Mix((hash ^ (ulong)word) + 0x9E3779B97F4A7C15);
            }
        }

        return hash;
    }

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
