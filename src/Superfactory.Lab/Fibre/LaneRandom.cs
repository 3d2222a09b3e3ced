namespace Superfactory.Lab.Fibre;

/// <summary>
/// Seeded pseudo-random numbers for one direction of a link: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). One thread uses it.
/// </summary>
internal struct LaneRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var mixed = _state;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>Evenly from 0 up to, not including, 1.</summary>
    public double NextShare() => (Next() >> 11) * (1.0 / (1UL << 53));
}
