using System.Net.Sockets;
using System.Text;
using Superfactory.Sync.Merging;
using Superfactory.Wan.Frames;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// One TCP connection to a peer's bridge: blocking, read by one thread, written by whoever sends. That costs the fewest copies and
/// changes of thread, which is all that a merge over loopback takes beside arithmetic.
/// </summary>
internal sealed class DirectConnection : IDisposable
{
    private const int IslandBytesMax = 256;

    private readonly Socket _socket;
    private readonly DirectBuffers _buffers = new(MergeLimits.MessageBytesMax);
    private readonly Lock _sending = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly byte[] _header = new byte[DirectFrame.HeaderBytes];

    /// <summary>Takes over a connected socket.</summary>
    public DirectConnection(Socket socket) => _socket = socket;

    /// <summary>Who the peer is, as it said itself; empty before it has.</summary>
    public string Island { get; set; } = string.Empty;

    /// <summary>What the peer sent that is no message, and that ended the connection; null where it ended otherwise. For the thread that reads.</summary>
    public string? Fault { get; private set; }

    /// <summary>Sends a message.</summary>
    /// <returns>False where the connection is gone.</returns>
    public bool TrySend(ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload)
    {
        Span<byte> frame = stackalloc byte[DirectFrame.HeaderBytes];

        // This also brings the payload into the cache that the system copies it from.
        DirectFrame.Write(frame, header.Span, payload.Span);
        lock (_sending)
        {
            try
            {
                GatheredSend.Send(_socket.SafeHandle, frame, header, payload);
                return true;
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // Part of the message may be under way: nothing can follow it. Reading says that the peer is gone.
                Close();
                return false;
            }
        }
    }

    /// <summary>Says who this side is; the first message of each side.</summary>
    public bool TryGreet(string island) => TrySend(Encoding.UTF8.GetBytes(island), default);

    /// <summary>Reads who the peer is; null where the connection ends or the peer speaks something else.</summary>
    public string? ReadGreeting()
    {
        if (!TryRead(_buffers, IslandBytesMax, out var buffer, out var length))
        {
            return null;
        }

        var island = Encoding.UTF8.GetString(buffer, 0, length);
        _buffers.Give(buffer);
        return island;
    }

    /// <summary>Reads messages until the connection ends, or something arrives that is no message.</summary>
    /// <param name="take">Called for each message in turn: its memory, and what gives it back.</param>
    public void Read(Action<ReadOnlyMemory<byte>, Action> take)
    {
        while (TryRead(_buffers, MergeLimits.MessageBytesMax, out var buffer, out var length))
        {
            take(buffer.AsMemory(0, length), () => _buffers.Give(buffer));
        }
    }

    /// <summary>Ends the connection; whoever reads or sends returns.</summary>
    public void Close()
    {
        _closing.Cancel();
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Ended already.
            return;
        }
    }

    /// <summary>Frees the socket; nobody may be reading.</summary>
    public void Dispose()
    {
        Close();
        _socket.Dispose();
        _buffers.Dispose();
        _closing.Dispose();
    }

    private bool TryRead(DirectBuffers buffers, int bytesMax, out byte[] buffer, out int length)
    {
        (buffer, length) = ([], 0);
        try
        {
            if (!WholeReceive.TryFill(_socket, _header))
            {
                return false;
            }

            Fault = DirectFrame.Read(_header, bytesMax, out length, out var checksum);
            if (Fault is not null)
            {
                return false;
            }

            buffer = buffers.Take(_closing.Token);
            if (!WholeReceive.TryFill(_socket, buffer.AsSpan(0, length)))
            {
                return false;
            }

            Fault = Checksum.Compute(buffer.AsSpan(0, length)) == checksum ? null : "a message whose checksum is wrong";
            return Fault is null;
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of a connection, whichever side made it, is what returning says.
            return false;
        }
    }
}
