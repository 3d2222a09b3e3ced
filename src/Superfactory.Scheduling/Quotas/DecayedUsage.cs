using System.Collections.Immutable;

namespace Superfactory.Scheduling.Quotas;

/// <summary>
/// What a queue has used of the fleet, decayed over time: half of it is forgotten in a half-life. Counted in accelerators × relative speed × milliseconds, all in
/// integers, so that it is the same on every machine. Immutable.
/// </summary>
/// <param name="Used">What was used, as of <paramref name="At"/>.</param>
/// <param name="Held">Accelerators × relative speed that it holds since then.</param>
/// <param name="At">When that was, in milliseconds since 1970.</param>
public readonly record struct DecayedUsage(UInt128 Used, long Held, long At)
{
    /// <summary>A week: what a queue used a week ago counts half.</summary>
    public const long HalfLifeMilliseconds = 7L * 24 * 60 * 60 * 1000;

    /// <summary>Steps of a half-life: between two of them nothing decays.</summary>
    internal const int Steps = 256;

    // 2^62 × 2^(-1/256), rounded down; each further entry is the one before times this.
    private const ulong OneStep = 4_599_216_278_082_138_665;

    private static readonly ImmutableArray<ulong> _table = Table();

    /// <summary>The same as of a later time. Time that runs backwards counts as none.</summary>
    public DecayedUsage Settled(long now, long halfLifeMilliseconds = HalfLifeMilliseconds)
    {
        if (now <= At)
        {
            return this;
        }

        var step = StepOf(halfLifeMilliseconds);
        var steps = (now / step) - (At / step);
        var halves = steps / Steps;
        var left = halves >= 127 ? 0 : Decayed(Used >> (int)halves, (int)(steps % Steps));
        return new DecayedUsage(left + ((UInt128)Held * (UInt128)(now - At)), Held, now);
    }

    /// <summary>It holds so much more from now on, or less where negative.</summary>
    public DecayedUsage Hold(long speed, long now, long halfLifeMilliseconds = HalfLifeMilliseconds)
    {
        var settled = Settled(now, halfLifeMilliseconds);
        return settled with { Held = settled.Held + speed };
    }

    /// <summary>What goes into its share: what was used, and what is held as if it had been held for a half-life.</summary>
    /// <param name="held">Accelerators × relative speed that count as held.</param>
    /// <param name="halfLifeMilliseconds">After which half is forgotten.</param>
    public UInt128 With(long held, long halfLifeMilliseconds = HalfLifeMilliseconds) => Used + ((UInt128)held * (UInt128)(StepOf(halfLifeMilliseconds) * Steps));

    private static long StepOf(long halfLifeMilliseconds) => Math.Max(1, halfLifeMilliseconds / Steps);

    private static ImmutableArray<ulong> Table()
    {
        var table = new ulong[Steps];
        table[0] = 1UL << 62;
        for (var step = 1; step < Steps; step++)
        {
            table[step] = (ulong)(((UInt128)table[step - 1] * OneStep) >> 62);
        }

        return [.. table];
    }

    /// <summary>Multiplied in two halves: the product of all bits would not fit.</summary>
    private static UInt128 Decayed(UInt128 used, int step)
    {
        var factor = (UInt128)_table[step];
        return ((used >> 62) * factor) + (((used & ((UInt128.One << 62) - 1)) * factor) >> 62);
    }
}
