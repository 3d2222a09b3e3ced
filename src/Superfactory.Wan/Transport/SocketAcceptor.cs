using System.Net.Sockets;

namespace Superfactory.Wan.Transport;

/// <summary>Takes connections from a listening socket.</summary>
internal static class SocketAcceptor
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

    /// <summary>Serves each connection as a task of its own until told to stop or the listener is closed; those over the limit are closed at once.</summary>
    /// <param name="listener">The listening socket.</param>
    /// <param name="connections">Holds the tasks.</param>
    /// <param name="connectionsMax">The most at a time.</param>
    /// <param name="serve">Serves a connection to its end and closes it.</param>
    /// <param name="time">Paces what is tried again.</param>
    /// <param name="stop">Ends the taking, not the serving.</param>
    public static async Task RunAsync(
        Socket listener, TaskSet connections, int connectionsMax, Func<Socket, Task> serve, TimeProvider time, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(stop);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // That one is gone before it was taken, or this process is out of descriptors: others are served on.
                await Task.Delay(PauseAfterFailure, time, CancellationToken.None);
                continue;
            }

            if (!connections.TryAdd(() => serve(socket), connectionsMax))
            {
                socket.Dispose();
            }
        }
    }
}
