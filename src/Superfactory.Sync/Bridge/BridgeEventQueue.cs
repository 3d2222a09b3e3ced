using System.Threading.Channels;

namespace Superfactory.Sync.Bridge;

/// <summary>
/// Events on their way to whoever started the bridge. A reader that is behind loses progress and measurements, which newer ones
/// replace, and never holds the run up. <see cref="Post"/> is for one thread.
/// </summary>
internal sealed class BridgeEventQueue
{
    /// <summary>Events that may wait.</summary>
    public const int EventsMax = 1024;

    /// <summary>Events that may wait before progress and measurements are dropped: a quarter is left for what happens once.</summary>
    public const int RepeatedEventsMax = 768;

    private readonly Func<BridgeEvent, CancellationToken, ValueTask> _emit;
    private readonly Channel<BridgeEvent> _waiting = Channel.CreateBounded<BridgeEvent>(new BoundedChannelOptions(EventsMax) { SingleReader = true });

    /// <summary>A queue before <paramref name="emit"/>.</summary>
    public BridgeEventQueue(Func<BridgeEvent, CancellationToken, ValueTask> emit) => _emit = emit;

    /// <summary>Events that were dropped, from the start.</summary>
    public long Dropped { get; private set; }

    /// <summary>Queues an event, or drops it where too many wait.</summary>
    public void Post(BridgeEvent happened)
    {
        var repeated = happened is BridgeEvent.Progress or BridgeEvent.Measurement;
        if ((repeated && _waiting.Reader.Count >= RepeatedEventsMax) || !_waiting.Writer.TryWrite(happened))
        {
            Dropped++;
        }
    }

    /// <summary>Queues the last event, waiting for room, and lets no other follow. Where there was a last one already, or events can no longer be emitted, it is dropped.</summary>
    public async Task CompleteAsync(BridgeEvent? last)
    {
        while (last is not null && await _waiting.Writer.WaitToWriteAsync() && !_waiting.Writer.TryWrite(last))
        {
        }

        _waiting.Writer.TryComplete();
    }

    /// <summary>Emits events until the last one. What emitting throws, this throws; nothing is queued any more then.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                await _emit(happened, cancellationToken);
            }
        }
        finally
        {
            _waiting.Writer.TryComplete();
        }
    }
}
