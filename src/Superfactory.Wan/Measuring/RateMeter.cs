namespace Superfactory.Wan.Measuring;

/// <summary>The rate of a count that only grows, over the last second or so. Pure; for one writer, read from any thread.</summary>
internal sealed class RateMeter
{
    private const int Moments = 5;

    private readonly (long Count, long At)[] _history = new (long, long)[Moments];
    private int _next;
    private long _perSecond;

    /// <summary>How many in the last second.</summary>
    public long PerSecond => Interlocked.Read(ref _perSecond);

    /// <summary>Takes the count, at equal intervals of a fifth of a second.</summary>
    public void Add(long count, long nowTicks)
    {
        var (before, at) = _history[_next];
        _history[_next] = (count, nowTicks);
        _next = (_next + 1) % Moments;
        if (at > 0 && nowTicks > at)
        {
            Interlocked.Exchange(ref _perSecond, Math.Max(0, (long)((count - before) * (double)TimeSpan.TicksPerSecond / (nowTicks - at))));
        }
    }
}
