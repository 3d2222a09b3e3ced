using System.Collections.Concurrent;

namespace Superfactory.Wan.Tests;

/// <summary>
/// Time that jumps to the next timer whenever nobody has anything left to do. Everything runs on the calling thread, in the order
/// in which it was woken, so that a run is the same each time.
/// </summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly List<VirtualTimer> _timers = [];
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How long after its time a timer fires.</summary>
    public TimeSpan TimersAreLateBy { get; set; }

    public TimeSpan Now => TimeSpan.FromTicks(_now);

    public static void Run(Func<VirtualTime, Task> test)
    {
        var time = new VirtualTime();
        var context = new Turns();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            var task = test(time);
            while (true)
            {
                context.RunAll();
                if (task.IsCompleted)
                {
                    task.GetAwaiter().GetResult();
                    return;
                }

                time.JumpToNextTimer();
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void JumpToNextTimer()
    {
        var next = _timers.MinBy(timer => timer.Due) ?? throw new InvalidOperationException("Everybody waits, and no timer runs.");
        _now = Math.Max(_now, next.Due + TimersAreLateBy.Ticks);
        _timers.Remove(next);
        next.Fire();
    }

    private sealed class Turns : SynchronizationContext
    {
        private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _queue = new();

        public override void Post(SendOrPostCallback d, object? state) => _queue.Enqueue((d, state));

        public void RunAll()
        {
            while (_queue.TryDequeue(out var next))
            {
                next.Callback(next.State);
            }
        }
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time._timers.Remove(this);
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Due = time._now + dueTime.Ticks;
                time._timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }

            callback(state);
        }

        public void Dispose() => time._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
