using Superfactory.Model;

namespace Superfactory.Control.Events;

/// <summary>Writes a subscription as server-sent events until the reader goes away or the host ends.</summary>
internal static class EventStream
{
    /// <summary>A comment is sent when nothing else was for this long, in milliseconds, so that both ends notice a dead connection.</summary>
    public const int HeartbeatMilliseconds = 5_000;

    /// <summary>Writes <paramref name="first"/>, then what comes.</summary>
    public static async Task WriteAsync(
        HttpResponse response, IEnumerable<FactoryEvent> first, EventSubscription subscription, TimeProvider time, CancellationToken cancellation)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            foreach (var each in first)
            {
                await WriteAsync(response, each.Kind, each.Data, cancellation);
            }

            await response.Body.FlushAsync(cancellation);
            await FollowAsync(response, subscription, time, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The reader went away or the host ends: how every stream ends.
            return;
        }
    }

    private static async Task FollowAsync(HttpResponse response, EventSubscription subscription, TimeProvider time, CancellationToken cancellation)
    {
        var waiting = subscription.Events.WaitToReadAsync(cancellation).AsTask();
        while (true)
        {
            using (var beat = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
            {
                var heartbeat = Task.Delay(TimeSpan.FromMilliseconds(HeartbeatMilliseconds), time, beat.Token);
                if (await Task.WhenAny(waiting, heartbeat) == heartbeat)
                {
                    cancellation.ThrowIfCancellationRequested();
                    await response.WriteAsync(": still here\n\n", cancellation);
                    await response.Body.FlushAsync(cancellation);
                    continue;
                }

                await beat.CancelAsync();
            }

            await waiting;
            if (subscription.TakeMissed() is > 0 and var missed)
            {
                await WriteAsync(response, "missed", $$"""{"missed":{{missed}}}""", cancellation);
            }

            while (subscription.Events.TryRead(out var next))
            {
                await WriteAsync(response, next.Kind, next.Data, cancellation);
            }

            await response.Body.FlushAsync(cancellation);
            waiting = subscription.Events.WaitToReadAsync(cancellation).AsTask();
        }
    }

    private static Task WriteAsync(HttpResponse response, string kind, string data, CancellationToken cancellation)
        => response.WriteAsync($"event: {kind}\ndata: {data}\n\n", cancellation);
}
