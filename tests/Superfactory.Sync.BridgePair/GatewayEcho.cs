using Superfactory.Sync.Bridge.Peers;
using Superfactory.Wan;

namespace Superfactory.Sync.BridgePair;

/// <summary>
/// A process that has a bridge's connection to a gateway, and no bridge: prints when its peer comes and goes, and sends back what it is
/// sent. The line <c>busy N</c> on standard input keeps every thread of its pool at work for N seconds.
/// </summary>
internal static class GatewayEcho
{
    public const string Name = "gateway-echo";

    /// <summary>Runs until standard input ends.</summary>
    /// <param name="socket">The gateway's socket.</param>
    /// <param name="island">This island.</param>
    /// <param name="peer">The other one.</param>
    public static async Task<int> RunAsync(string socket, string island, string peer)
    {
        using var ended = new CancellationTokenSource();
        await using var transport = await GatewayPeerTransport.ConnectAsync(socket, 7, island, 0, CancellationToken.None);
        await transport.WatchAsync(peer, CancellationToken.None);
        var echoing = Task.Run(() => EchoAsync(transport, ended.Token));
        while (Console.ReadLine() is { } line)
        {
            Work(TimeSpan.FromSeconds(int.Parse(line["busy ".Length..], System.Globalization.CultureInfo.InvariantCulture)));
            Console.WriteLine("worked");
        }

        await ended.CancelAsync();
        await echoing;
        return 0;
    }

    private static async Task EchoAsync(GatewayPeerTransport transport, CancellationToken ended)
    {
        try
        {
            await foreach (var happened in transport.ReadEventsAsync(ended))
            {
                if (happened is PeerEvent.Delivered delivered)
                {
                    var message = delivered.Message.ToArray();
                    delivered.Release?.Invoke();
                    await transport.SendAsync(happened.Island, MessageOrder.Ordered, message, default, ended);
                }
                else
                {
                    Console.WriteLine($"{happened.GetType().Name} {happened.Island}");
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The test has seen enough.
            return;
        }
    }

    private static void Work(TimeSpan time)
    {
        var until = TimeProvider.System.GetTimestamp() + (long)(time.TotalSeconds * TimeProvider.System.TimestampFrequency);
        using var all = new CountdownEvent(64);
        for (var index = 0; index < all.InitialCount; index++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    while (TimeProvider.System.GetTimestamp() < until)
                    {
                        Thread.Sleep(10);
                    }

                    all.Signal();
                },
                null);
        }

        all.Wait();
    }
}
