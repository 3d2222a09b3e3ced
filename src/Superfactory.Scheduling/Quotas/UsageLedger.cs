namespace Superfactory.Scheduling.Quotas;

/// <summary>What each queue has used of the fleet, decayed over time. Not safe for concurrent use.</summary>
internal sealed class UsageLedger(int queues, long halfLifeMilliseconds)
{
    private readonly DecayedUsage[] _usages = new DecayedUsage[queues];

    /// <summary>What a queue holds and has held: what it holds now counts as if it had been held for a half-life.</summary>
    public UInt128 Of(int queue, long now)
    {
        _usages[queue] = _usages[queue].Settled(now, halfLifeMilliseconds);
        return _usages[queue].With(_usages[queue].Held, halfLifeMilliseconds);
    }

    /// <summary>A queue holds so much more from now on, or less where negative.</summary>
    public void Hold(int queue, long speed, long now) => _usages[queue] = _usages[queue].Hold(speed, now, halfLifeMilliseconds);
}
