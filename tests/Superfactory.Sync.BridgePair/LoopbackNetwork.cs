using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Wan;

namespace Superfactory.Sync.BridgePair;

/// <summary>
/// Joins bridges that live in one process, with the promises of gateways: messages between two bridges that are up arrive in order
/// and once each, a sender is held back by a receiver that is behind, and what is sent to a bridge that is down is lost. Thread-safe.
/// </summary>
internal sealed class LoopbackNetwork
{
    /// <summary>Messages that wait for one bridge before senders are held back.</summary>
    public const int MessagesMax = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Endpoint> _endpoints = new(StringComparer.Ordinal);
    private readonly HashSet<(string, string)> _cut = [];

    /// <summary>Adds a bridge; one of the same name that is still there goes down first.</summary>
    public IPeerTransport Connect(string island)
    {
        lock (_lock)
        {
            if (_endpoints.TryGetValue(island, out var old))
            {
                Remove(old);
            }

            return _endpoints[island] = new Endpoint(this, island);
        }
    }

    /// <summary>Takes two bridges apart: each sees the other go down.</summary>
    public void Cut(string one, string other)
    {
        lock (_lock)
        {
            _cut.Add(Pair(one, other));
            Settle();
        }
    }

    /// <summary>Joins two bridges that were cut apart: each sees the other come up.</summary>
    public void Join(string one, string other)
    {
        lock (_lock)
        {
            _cut.Remove(Pair(one, other));
            Settle();
        }
    }

    private static (string, string) Pair(string one, string other) =>
        string.CompareOrdinal(one, other) < 0 ? (one, other) : (other, one);

    private void Remove(Endpoint endpoint)
    {
        if (_endpoints.GetValueOrDefault(endpoint.Island) == endpoint)
        {
            _endpoints.Remove(endpoint.Island);
            Settle();
        }

        endpoint.Happened.Writer.TryComplete();
    }

    /// <summary>Brings what bridges were told of each other in line with what is.</summary>
    private void Settle()
    {
        foreach (var endpoint in _endpoints.Values)
        {
            foreach (var island in endpoint.Watched)
            {
                var peer = _endpoints.GetValueOrDefault(island);
                var joined = peer is not null && peer.Watched.Contains(endpoint.Island) && !_cut.Contains(Pair(island, endpoint.Island)) ? peer : null;
                var known = endpoint.Up.GetValueOrDefault(island);
                if (known is not null && known != joined)
                {
                    endpoint.Up.Remove(island);
                    endpoint.Happened.Writer.TryWrite(new PeerEvent.Down(island));
                }

                if (joined is not null && known != joined)
                {
                    endpoint.Up[island] = joined;
                    endpoint.Happened.Writer.TryWrite(new PeerEvent.Up(island));
                }
            }
        }
    }

    private sealed class Endpoint(LoopbackNetwork network, string island) : IPeerTransport
    {
        public string Island { get; } = island;

        public HashSet<string> Watched { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, Endpoint> Up { get; } = new(StringComparer.Ordinal);

        /// <summary>Bounded by <see cref="Room"/>, and by two events for each time that a peer comes and goes.</summary>
        public Channel<PeerEvent> Happened { get; } = Channel.CreateUnbounded<PeerEvent>();

        private SemaphoreSlim Room { get; } = new(MessagesMax);

        public ValueTask WatchAsync(string island, CancellationToken cancellationToken)
        {
            lock (network._lock)
            {
                Watched.Add(island);
                network.Settle();
            }

            return ValueTask.CompletedTask;
        }

        public async ValueTask<bool> SendAsync(
            string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        {
            if (Peer(island) is not { } peer)
            {
                return false;
            }

            await peer.Room.WaitAsync(cancellationToken);
            var message = new byte[header.Length + payload.Length];
            header.CopyTo(message);
            payload.CopyTo(message.AsMemory(header.Length));
            lock (network._lock)
            {
                if (Up.GetValueOrDefault(island) == peer)
                {
                    peer.Happened.Writer.TryWrite(new PeerEvent.Delivered(Island, message));
                    return true;
                }
            }

            peer.Room.Release();
            return false;
        }

        public async IAsyncEnumerable<PeerEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var happened in Happened.Reader.ReadAllAsync(cancellationToken))
            {
                if (happened is PeerEvent.Delivered)
                {
                    Room.Release();
                }

                yield return happened;
            }
        }

        public ValueTask DisposeAsync()
        {
            lock (network._lock)
            {
                network.Remove(this);
            }

            return ValueTask.CompletedTask;
        }

        private Endpoint? Peer(string island)
        {
            lock (network._lock)
            {
                return Up.GetValueOrDefault(island);
            }
        }
    }
}
