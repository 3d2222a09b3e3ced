namespace Superfactory.Cli.Chaos;

/// <summary>SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same numbers from the same seed on every machine. Not thread-safe.</summary>
internal sealed class ChaosRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number from <paramref name="minimum"/> up to, not including, <paramref name="end"/>; the bias of the remainder is below 2^-32.</summary>
    public int Next(int minimum, int end)
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return minimum + (int)((mixed ^ (mixed >> 31)) % (ulong)(end - minimum));
        }
    }
}
