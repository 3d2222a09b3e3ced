namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>SplitMix64: the same numbers from the same seed on every machine.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            return Mix(_state);
        }
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool OneIn(int count) => Below(count) == 0;

    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    /// <summary>A number that depends on its arguments alone.</summary>
    public static ulong Hash(params ReadOnlySpan<long> words)
    {
        var hash = 0UL;
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
