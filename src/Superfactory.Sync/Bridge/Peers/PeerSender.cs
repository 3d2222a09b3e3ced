using System.Buffers;
using System.Threading.Channels;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>
/// Messages on their way to one peer. They are encoded when the transport has room for them, so that a slow peer costs the memory
/// of references and never that of copies. Messages of a conversation that was interrupted are dropped.
/// <see cref="TrySend"/>, <see cref="Open"/> and <see cref="Close"/> are for one thread.
/// </summary>
internal sealed class PeerSender : IDisposable
{
    /// <summary>
    /// Messages that may wait for one peer: a round of 40 GB in chunks of 192 KiB, and its headers. Each holds a reference to memory
    /// that the merge machine keeps anyway. A peer behind by more will not catch up.
    /// </summary>
    public const int MessagesMax = 262_144;

    private readonly IPeerTransport _transport;
    private readonly Channel<(CancellationToken Conversation, MergeMessage Message)> _waiting;
    private CancellationTokenSource? _conversation;
    private long _dropped;

    /// <summary>Messages to the bridge of <paramref name="island"/>.</summary>
    public PeerSender(string island, IPeerTransport transport, int messagesMax = MessagesMax)
    {
        (Island, _transport) = (island, transport);
        _waiting = Channel.CreateBounded<(CancellationToken, MergeMessage)>(new BoundedChannelOptions(messagesMax) { SingleReader = true });
    }

    /// <summary>The peer's island.</summary>
    public string Island { get; }

    /// <summary>Messages that were dropped because the peer was down, from the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>The peer is up: what is sent from here on is one conversation.</summary>
    public void Open()
    {
        Close();
        _conversation = new CancellationTokenSource();
    }

    /// <summary>The peer is down: what waits is dropped, also what the transport has not taken yet.</summary>
    public void Close()
    {
        _conversation?.Cancel();
        _conversation?.Dispose();
        _conversation = null;
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

        return _waiting.Writer.TryWrite((conversation.Token, message));
    }

    /// <summary>Carries messages to the transport until <see cref="Complete"/> and all are carried, or the token is cancelled.</summary>
    /// <exception cref="PeerTransportException">The transport is gone.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var header = new ArrayBufferWriter<byte>();
        await foreach (var (conversation, message) in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            if (conversation.IsCancellationRequested)
            {
                Interlocked.Increment(ref _dropped);
                continue;
            }

            header.ResetWrittenCount();
            MergeMessageCodec.WriteHeader(message, header);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(conversation, cancellationToken);
            try
            {
                if (!await _transport.SendAsync(Island, message.Order, header.WrittenMemory, message.Payload, either.Token))
                {
                    Interlocked.Increment(ref _dropped);
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The peer went down while the message waited for room.
                Interlocked.Increment(ref _dropped);
            }
        }
    }

    /// <summary>Nothing more will be sent: <see cref="RunAsync"/> ends when everything is carried.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    /// <inheritdoc/>
    public void Dispose() => Close();
}
