namespace Superfactory.Control.Tests.Support;

/// <summary>A clock that moves when a test says so, and fires the timers that come due on the way.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Advance(TimeSpan by)
    {
        var until = GetUtcNow() + by;
        while (true)
        {
            ManualTimer? next;
            lock (_lock)
            {
                next = _timers.Where(timer => timer.Due is { } due && due <= until).MinBy(timer => timer.Due);
                _now = next?.Due ?? until;
            }

            if (next is null)
            {
                return;
            }

            next.Fire();
        }
    }

    /// <summary>Moves the clock without firing timers on the way, as when the process was stopped. They fire at the next <see cref="Advance"/>.</summary>
    public void Jump(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
            foreach (var timer in _timers)
            {
                timer.Late(_now);
            }
        }
    }

    private void Remove(ManualTimer timer)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time.GetUtcNow() + dueTime;
            _period = period;
            return true;
        }

        public void Late(DateTimeOffset now) => Due = Due < now ? now : Due;

        public void Fire()
        {
            Due = _period > TimeSpan.Zero ? Due + _period : null;
            callback(state);
        }

        public void Dispose() => time.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
