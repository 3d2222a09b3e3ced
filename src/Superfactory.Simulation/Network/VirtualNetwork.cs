using System.Buffers;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Randomness;
using Superfactory.Simulation.Time;
using Superfactory.Sync.Merging;
using Superfactory.Wan;

namespace Superfactory.Simulation.Network;

/// <summary>
/// What carries messages between bridges, with the promises of the gateways and no more: while a connection holds, each message arrives once,
/// in order but for those that may overtake each other; what is on its way when it breaks is lost, and each end learns of it in its own time.
/// A chunk becomes bytes only when the transport takes it, so that memory which a machine changes too early shows.
/// </summary>
internal sealed class VirtualNetwork
{
    /// <summary>Microseconds of silence after which gateways take a connection for broken, as <c>Superfactory.Wan</c> has it: two seconds.</summary>
    public const long SilenceMax = 2_000_000;

    private const int HeaderBytes = 64;
    private readonly EventQueue _queue;
    private readonly SeededRandom _random;
    private readonly int _islands;
    private readonly Link[] _links;
    private readonly SimulatedBridge?[] _bridges;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Sites with no bridge yet.</summary>
    public VirtualNetwork(EventQueue queue, SeededRandom random, int islands)
    {
        (_queue, _random, _islands, _bridges) = (queue, random, islands, new SimulatedBridge?[islands]);
        _links = new Link[islands * islands];
        for (var at = 0; at < _links.Length; at++)
        {
            _links[at] = new Link(at / islands, at % islands);
        }

        for (var one = 0; one < islands; one++)
        {
            for (var other = one + 1; other < islands; other++)
            {
                var latency = random.Between(1, 30) * 1_000L;
                foreach (var link in Both(one, other))
                {
                    (link.Latency, link.Jitter) = (latency, random.Between(0, 5) * 1_000L);
                }
            }
        }
    }

    /// <summary>Changes a contribution's chunk where no checksum of a link sees it; returns whether it did.</summary>
    public Func<Link, ChunkMessage, byte[], bool>? Tamper { get; set; }

    /// <summary>Told of every message that arrives, before its receiver is: who sent it, who receives it, and what it is.</summary>
    public Action<int, int, MergeMessage>? Arrived { get; set; }

    /// <summary>Messages that arrived.</summary>
    public long Delivered { get; private set; }

    /// <summary>The direction between two islands.</summary>
    public Link Between(int from, int to) => _links[(from * _islands) + to];

    /// <summary>Both directions between two islands.</summary>
    public Link[] Both(int one, int other) => [Between(one, other), Between(other, one)];

    /// <summary>A bridge is there and watches the others; a bridge that was there before it at its site is gone.</summary>
    public void Register(SimulatedBridge bridge)
    {
        _bridges[bridge.Place] = bridge;
        for (var other = 0; other < _islands; other++)
        {
            if (other != bridge.Place)
            {
                Between(bridge.Place, other).Seen = -1;
                Connect(bridge.Place, other);
            }
        }
    }

    /// <summary>A bridge's process has ended.</summary>
    public void Unregister(SimulatedBridge bridge)
    {
        if (!ReferenceEquals(_bridges[bridge.Place], bridge))
        {
            return;
        }

        _bridges[bridge.Place] = null;
        for (var other = 0; other < _islands; other++)
        {
            if (other != bridge.Place)
            {
                Break(bridge.Place, other, 0);
                Between(bridge.Place, other).Seen = -1;
            }
        }
    }

    /// <summary>A bridge is paused for so long that its gateway takes it for gone.</summary>
    public void Leave(SimulatedBridge bridge)
    {
        for (var other = 0; other < _islands; other++)
        {
            if (other != bridge.Place)
            {
                Break(bridge.Place, other, 0);
            }
        }
    }

    /// <summary>A bridge that was paused runs again.</summary>
    public void Return(SimulatedBridge bridge)
    {
        for (var other = 0; other < _islands; other++)
        {
            if (other != bridge.Place)
            {
                Connect(bridge.Place, other);
            }
        }
    }

    /// <summary>Breaks the connection of two islands: both learn of it after a while.</summary>
    public void Break(int one, int other, long after)
    {
        foreach (var link in Both(one, other))
        {
            if (!link.Linked)
            {
                continue;
            }

            link.Linked = false;
            link.Generation++;
            link.Held.Clear();
            if (_bridges[link.To] is { } receiver)
            {
                var at = _queue.Now + after + link.Latency;
                (link.Floor, link.Latest) = (at, at);
                _queue.At(at, () => receiver.Post(() => receiver.PeerDown(link.From)));
            }
        }
    }

    /// <summary>Makes a connection where both bridges are there and nothing is cut.</summary>
    public void Connect(int one, int other)
    {
        var links = Both(one, other);
        if (_bridges[one] is not { IsStopped: false } || _bridges[other] is not { IsStopped: false } || links[0].Linked || links[1].Linked || links[0].Cuts + links[1].Cuts > 0)
        {
            return;
        }

        foreach (var link in links)
        {
            var (receiver, back) = (_bridges[link.To]!, Between(link.To, link.From));
            link.Linked = true;
            var at = Math.Max(_queue.Now + link.Latency + link.Delay + _random.Below(5_000), link.Latest);
            (link.Floor, link.Latest) = (at, at);
            var generation = back.Generation;
            _queue.At(at, () => receiver.Post(() => receiver.PeerUp(link.From, generation)));
        }
    }

    /// <summary>Nothing gets through one direction any more; after a while the gateways take the connection for broken.</summary>
    public void Cut(Link link)
    {
        link.Cuts++;
        _queue.After(SilenceMax, () =>
        {
            if (link.Cuts > 0)
            {
                Break(link.From, link.To, 0);
            }
        });
    }

    /// <summary>A cut is over: what was held goes on, or the connection is made anew.</summary>
    public void Heal(Link link)
    {
        link.Cuts--;
        if (link.Cuts > 0)
        {
            return;
        }

        foreach (var held in link.Held)
        {
            _queue.After(0, held);
        }

        link.Held.Clear();
        Connect(link.From, link.To);
    }

    /// <summary>Sends a message, where the sender's host knows the receiver to be up.</summary>
    public void Send(int from, int to, MergeMessage message)
    {
        var link = Between(from, to);
        if (!link.Linked || link.Seen != link.Generation)
        {
            return;
        }

        var at = link.BusyUntil = Math.Max(_queue.Now, link.BusyUntil) + ((HeaderBytes + message.Payload.Length) * 1_000_000L / link.Rate);
        if (message is ChunkMessage or PieceMessage { Stream: StreamKind.State })
        {
            Defer(link, at, () => Encode(link, message), message.Order, carried: true);
        }
        else if (link.Waiting > 0)
        {
            // Nothing that is sent later passes what waits.
            var bytes = Encode(link, message);
            Defer(link, at, () => bytes, message.Order, carried: false);
        }
        else
        {
            Carry(link, Encode(link, message), message.Order, at);
        }
    }

    /// <summary>Says that the sender is there.</summary>
    public void Beat(int from, int to)
    {
        var link = Between(from, to);
        if (!link.Linked || link.Seen != link.Generation)
        {
            return;
        }

        var generation = link.Generation;
        Arrive(link, generation, Math.Max(_queue.Now + link.Latency + link.Delay, link.Floor), () => _bridges[to]?.Post(_bridges[to]!.HearFrom(from)));
    }

    /// <summary>The sender's host drops what waits for a receiver: what the transport has not taken is gone, the rest arrives.</summary>
    public void Drop(int from, int to)
    {
        var link = Between(from, to);
        link.Queue++;
        (link.DroppedAt, link.BusyUntil) = (_queue.Now, _queue.Now);
    }

    /// <summary>The transport takes a message later, behind what it was given before.</summary>
    private void Defer(Link link, long at, Func<byte[]> bytes, MessageOrder order, bool carried)
    {
        var (generation, queue) = (link.Generation, link.Queue);
        link.Waiting++;
        _queue.At(at, () =>
        {
            link.Waiting--;
            if (link.Generation == generation && link.Queue == queue)
            {
                Carry(link, bytes(), order, at);
                if (carried)
                {
                    _bridges[link.From]?.Post(_bridges[link.From]!.CarriedTo(link.To));
                }
            }
        });
    }

    private byte[] Encode(Link link, MergeMessage message)
    {
        _buffer.ResetWrittenCount();
        MergeMessageCodec.Write(message, _buffer);
        var bytes = _buffer.WrittenSpan.ToArray();
        if (message is ChunkMessage { Stream: StreamKind.Contribution } chunk)
        {
            Tamper?.Invoke(link, chunk, bytes);
        }

        return bytes;
    }

    private void Carry(Link link, byte[] bytes, MessageOrder order, long taken)
    {
        var at = taken + link.Latency + link.Delay;
        if (order == MessageOrder.Unordered)
        {
            at = Math.Max(at + (link.Jitter > 0 ? (long)(_random.Next() % (ulong)link.Jitter) : 0), link.Floor);
            link.Latest = Math.Max(link.Latest, at);
        }
        else
        {
            at = link.Floor = link.Latest = Math.Max(at, link.Latest);
        }

        var queue = link.Queue;
        Arrive(link, link.Generation, at, () =>
        {
            if (queue == link.Queue || taken <= link.DroppedAt)
            {
                Deliver(link, bytes);
            }
        });
    }

    private void Arrive(Link link, int generation, long at, Action deliver) => _queue.At(at, () =>
    {
        if (link.Generation != generation)
        {
            return;
        }

        if (link.Cuts > 0)
        {
            link.Held.Add(() =>
            {
                if (link.Generation == generation)
                {
                    deliver();
                }
            });
            return;
        }

        deliver();
    });

    private void Deliver(Link link, byte[] bytes)
    {
        if (_bridges[link.To] is not { } receiver)
        {
            return;
        }

        Delivered++;
        receiver.Post(() =>
        {
            var read = MergeMessageCodec.Read(bytes);
            var message = read.Succeeded ? read.Value : throw new InvalidOperationException($"Island {link.To} cannot read what island {link.From} sent: {read.Problems[0]}");
            Arrived?.Invoke(link.From, link.To, message);
            receiver.Receive(link.From, message);

            // The host takes a message's memory back when the machine has handled it: whoever kept a slice of it reads this.
            Array.Fill(bytes, (byte)0xA5);
        });
    }
}
