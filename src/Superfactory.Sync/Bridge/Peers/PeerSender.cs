using System.Buffers;
using System.Threading.Channels;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>
/// Messages on their way to one peer. They are written when the transport has room for them, so that a slow peer costs the memory
/// of references and never that of copies; chunks of a round the machine gives only as the transport takes them, which is counted here.
/// Messages of a conversation that was interrupted are dropped.
/// <see cref="TrySend"/>, <see cref="Open"/>, <see cref="Close"/> and <see cref="TakeCarried"/> are for one thread.
/// </summary>
internal sealed class PeerSender : IDisposable
{
    /// <summary>
    /// Messages that may wait for one peer: headers, grants and the commits of 4,096 fragments, in several conversations, and few chunks
    /// and pieces of state, which the machine gives only as they are taken. A peer behind by more will not catch up.
    /// </summary>
    public const int MessagesMax = 65_536;

    /// <summary>Messages that wait beyond which no more signs of life are put behind them.</summary>
    private const int BeatsMax = 8;

    /// <summary>
    /// Chunks that the transport has taken before that is told while others wait: half of those that the machine gives, so that it is asked
    /// for more before it runs out, and not for each.
    /// </summary>
    private const int CarriedMany = MergeLimits.ChunksWaitingMax / 2;

    private readonly IPeerTransport _transport;
    private readonly Action _carried;
    private readonly Channel<(Conversation Conversation, MergeMessage Message)> _waiting;
    private Conversation? _conversation;
    private long _dropped;

    /// <summary>Messages to the bridge of <paramref name="island"/>.</summary>
    /// <param name="island">The peer's island.</param>
    /// <param name="transport">Carries them.</param>
    /// <param name="carried">Called, on any thread, when there is something for <see cref="TakeCarried"/> again.</param>
    /// <param name="messagesMax">How many may wait.</param>
    public PeerSender(string island, IPeerTransport transport, Action? carried = null, int messagesMax = MessagesMax)
    {
        (Island, _transport, _carried) = (island, transport, carried ?? (static () => { }));
        _waiting = Channel.CreateBounded<(Conversation, MergeMessage)>(new BoundedChannelOptions(messagesMax) { SingleReader = true });
    }

    /// <summary>The peer's island.</summary>
    public string Island { get; }

    /// <summary>Its place in the membership, for whoever owns this.</summary>
    public int Place { get; set; } = -1;

    /// <summary>Messages that were dropped because the peer was down, from the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>The peer is up: what is sent from here on is one conversation.</summary>
    public void Open()
    {
        Close();
        _conversation = new Conversation();
    }

    /// <summary>The peer is down: what waits is dropped, also what the transport has not taken yet.</summary>
    public void Close()
    {
        _conversation?.Stopping.Cancel();
        _conversation?.Stopping.Dispose();
        _conversation = null;
    }

    /// <summary>What waits is of no use any more: it is dropped where the transport has not taken it.</summary>
    public void Renew()
    {
        if (_conversation is not null)
        {
            Open();
        }
    }

    /// <summary>Queues a message; drops it where the peer is down.</summary>
    /// <returns>False where <see cref="MessagesMax"/> wait already.</returns>
    public bool TrySend(MergeMessage message)
    {
        if (_conversation is not { } conversation)
        {
            Interlocked.Increment(ref _dropped);
            return true;
        }

        return _waiting.Writer.TryWrite((conversation, message));
    }

    /// <summary>Says that this island is there, unless so much waits that something is said anyway.</summary>
    /// <param name="alive">What it says.</param>
    public void Beat(AliveMessage alive)
    {
        if (_conversation is { } conversation && _waiting.Reader.Count < BeatsMax)
        {
            _waiting.Writer.TryWrite((conversation, alive));
        }
    }

    /// <summary>
    /// Chunks and pieces of state of the conversation that the transport has taken since this last said so; it keeps none of their bytes.
    /// Few are not worth saying while more waits.
    /// </summary>
    public int TakeCarried() =>
        _conversation is { } conversation && Volatile.Read(ref conversation.Carried) is var carried and > 0 && (carried >= CarriedMany || _waiting.Reader.Count == 0)
            ? Interlocked.Exchange(ref conversation.Carried, 0)
            : 0;

    /// <summary>Carries messages to the transport until <see cref="Complete"/> and all are carried, or the token is cancelled.</summary>
    /// <exception cref="PeerTransportException">The transport is gone.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var header = new ArrayBufferWriter<byte>();
        Conversation? current = null;
        CancellationTokenSource? ending = null;
        try
        {
            await foreach (var (conversation, message) in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                if (conversation.Token.IsCancellationRequested)
                {
                    Interlocked.Increment(ref _dropped);
                    continue;
                }

                if (conversation != current)
                {
                    ending?.Dispose();
                    (current, ending) = (conversation, CancellationTokenSource.CreateLinkedTokenSource(conversation.Token, cancellationToken));
                }

                header.ResetWrittenCount();
                MergeMessageCodec.WriteHeader(message, header);
                Sent(conversation, message, await TrySendAsync(message, header.WrittenMemory, ending!.Token, cancellationToken));
            }
        }
        finally
        {
            ending?.Dispose();
        }
    }

    /// <summary>Nothing more will be sent: <see cref="RunAsync"/> ends when everything is carried.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Sent(Conversation conversation, MergeMessage message, bool sent)
    {
        if (!sent)
        {
            Interlocked.Increment(ref _dropped);
        }
        else if (message is ChunkMessage or PieceMessage { Stream: StreamKind.State })
        {
            Interlocked.Increment(ref conversation.Carried);
        }

        // Those that are not said now are said with one that waits.
        if (Volatile.Read(ref conversation.Carried) is var carried && (carried == CarriedMany || (carried > 0 && _waiting.Reader.Count == 0)))
        {
            _carried();
        }
    }

    private async ValueTask<bool> TrySendAsync(MergeMessage message, ReadOnlyMemory<byte> header, CancellationToken either, CancellationToken cancellationToken)
    {
        try
        {
            return await _transport.SendAsync(Island, message.Order, header, message.Payload, either);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The peer went down while the message waited for room.
            return false;
        }
    }

    /// <summary>From one time that the peer came up until it goes down.</summary>
    private sealed class Conversation
    {
        /// <summary>Chunks that the transport has taken and nobody has heard of.</summary>
        public int Carried;

        public Conversation() => Token = Stopping.Token;

        public CancellationTokenSource Stopping { get; } = new();

        /// <summary>Cancelled when the peer goes down; may be asked afterwards.</summary>
        public CancellationToken Token { get; }
    }
}
