namespace Superfactory.Lab.Fibre;

/// <summary>Packets on their way that reach the other end together, and where their bytes are in the <see cref="PacketStore"/>.</summary>
internal struct Crossing
{
    /// <summary>When their last bit leaves the queue and when it arrives, in nanoseconds.</summary>
    public long LastBit, Due;

    /// <summary>How many packets they are on the wire, and their bytes there.</summary>
    public int Segments, Bytes;

    /// <summary>Where the first piece is: all of it, or the headers.</summary>
    public int Start, Length;

    /// <summary>Where the payload is, when it is elsewhere; no length where it is not.</summary>
    public int PayloadStart, PayloadLength;

    /// <summary>Where the store may begin once these have left it; -1 where others still use the same bytes.</summary>
    public int Release;
}

/// <summary>What is under way in one direction, in order. Grows as needed; its length is bounded by what the store holds. One thread uses it.</summary>
internal sealed class CrossingQueue
{
    // 64 superpackets are 4 MiB: two milliseconds of a link of 10 Gbit/s, ten of most.
    private Crossing[] _items = new Crossing[64];
    private int _head;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>One of them, from the one that arrives first; it may be changed in place.</summary>
    public ref Crossing this[int index] => ref _items[(_head + index) & (_items.Length - 1)];

    /// <summary>Adds one at the end.</summary>
    public void Add(in Crossing crossing)
    {
        if (Count == _items.Length)
        {
            var larger = new Crossing[_items.Length * 2];
            for (var index = 0; index < Count; index++)
            {
                larger[index] = this[index];
            }

            (_items, _head) = (larger, 0);
        }

        Count++;
        this[Count - 1] = crossing;
    }

    /// <summary>Takes the first away.</summary>
    public void RemoveFirst()
    {
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
    }

    /// <summary>Takes the last away.</summary>
    public void RemoveLast() => Count--;
}
