using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Superfactory.Wan.Local;

/// <summary>
/// Events that a client's user has not read yet. What the user has read decides to whom it can send and gives the senders of
/// messages their credit, so every read is told. Messages are bounded by what their senders may have under way.
/// </summary>
internal sealed class EventQueue(Action<GatewayEvent, PeerFlow> read) : ChannelReader<GatewayEvent>
{
    private readonly Channel<(GatewayEvent Event, PeerFlow Flow)> _events =
        Channel.CreateUnbounded<(GatewayEvent, PeerFlow)>(new UnboundedChannelOptions { SingleWriter = true });

    private int _news;

    public override Task Completion => _events.Reader.Completion;

    public override bool CanCount => _events.Reader.CanCount;

    public override int Count => _events.Reader.Count;

    /// <summary>Adds an event; for one writer.</summary>
    /// <returns>False where too much news was not read, <see cref="Outbox.NewsMax"/>.</returns>
    public bool TryAdd(GatewayEvent gatewayEvent, PeerFlow flow)
    {
        if (gatewayEvent is not GatewayEvent.Delivered && Interlocked.Increment(ref _news) > Outbox.NewsMax)
        {
            return false;
        }

        _events.Writer.TryWrite((gatewayEvent, flow));
        return true;
    }

    /// <summary>No more events come.</summary>
    public void Complete(Exception? reason) => _events.Writer.TryComplete(reason);

    public override bool TryRead([MaybeNullWhen(false)] out GatewayEvent item)
    {
        if (!_events.Reader.TryRead(out var next))
        {
            item = null;
            return false;
        }

        item = next.Event;
        if (item is not GatewayEvent.Delivered)
        {
            Interlocked.Decrement(ref _news);
        }

        read(next.Event, next.Flow);
        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
        => _events.Reader.WaitToReadAsync(cancellationToken);
}
