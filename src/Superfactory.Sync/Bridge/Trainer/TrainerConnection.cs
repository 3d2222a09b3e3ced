using System.Net.Sockets;
using System.Threading.Channels;
using Superfactory.Model;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>
/// One connection of a trainer: lines in, replies out. Knows nothing of their order or meaning.
/// <see cref="Send"/>, <see cref="HasHungUp"/> and <see cref="CloseAsync"/> may be called from any thread.
/// </summary>
internal sealed class TrainerConnection : IAsyncDisposable
{
    /// <summary>Replies that wait for the trainer to read: it has at most one request open, and one copy of its state to make.</summary>
    public const int RepliesMax = 8;

    /// <summary>How long a refused trainer has to read why.</summary>
    private static readonly TimeSpan s_farewellMax = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly TimeProvider _time;
    private readonly Task _writing;
    private Task _reading = Task.CompletedTask;
    private readonly Channel<TrainerReply> _replies = Channel.CreateBounded<TrainerReply>(
        new BoundedChannelOptions(RepliesMax) { SingleReader = true });

    /// <summary>Takes over an accepted socket.</summary>
    public TrainerConnection(Socket socket, TimeProvider time)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _time = time;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Whether the trainer has closed its end, even where what it said before is not read yet.</summary>
    public bool HasHungUp => PeerHangup.IsHungUp(_socket);

    /// <summary>Queues a reply.</summary>
    /// <returns>False where the trainer does not read its replies or the connection is closed.</returns>
    public bool Send(TrainerReply reply) => _replies.Writer.TryWrite(reply);

    /// <summary>Reads lines until the trainer hangs up, says something unreadable, or the token is cancelled.</summary>
    /// <param name="take">Called for each message in turn, and last with problems where a line could not be read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task ReadAsync(Func<Outcome<TrainerMessage>, ValueTask> take, CancellationToken cancellationToken) =>
        _reading = ReadLinesAsync(take, cancellationToken);

    /// <summary>Lets the trainer read what is queued, within bounds, and closes the connection.</summary>
    /// <param name="trainerFirst">Whether the trainer is to close its end first: one that sees the bridge go before it has
    /// understood that the run is over takes that for a fault.</param>
    public async Task CloseAsync(bool trainerFirst)
    {
        _replies.Writer.TryComplete();
        using var bound = new CancellationTokenSource(s_farewellMax, _time);
        await FarewellAsync(trainerFirst, bound.Token);
        await DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _replies.Writer.TryComplete();
        await _stream.DisposeAsync();
        await _writing;
    }

    private static Outcome<TrainerMessage> TooLong() => new([new Problem(
        $"The trainer sent a line of more than {TrainerMessageReader.LineBytesMax} bytes; bulk data belongs in the shared memory.")]);

    private async Task ReadLinesAsync(Func<Outcome<TrainerMessage>, ValueTask> take, CancellationToken cancellationToken)
    {
        try
        {
            var complete = await LineReader.ReadAsync(
                _stream,
                TrainerMessageReader.LineBytesMax,
                async line =>
                {
                    var message = TrainerMessageReader.Read(line);
                    await take(message);
                    return message.Succeeded;
                },
                cancellationToken);
            if (!complete)
            {
                await take(TooLong());
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of a connection, whichever side made it, is what returning says.
            return;
        }
    }

    private async Task FarewellAsync(bool trainerFirst, CancellationToken bound)
    {
        try
        {
            await _writing.WaitAsync(bound);
            if (!trainerFirst)
            {
                _socket.Shutdown(SocketShutdown.Send);
            }

            await _reading.WaitAsync(bound);
            var discarded = new byte[4096];
            while (await _stream.ReadAsync(discarded, bound) > 0)
            {
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Gone already, or given enough time.
            return;
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var reply in _replies.Reader.ReadAllAsync())
            {
                await _stream.WriteAsync(reply.ToLine());
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The trainer is gone; reading says so.
            _replies.Writer.TryComplete();
        }
    }
}
