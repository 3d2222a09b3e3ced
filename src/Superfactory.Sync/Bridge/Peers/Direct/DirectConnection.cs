using System.Net.Sockets;
using System.Text;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// One TCP connection to a peer's bridge. One thread sends and receives in turn, as far as either goes without waiting, and merges
/// what it received: two threads would fight for the connection's lock and for the processor, and lose what is in its cache.
/// </summary>
internal sealed class DirectConnection : IDisposable
{
    /// <summary>Messages that may wait to be sent: whoever sends waits for each before the next, and a bridge has one sender for a peer.</summary>
    public const int MessagesMax = 64;

    private const int IslandBytesMax = 256;

    private const string Silence = "no sign of life for 2 seconds, as of a process that is paused";

    /// <summary>
    /// Attempts before a thread that can neither send nor receive sleeps, a hundredth of a millisecond in all. More of them take
    /// from a peer whose processor shares its core with this one, and hold the connection's lock against it.
    /// </summary>
    private const int AttemptsMax = 16;

    /// <summary>The longest message with its frame, whose two ends are lines.</summary>
    private const int BufferBytes = MergeLimits.MessageBytesMax + (3 * DirectFrame.LineBytes);

    private enum Filled
    {
        Partly,
        Wholly,
        Ended,
    }

    private readonly Socket _socket;
    private readonly SocketWait _wait = new();
    private readonly DirectBuffers _buffers;
    private readonly Lock _guard = new();

    /// <summary>Held by whoever sends: the connection's own thread, or between two of its messages the pulse.</summary>
    private readonly Lock _writing = new();
    private readonly Queue<DirectMessage> _waiting = [];
    private readonly byte[] _lead = new byte[DirectFrame.LeadBytesMax];
    private readonly byte[] _zeros = new byte[DirectFrame.LineBytes];
    private readonly byte[] _beat = new byte[DirectFrame.LeadBytesMax];
    private readonly byte[] _nextLine = new byte[DirectFrame.LineBytes];
    private DirectMessage? _sending;
    private int _leadLength;
    private int _whole;
    private int _sent;
    private Memory<byte> _buffer;
    private int _received;
    private int _receivedNext;
    private bool _ended;
    private int _beatLeft;
    private volatile bool _heard;
    private volatile bool _silent;
    private volatile bool _closing;

    /// <summary>Takes over a connected socket.</summary>
    /// <param name="socket">The socket.</param>
    public DirectConnection(Socket socket)
    {
        (_socket, _buffers) = (socket, new DirectBuffers(BufferBytes, _wait.Wake));
        DirectFrame.Write(_beat, default, 0);
    }

    /// <summary>Who the peer is, as it said itself; empty before it has.</summary>
    public string Island { get; private set; } = string.Empty;

    /// <summary>What the peer did that ended the connection: it sent what is no message, or nothing at all; null where neither was.</summary>
    public string? Fault
    {
        get => field ?? (_silent ? Silence : null);
        private set;
    }

    /// <summary>Sends a message. Thread-safe.</summary>
    /// <returns>False where the connection ends before.</returns>
    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload)
    {
        var message = new DirectMessage(header, payload);
        return TryQueue(message) ? message.Sent : ValueTask.FromResult(false);
    }

    /// <summary>Says who this side is, and hears who the peer is; the first message of each side.</summary>
    /// <returns>False where the connection ends, or the peer speaks something else.</returns>
    public bool TryGreet(string island)
    {
        TryQueue(new DirectMessage(Encoding.UTF8.GetBytes(island), default));
        Move((message, release) =>
        {
            Island = Encoding.UTF8.GetString(message.Span);
            release();
        }, IslandBytesMax, () => Island.Length > 0 && _sending is null);
        return Island.Length > 0;
    }

    /// <summary>Sends and reads messages until the connection ends, or something arrives that is no message.</summary>
    /// <param name="take">Called for each message in turn: its memory, and what gives it back, which is thread-safe.</param>
    public void Run(Action<ReadOnlyMemory<byte>, Action> take) => Move(take, MergeLimits.MessageBytesMax, static () => false);

    /// <summary>
    /// Says that this side runs, between two messages; where one is under way, more of it says as much. It never waits, and it goes on
    /// while the connection's thread merges. Thread-safe, but not beside <see cref="Dispose"/>.
    /// </summary>
    public void Beat()
    {
        try
        {
            lock (_writing)
            {
                if (_sending is not null && _sent < _whole)
                {
                    SendMore(_sending);
                }

                if (_sending is null || _sent == _whole)
                {
                    _beatLeft = _beatLeft > 0 ? _beatLeft : DirectFrame.LineBytes;
                    TryEndBeat();
                }
            }
        }
        catch (IOException)
        {
            // The connection's own thread finds its end, too.
            return;
        }

        if (_beatLeft > 0)
        {
            _wait.Wake();
        }
    }

    /// <summary>Whether anything came since this was last asked, or waits to be read: then it is this side that is slow. Thread-safe, but not beside <see cref="Dispose"/>.</summary>
    public bool TakeHeard()
    {
        var heard = _heard;
        _heard = false;
        return heard || _socket.Available > 0;
    }

    /// <summary>Ends the connection of a peer that is silent. Thread-safe, but not beside <see cref="Dispose"/>.</summary>
    public void Abandon()
    {
        _silent = true;
        Close();
    }

    /// <summary>Ends the connection: whoever reads or sends returns. Thread-safe.</summary>
    public void Close()
    {
        // Its thread may be waiting for a buffer, and not for the socket.
        _closing = true;
        _wait.Wake();
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

    /// <summary>Frees the socket; nobody may be in <see cref="Run"/>.</summary>
    public void Dispose()
    {
        Close();
        DirectMessage[] unsent;
        lock (_guard)
        {
            _ended = true;
            unsent = [.. _waiting];
            _waiting.Clear();
        }

        _sending?.Complete(false);
        foreach (var message in unsent)
        {
            message.Complete(false);
        }

        _socket.Dispose();
        _wait.Dispose();
    }

    private bool TryQueue(DirectMessage message)
    {
        lock (_guard)
        {
            if (_ended)
            {
                return false;
            }

            if (_waiting.Count >= MessagesMax)
            {
                throw new InvalidOperationException($"{MessagesMax} messages to {Island} wait already; whoever sends waits for one before the next.");
            }

            _waiting.Enqueue(message);
        }

        _wait.Wake();
        return true;
    }

    private void Move(Action<ReadOnlyMemory<byte>, Action> take, int bytesMax, Func<bool> done)
    {
        try
        {
            for (var attempts = 0; !_closing && !done(); attempts++)
            {
                var moved = SendSome();
                if (!ReceiveSome(take, bytesMax, ref moved))
                {
                    return;
                }

                if (moved)
                {
                    attempts = 0;
                }
                else if (attempts < AttemptsMax)
                {
                    Thread.Yield();
                }
                else if (!done())
                {
                    _wait.Wait(_socket, readable: !_buffer.IsEmpty, writable: _sending is not null || _beatLeft > 0);
                    attempts = 0;
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The end of a connection, whichever side made it, is what returning says.
            return;
        }
    }

    /// <summary>Sends what there is room for of one message.</summary>
    /// <returns>Whether anything was sent.</returns>
    private bool SendSome()
    {
        DirectMessage sent;
        lock (_writing)
        {
            if (!TryEndBeat() || (_sending is null && !TryBegin()))
            {
                return false;
            }

            var bytes = SendMore(_sending!);
            if (_sent < _whole)
            {
                return bytes > 0;
            }

            (sent, _sending) = (_sending!, null);
        }

        sent.Complete(true);
        return true;
    }

    private bool TryBegin()
    {
        lock (_guard)
        {
            if (!_waiting.TryDequeue(out _sending))
            {
                return false;
            }
        }

        _leadLength = DirectFrame.Write(_lead, _sending.Header.Span, _sending.Payload.Length);
        _whole = DirectFrame.PayloadOffset(_sending.Header.Length) + DirectFrame.WholeLines(_sending.Payload.Length);
        _sent = 0;
        return true;
    }

    private int SendMore(DirectMessage message)
    {
        var zeros = _zeros.AsSpan(0, _whole - _leadLength - message.Header.Length - message.Payload.Length);
        var bytes = _sent == _whole ? 0 : SystemSocket.SendSome(_socket, _lead.AsSpan(0, _leadLength), message.Header, message.Payload, zeros, _sent);
        _sent += bytes;
        return bytes;
    }

    /// <summary>Sends what is left of a sign of life.</summary>
    /// <returns>Whether nothing is left of it.</returns>
    private bool TryEndBeat()
    {
        if (_beatLeft > 0)
        {
            _beatLeft -= SystemSocket.SendSome(_socket, _beat.AsSpan(DirectFrame.LineBytes - _beatLeft, _beatLeft), default, default, default, 0);
        }

        return _beatLeft == 0;
    }

    /// <summary>Receives what is here of one message, and passes it on when it is whole.</summary>
    /// <returns>False at the connection's end, or where something else than a message arrives.</returns>
    private bool ReceiveSome(Action<ReadOnlyMemory<byte>, Action> take, int bytesMax, ref bool moved)
    {
        if (_buffer.IsEmpty)
        {
            if (!_buffers.TryTake(out _buffer))
            {
                return true;
            }

            _nextLine.AsSpan(0, _receivedNext).CopyTo(_buffer.Span);
            (_received, _receivedNext) = (_receivedNext, 0);
        }

        // The frame's first line says how much follows.
        if (_received < DirectFrame.LineBytes && Fill(DirectFrame.LineBytes, default, ref moved) == Filled.Ended)
        {
            return false;
        }

        if (_received < DirectFrame.HeaderBytes)
        {
            return true;
        }

        Fault = DirectFrame.Read(_buffer.Span, bytesMax, out var headerLength, out var payloadLength);
        if (Fault is not null || _received < DirectFrame.LineBytes)
        {
            return Fault is null;
        }

        var payload = DirectFrame.PayloadOffset(headerLength);
        if (Fill(payload + DirectFrame.WholeLines(payloadLength), _nextLine, ref moved) is not Filled.Wholly and var part)
        {
            return part != Filled.Ended;
        }

        var (buffer, message) = (_buffer, _buffer.Slice(payload - headerLength, headerLength + payloadLength));
        _buffer = default;
        if (!DirectFrame.IsIntact(buffer.Span, message.Span[..headerLength]))
        {
            Fault = "a message whose checksum is wrong";
            return false;
        }

        if (message.IsEmpty)
        {
            // A sign of life.
            _buffers.Give(buffer);
            return true;
        }

        take(message, () => _buffers.Give(buffer));
        return true;
    }

    /// <summary>Fills the buffer up to a length, and what comes after it into the next message's first line: one system call for both.</summary>
    private Filled Fill(int length, Span<byte> next, ref bool moved)
    {
        if (_received < length)
        {
            switch (SystemSocket.ReceiveSome(_socket, _buffer.Span[_received..length], next))
            {
                case null:
                    return Filled.Partly;
                case 0:
                    return Filled.Ended;
                case { } bytes:
                    _receivedNext = Math.Max(0, _received + bytes - length);
                    _received = Math.Min(_received + bytes, length);
                    moved = _heard = true;
                    break;
            }
        }

        return _received == length ? Filled.Wholly : Filled.Partly;
    }
}
