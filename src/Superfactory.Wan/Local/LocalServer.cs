using System.Net.Sockets;
using System.Text;
using Superfactory.Model;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Local;

/// <summary>Listens for this site's bridges on a Unix socket.</summary>
internal sealed class LocalServer(string path, Switchboard switchboard, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Connections at a time: every endpoint, and as many again that are just coming or going.</summary>
    private const int ConnectionsMax = 2 * Switchboard.EndpointsMax;

    /// <summary>The longest path that a Unix socket's address holds on Linux, in bytes, with a zero behind it.</summary>
    private const int PathBytesMax = 107;

    /// <summary>What may wait in a local socket: four chunks of 256 KiB, so that writer and reader need not take turns. The system may allow less.</summary>
    public const int SendBufferBytes = 1 << 20;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskSet _connections = new(exception => switchboard.Failed("serve a process of this site", exception));
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Begins to listen.</summary>
    /// <returns>Null where it does; otherwise why it cannot.</returns>
    public async Task<Problem?> StartAsync(CancellationToken cancellationToken)
    {
        if (Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            return new Problem($"The gateway's socket '{path}' is longer than {PathBytesMax} bytes, the most that a Unix socket's path can be.", Hint: "Use a shorter state directory.");
        }

        if (File.Exists(path))
        {
            if (await IsServedAsync(cancellationToken))
            {
                return new Problem($"Another gateway serves '{path}'.", Hint: "Stop it, or use another state directory.");
            }

            // Left by a gateway that was killed.
            File.Delete(path);
        }

        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            listener.Listen();
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            listener.Dispose();
            return new Problem($"The gateway cannot listen at '{path}': {exception.Message}.");
        }

        _listener = listener;
        _accepting = Task.Run(() => SocketAcceptor.RunAsync(listener, _connections, ConnectionsMax, ServeAsync, time, _stop.Token), CancellationToken.None);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        await _connections.WhenAllAsync();
        if (_listener is not null)
        {
            File.Delete(path);
        }

        _stop.Dispose();
    }

    private async Task<bool> IsServedAsync(CancellationToken cancellationToken)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.SendBufferSize = SendBufferBytes;
        await using var connection = new LocalConnection(new NetworkStream(socket, ownsSocket: true), switchboard, time, _stop.Token);
        await connection.RunAsync();
    }
}
