using System.Buffers;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// Links between islands: in order and once each while a link holds; what is under way is lost when it breaks, and each end learns of it
/// in its own time. A message becomes bytes only when it is delivered, so that memory which a machine changes too early shows.
/// </summary>
internal sealed class VirtualNetwork(int islands)
{
    private readonly Queue<object>[] _queues = [.. Enumerable.Range(0, islands * islands).Select(_ => new Queue<object>())];
    private readonly bool[] _linked = new bool[islands * islands];
    private readonly bool[] _seen = new bool[islands * islands];

    private readonly SortedSet<int> _pending = [];
    private readonly SortedSet<int> _apart =
        [.. from one in Enumerable.Range(0, islands) from other in Enumerable.Range(one + 1, islands - one - 1) select (one * islands) + other];

    private static readonly object _up = "up";
    private static readonly object _down = "down";

    /// <summary>Changes bytes on their way; returns how often they arrive, 1 for all that is well.</summary>
    public Func<int, int, byte[], int>? Tamper { get; set; }

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
        }
    }

    /// <summary>Delivers the next of a pair; several inputs where it was tampered with.</summary>
    public IEnumerable<MergeInput> Deliver(int from, int to)
    {
        var item = Dequeue(At(from, to));
        if (item == _up || item == _down)
        {
            _seen[At(from, to)] = item == _up;
            yield return item == _up ? new MergeInput.PeerUp(from) : new MergeInput.PeerDown(from);
            yield break;
        }

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

    private void Enqueue(int at, object item)
    {
        _queues[at].Enqueue(item);
        _pending.Add(at);
    }

    private object Dequeue(int at)
    {
        var item = _queues[at].Dequeue();
        if (_queues[at].Count == 0)
        {
            _pending.Remove(at);
        }

        return item;
    }

    private void Clear(int at)
    {
        _queues[at].Clear();
        _pending.Remove(at);
    }

    private int At(int from, int to) => (from * islands) + to;
}
