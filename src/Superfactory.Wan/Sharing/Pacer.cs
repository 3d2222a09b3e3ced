namespace Superfactory.Wan.Sharing;

/// <summary>
/// Holds traffic to a granted rate by a token bucket: what may leave at once is what the rate gives in <see cref="BurstSeconds"/>. A
/// frame may leave while there is credit at all and takes it below zero, so that the rate holds whatever the frames' sizes. Pure;
/// not thread-safe.
/// </summary>
internal sealed class Pacer(long ticksPerSecond)
{
    /// <summary>A timer is late by a few milliseconds on a busy machine; what it missed may leave at once.</summary>
    private const double BurstSeconds = 0.01;

    private double _credit;
    private long _at;

    /// <summary>The rate in bytes per second; 0 where there is no limit.</summary>
    public long BytesPerSecond { get; private set; }

    /// <summary>Sets the rate; what was saved up or owed stays, within the new burst.</summary>
    public void SetRate(long bytesPerSecond, long now)
    {
        Advance(now);
        _credit = BytesPerSecond == 0 ? bytesPerSecond * BurstSeconds : Math.Min(_credit, bytesPerSecond * BurstSeconds);
        (BytesPerSecond, _at) = (bytesPerSecond, now);
    }

    /// <summary>Whether a frame may leave.</summary>
    public bool MaySend(long now)
    {
        Advance(now);
        return BytesPerSecond == 0 || _credit > 0;
    }

    /// <summary>A frame left.</summary>
    public void Sent(int bytes)
    {
        if (BytesPerSecond > 0)
        {
            _credit -= bytes;
        }
    }

    /// <summary>When the next frame may leave, in ticks; in the past where it may now.</summary>
    public long NextAt(long now)
    {
        Advance(now);
        return BytesPerSecond == 0 || _credit > 0 ? now : now + 1 + (long)(-_credit * ticksPerSecond / BytesPerSecond);
    }

    private void Advance(long now)
    {
        if (now > _at)
        {
            _credit = Math.Min(_credit + ((double)BytesPerSecond * (now - _at) / ticksPerSecond), BytesPerSecond * BurstSeconds);
            _at = now;
        }
    }
}
