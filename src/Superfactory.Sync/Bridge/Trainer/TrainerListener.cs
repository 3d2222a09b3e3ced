using System.Net.Sockets;
using Superfactory.Model;
using Superfactory.Sync.Bridge.Memory;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>The Unix socket that a bridge's trainer connects to.</summary>
internal sealed class TrainerListener : IDisposable
{
    /// <summary>Connections that wait to be accepted: a trainer and a few that connect by mistake.</summary>
    private const int WaitingMax = 8;

    private readonly Socket _socket;
    private readonly string _path;

    private TrainerListener(Socket socket, string path) => (_socket, _path) = (socket, path);

    /// <summary>Makes the socket, in place of one that an earlier bridge left.</summary>
    public static Outcome<TrainerListener> Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            OwnerOnly.Restrict(path);
            socket.Listen(WaitingMax);
            return new(new TrainerListener(socket, path));
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            return new([new Problem($"The trainer's socket cannot be made: {error.Message}", path)]);
        }
    }

    /// <summary>The next connection.</summary>
    public async Task<Socket> AcceptAsync(CancellationToken cancellationToken) => await _socket.AcceptAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }
}
