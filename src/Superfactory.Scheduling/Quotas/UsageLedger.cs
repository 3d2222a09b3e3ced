using System.Collections.Immutable;

namespace Superfactory.Scheduling.Quotas;

/// <summary>
/// What each queue has used of the fleet, decayed over time: half of it is forgotten in a half-life. Counted in accelerators × relative speed × milliseconds, all in
/// integers, so that it is the same on every machine. Not safe for concurrent use.
/// </summary>
internal sealed class UsageLedger
{
    /// <summary>Steps of a half-life: between two of them nothing decays.</summary>
    private const int Steps = 256;

    // 2^62 × 2^(-1/256), rounded down; each further entry is the one before times this.
    private const ulong OneStep = 4_599_216_278_082_138_665;

    private static readonly ImmutableArray<ulong> _table = Table();

    private readonly long _stepMilliseconds;
    private readonly UInt128[] _used;
    private readonly long[] _held;
    private readonly long[] _at;

    /// <summary>A ledger of nothing used.</summary>
    public UsageLedger(int queues, long halfLifeMilliseconds)
    {
        _stepMilliseconds = Math.Max(1, halfLifeMilliseconds / Steps);
        (_used, _held, _at) = (new UInt128[queues], new long[queues], new long[queues]);
    }

    /// <summary>What a queue holds and has held: what it holds now counts as if it had been held for a half-life.</summary>
    public UInt128 Of(int queue, long now)
    {
        Settle(queue, now);
        return _used[queue] + ((UInt128)_held[queue] * (UInt128)(_stepMilliseconds * Steps));
    }

    /// <summary>A queue holds so much more from now on, or less where negative.</summary>
    public void Hold(int queue, long speed, long now)
    {
        Settle(queue, now);
        _held[queue] += speed;
    }

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

    private void Settle(int queue, long now)
    {
        // Time that runs backwards counts as none.
        if (now <= _at[queue])
        {
            return;
        }

        var steps = (now / _stepMilliseconds) - (_at[queue] / _stepMilliseconds);
        var halves = steps / Steps;
        _used[queue] = halves >= 127 ? 0 : Decayed(_used[queue] >> (int)halves, (int)(steps % Steps));
        _used[queue] += (UInt128)_held[queue] * (UInt128)(now - _at[queue]);
        _at[queue] = now;
    }

    /// <summary>Multiplied in two halves: the product of all bits would not fit.</summary>
    private static UInt128 Decayed(UInt128 used, int step)
    {
        var factor = (UInt128)_table[step];
        return ((used >> 62) * factor) + (((used & ((UInt128.One << 62) - 1)) * factor) >> 62);
    }
}
