namespace Superfactory.Site.Gangs;

/// <summary>
/// Ends a gang whose time is over. The time is a time stamp of the machine's monotonic clock, which all processes of it share, so that it holds whatever becomes of the agent that told it. Thread-safe.
/// </summary>
internal sealed class GangLease : IDisposable
{
    private const long None = long.MaxValue;

    /// <summary>How often the time is looked at: a small part of the minute that the control plane adds.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Action _over;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private long _until;
    private int _isOver;

    /// <summary>Begins to look.</summary>
    /// <param name="until">When it is over, as a time stamp of <paramref name="clock"/>; null for never.</param>
    /// <param name="over">Called once, when it is.</param>
    /// <param name="clock">Measures it.</param>
    public GangLease(long? until, Action over, TimeProvider clock)
    {
        (_until, _over, _clock) = (until ?? None, over, clock);
        _timer = clock.CreateTimer(_ => Look(), null, Period, Period);
    }

    /// <summary>Sets another time.</summary>
    public void Extend(long? until) => Interlocked.Exchange(ref _until, until ?? None);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (_clock.GetTimestamp() >= Interlocked.Read(ref _until) && Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _over();
        }
    }
}
