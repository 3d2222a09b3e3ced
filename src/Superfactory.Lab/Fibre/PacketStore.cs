using System.Runtime.InteropServices;

namespace Superfactory.Lab.Fibre;

/// <summary>
/// The bytes of what is under way in one direction: a ring of memory that packets are read into and written from in place. Grows as needed up to
/// <see cref="BytesMax"/>. One thread uses it.
/// </summary>
internal sealed unsafe class PacketStore : IDisposable
{
    /// <summary>What one reading may take: virtio's header of 10 bytes, an IP packet of at most 65,535, and headers for the pieces it may be cut into.</summary>
    public const int ReadMax = 10 + 65_535 + (LaneModel.RunsMax * SegmentHeaders.LengthMax);

    /// <summary>The most memory of a direction, 1 GiB: 10 Gbit/s over 200 ms, there once in the queue and once on the way, is half of it.</summary>
    public const int BytesMax = 1 << 30;

    private const int BytesMin = 1 << 18;

    private int _capacity = BytesMin;
    private int _head;
    private int _tail;
    private int _wrap;

    /// <summary>An empty store.</summary>
    public PacketStore() => Memory = (byte*)NativeMemory.Alloc(BytesMin);

    /// <summary>Where offsets count from; changes when the store grows.</summary>
    public byte* Memory { get; private set; }

    /// <summary>Makes room for a reading behind everything else.</summary>
    /// <param name="users">What uses the store; its places are adjusted when it grows.</param>
    /// <returns>Where the room begins; -1 where there is none.</returns>
    public int Reserve(CrossingQueue users)
    {
        if (users.Count == 0)
        {
            (_head, _tail) = (0, 0);
        }

        if (!HasRoom(ref _tail) && !(Grow(users) && HasRoom(ref _tail)))
        {
            return -1;
        }

        return _tail;
    }

    /// <summary>Keeps what was read: everything up to here.</summary>
    public void Keep(int end) => _tail = end;

    /// <summary>Gives back everything before a place.</summary>
    public void Release(int end) => _head = end;

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(Memory);
        Memory = null;
    }

    // What is used lies between head and tail, or from head to wrap and from the beginning to tail.
    private bool HasRoom(ref int tail)
    {
        if (tail < _head)
        {
            return tail + ReadMax < _head;
        }

        if (tail + ReadMax <= _capacity)
        {
            return true;
        }

        if (ReadMax >= _head)
        {
            return false;
        }

        (_wrap, tail) = (tail, 0);
        return true;
    }

    private bool Grow(CrossingQueue users)
    {
        if (_capacity > BytesMax / 2)
        {
            return false;
        }

        var larger = (byte*)NativeMemory.Alloc((nuint)_capacity * 2);
        var isWrapped = _tail < _head;
        var first = (isWrapped ? _wrap : _tail) - _head;
        Buffer.MemoryCopy(Memory + _head, larger, first, first);
        if (isWrapped)
        {
            Buffer.MemoryCopy(Memory, larger + first, _tail, _tail);
        }

        for (var index = 0; index < users.Count; index++)
        {
            ref var crossing = ref users[index];
            crossing.Start = Moved(crossing.Start, first);
            crossing.PayloadStart = Moved(crossing.PayloadStart, first);
            crossing.Release = crossing.Release < 0 ? -1 : MovedEnd(crossing.Release, first);
        }

        NativeMemory.Free(Memory);
        (_tail, _head) = (isWrapped ? first + _tail : first, 0);
        Memory = larger;
        _capacity *= 2;
        return true;
    }

    private int Moved(int place, int first) => place >= _head ? place - _head : place + first;

    // An end may be where the first part ends, which is no place of the second.
    private int MovedEnd(int end, int first) => end > _head ? end - _head : end + first;
}
