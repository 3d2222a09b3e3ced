using Superfactory.Site.Gangs;

namespace Superfactory.Site.Tests.Gangs;

public sealed class GangLeaseTests
{
    private readonly ManualClock _clock = new();
    private int _over;

    [Fact]
    public void It_is_over_at_its_time_once_and_not_before()
    {
        using var lease = new GangLease(10 * TimeSpan.TicksPerSecond, () => _over++, _clock);
        _clock.Pass(seconds: 9);
        _over.ShouldBe(0);

        _clock.Pass(seconds: 1);
        _over.ShouldBe(1);
        _clock.Pass(seconds: 50);
        _over.ShouldBe(1);
    }

    [Fact]
    public void It_is_over_later_when_it_is_extended_and_never_where_it_has_no_end()
    {
        using var lease = new GangLease(10 * TimeSpan.TicksPerSecond, () => _over++, _clock);
        using var none = new GangLease(null, () => _over += 100, _clock);
        _clock.Pass(seconds: 9);
        lease.Extend(20 * TimeSpan.TicksPerSecond);
        _clock.Pass(seconds: 10);
        lease.Extend(null);
        _clock.Pass(seconds: 1_000);
        _over.ShouldBe(0);

        lease.Extend(5 * TimeSpan.TicksPerSecond);
        _clock.Pass(seconds: 1);
        _over.ShouldBe(1, "a time that has passed is over at once");
    }

    private sealed class ManualClock : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State)> _timers = [];
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add((callback, state));
            return new Timer();
        }

        public void Pass(int seconds)
        {
            for (var second = 0; second < seconds; second++)
            {
                _ticks += TimeSpan.TicksPerSecond;
                _timers.ForEach(static timer => timer.Callback(timer.State));
            }
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // Every timer here goes on for as long as its clock.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
