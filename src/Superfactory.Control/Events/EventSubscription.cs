using System.Threading.Channels;

namespace Superfactory.Control.Events;

/// <summary>One subscriber's queue. What it is too slow to take is dropped, oldest first, and counted, and it is told so.</summary>
internal sealed class EventSubscription : IDisposable
{
    /// <summary>Events that may wait for a subscriber: at two reports a second with 100 lines of log each, five seconds.</summary>
    public const int QueueLength = 1_024;

    private readonly long? _job;
    private readonly Action<EventSubscription> _remove;
    private readonly Channel<FactoryEvent> _events;
    private long _missed;

    public EventSubscription(long? job, Action<EventSubscription> remove)
    {
        (_job, _remove) = (job, remove);
        _events = Channel.CreateBounded<FactoryEvent>(
            new BoundedChannelOptions(QueueLength) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref _missed));
    }

    /// <summary>The events in order.</summary>
    public ChannelReader<FactoryEvent> Events => _events.Reader;

    public bool Wants(long? job) => _job is null || _job == job;

    public void Offer(FactoryEvent offered) => _events.Writer.TryWrite(offered);

    /// <summary>How many events were dropped since this was asked last.</summary>
    public long TakeMissed() => Interlocked.Exchange(ref _missed, 0);

    public void Dispose() => _remove(this);
}
