namespace Superfactory.Wan.Routes;

/// <summary>
/// How much may be under way on a way over other sites, whose gateways drop what they cannot hold. It doubles each round trip while
/// the way takes it, as in TCP's slow start, then grows by a step each; a loss halves it, once a round trip; and it does not grow
/// while frames stand in a queue, seen by a round trip well above the least one. A way without others between needs no such window:
/// its TCP connections have theirs. Pure; not thread-safe.
/// </summary>
internal sealed class PathWindow
{
    /// <summary>Two of the longest messages.</summary>
    public const long BytesMin = 2L << 20;

    /// <summary>1 Gbit/s over an eighth of a second; half of what a relay holds for a link and class.</summary>
    public const long BytesMax = 16L << 20;

    private const long StepBytes = 256 * 1024;

    private bool _slowStart = true;
    private long _reducedAt = long.MinValue;
    private long _least = long.MaxValue;
    private long _smoothed;

    /// <summary>The window in bytes.</summary>
    public long Bytes { get; private set; } = BytesMin;

    /// <summary>The smoothed round trip in ticks; 0 before the first.</summary>
    public long RoundTrip => _smoothed;

    /// <summary>Frames arrived.</summary>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="roundTrip">From sending to acknowledgement, in ticks.</param>
    /// <param name="full">Whether the window was nearly used: only then it may grow.</param>
    public void Acknowledged(long bytes, long roundTrip, bool full)
    {
        _least = Math.Min(_least, Math.Max(1, roundTrip));
        _smoothed = _smoothed == 0 ? roundTrip : _smoothed + ((roundTrip - _smoothed) / 8);
        if (!full || _smoothed > 2 * _least)
        {
            _slowStart &= _smoothed <= 2 * _least;
            return;
        }

        Bytes = Math.Min(BytesMax, Bytes + (_slowStart ? bytes : bytes * StepBytes / Bytes));
    }

    /// <summary>Frames were lost.</summary>
    public void Lost(long now)
    {
        if (_reducedAt != long.MinValue && now - _reducedAt < _smoothed)
        {
            return;
        }

        (_reducedAt, _slowStart) = (now, false);
        Bytes = Math.Max(BytesMin, Bytes / 2);
    }
}
