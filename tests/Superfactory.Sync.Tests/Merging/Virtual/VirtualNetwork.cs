using System.Buffers;
using Superfactory.Sync.Merging;
using Superfactory.Wan;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// Links between islands: each message once while a link holds, in order but for those that may overtake each other; what is under way is lost when it breaks, and each end learns of it
/// in its own time. A message becomes bytes only when it is delivered, so that memory which a machine changes too early shows.
/// </summary>
internal sealed class VirtualNetwork(int islands, SeededRandom random)
{
    private readonly List<object>[] _queues = [.. Enumerable.Range(0, islands * islands).Select(_ => new List<object>())];
    private readonly Queue<object>[] _given = [.. Enumerable.Range(0, islands * islands).Select(_ => new Queue<object>())];
    private readonly HashSet<object>[] _passed = [.. Enumerable.Range(0, islands * islands).Select(_ => new HashSet<object>(ReferenceEqualityComparer.Instance))];
    private readonly Dictionary<object, ulong> _hashes = new(ReferenceEqualityComparer.Instance);
    private readonly int[] _carried = new int[islands * islands];
    private readonly bool[] _linked = new bool[islands * islands];
    private readonly bool[] _seen = new bool[islands * islands];

    private readonly SortedSet<int> _pending = [];
    private readonly SortedSet<int> _apart =
        [.. from one in Enumerable.Range(0, islands) from other in Enumerable.Range(one + 1, islands - one - 1) select (one * islands) + other];

    private static readonly object _up = "up";
    private static readonly object _down = "down";

    /// <summary>Changes bytes on their way; returns how often they arrive, 1 for all that is well.</summary>
    public Func<int, int, byte[], int>? Tamper { get; set; }

    /// <summary>Whether numbers must stay as they were handed over until they have gone; false where trainers change theirs on purpose.</summary>
    public bool Strict { get; init; } = true;

    public long Delivered { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Pairs with something to deliver.</summary>
    public IEnumerable<(int From, int To)> Pending => _pending.Select(index => (index / islands, index % islands));

    /// <summary>Pairs whose link is broken, the lower island first.</summary>
    public IEnumerable<(int One, int Other)> Apart => _apart.Select(index => (index / islands, index % islands));

    public void Join(int one, int other)
    {
        _apart.Remove(At(Math.Min(one, other), Math.Max(one, other)));
        foreach (var at in new[] { At(one, other), At(other, one) })
        {
            _linked[at] = true;
            Enqueue(at, _up);
        }
    }

    public void Cut(int one, int other)
    {
        _apart.Add(At(Math.Min(one, other), Math.Max(one, other)));
        foreach (var at in new[] { At(one, other), At(other, one) })
        {
            _linked[at] = false;
            Clear(at);
            if (_seen[at])
            {
                Enqueue(at, _down);
            }
        }
    }

    /// <summary>An island was started anew: it has seen nobody.</summary>
    public void Reset(int island)
    {
        for (var other = 0; other < islands; other++)
        {
            if (other != island)
            {
                Cut(island, other);
                Clear(At(other, island));
                _seen[At(other, island)] = false;
            }
        }
    }

    public void Send(int from, int to, MergeMessage message)
    {
        if (_linked[At(from, to)])
        {
            Enqueue(At(from, to), message);
            if (IsBulk(message))
            {
                _hashes[message] = ContentHash.Of(message.Payload.Span);
            }
        }
    }

    /// <summary>A host drops what waits for a peer: what the transport has not taken is gone, the rest arrives.</summary>
    public void Drop(int from, int to)
    {
        var at = At(from, to);
        Turn(at);
        var kept = _queues[at].FindLastIndex(item => item == _up || item == _down) + 1;
        kept += random.Below(_queues[at].Count - kept + 1);
        _queues[at].RemoveRange(kept, _queues[at].Count - kept);
        if (_queues[at].Count == 0)
        {
            _pending.Remove(at);
        }
    }

    /// <summary>Pairs of a sender and a receiver between which chunks were carried that the sender has not heard of.</summary>
    public IEnumerable<(int From, int To)> Carried =>
        Enumerable.Range(0, _carried.Length).Where(at => _carried[at] > 0).Select(at => (at / islands, at % islands));

    /// <summary>Takes the news for the sender.</summary>
    public MergeInput TakeCarried(int from, int to)
    {
        var chunks = _carried[At(from, to)];
        _carried[At(from, to)] = 0;
        return new MergeInput.Carried(to, chunks);
    }

    /// <summary>Delivers the next of a pair, or one that may overtake it; several inputs where it was tampered with.</summary>
    public IEnumerable<MergeInput> Deliver(int from, int to)
    {
        var item = Dequeue(At(from, to));
        if (IsBulk(item))
        {
            Pass(At(from, to), item);
        }

        if (item == _up || item == _down)
        {
            _seen[At(from, to)] = item == _up;
            Turn(At(to, from));
            yield return item == _up ? new MergeInput.PeerUp(from) : new MergeInput.PeerDown(from);
            yield break;
        }

        CheckUnchanged((MergeMessage)item);
        var buffer = new ArrayBufferWriter<byte>();
        MergeMessageCodec.Write((MergeMessage)item, buffer);
        var bytes = buffer.WrittenSpan.ToArray();
        Delivered++;
        Bytes += bytes.Length;
        bytes.Length.ShouldBeLessThanOrEqualTo(MergeLimits.MessageBytesMax);
        var copies = Tamper?.Invoke(from, to, bytes) ?? 1;
        for (var copy = 0; copy < copies; copy++)
        {
            var read = MergeMessageCodec.Read(bytes);
            if (read.Succeeded)
            {
                yield return new MergeInput.Received(from, read.Value);
            }
        }

        // The host takes a message's memory back when the machine has handled it: whoever kept a slice of it reads this.
        Array.Fill(bytes, (byte)0xA5);
    }

    /// <summary>What a host was given is sent with a checksum: it must not change before it has gone.</summary>
    private void CheckUnchanged(MergeMessage message)
    {
        if (_hashes.Remove(message, out var before) && Strict)
        {
            ContentHash.Of(message.Payload.Span).ShouldBe(before, $"{message} changed while it waited");
        }
    }

    /// <summary>A host takes chunks in the order in which it was given them, whatever overtakes what later on: news of one are held until all before it have gone.</summary>
    private void Pass(int at, object chunk)
    {
        _passed[at].Add(chunk);
        while (_given[at].TryPeek(out var oldest) && _passed[at].Remove(oldest))
        {
            _given[at].Dequeue();
            _carried[at]++;
        }
    }

    /// <summary>
    /// The sender's host hears that the peer went or came: it forgets what it was given before. What of that is on its way still was copied
    /// by the transport, so that its sender may change the original.
    /// </summary>
    private void Turn(int at)
    {
        _given[at].Clear();
        _passed[at].Clear();
        _carried[at] = 0;
        for (var place = 0; place < _queues[at].Count; place++)
        {
            _queues[at][place] = _queues[at][place] switch
            {
                ChunkMessage chunk => chunk with { Bytes = chunk.Bytes.ToArray() },
                PieceMessage piece => piece with { Bytes = piece.Bytes.ToArray() },
                var other => other,
            };
        }
    }

    private static bool IsBulk(object item) => item is ChunkMessage or PieceMessage { Stream: StreamKind.State };

    private void Enqueue(int at, object item)
    {
        if (IsBulk(item))
        {
            _given[at].Enqueue(item);
        }

        _queues[at].Add(item);
        _pending.Add(at);
    }

    private object Dequeue(int at)
    {
        var overtaking = 0;
        while (overtaking < _queues[at].Count && _queues[at][overtaking] is MergeMessage { Order: MessageOrder.Unordered })
        {
            overtaking++;
        }

        var place = overtaking > 1 ? random.Below(overtaking) : 0;
        var item = _queues[at][place];
        _queues[at].RemoveAt(place);
        if (_queues[at].Count == 0)
        {
            _pending.Remove(at);
        }

        return item;
    }

    private void Clear(int at)
    {
        _queues[at].Clear();
        _carried[at] = 0;
        _given[at].Clear();
        _passed[at].Clear();
        _pending.Remove(at);
    }

    private int At(int from, int to) => (from * islands) + to;
}
