using System.Runtime.InteropServices;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What goes to one peer in the current attempt, and what waits in the host, of this attempt and of any before it.</summary>
internal sealed class ChunkLane(int chunks)
{
    private readonly ReadOnlyMemory<byte>[] _waiting = new ReadOnlyMemory<byte>[MergeLimits.ChunksWaitingMax];
    private int _oldest;

    /// <summary>Whether the peer has said in this conversation what it has: before that it is sent no chunk.</summary>
    public bool Open { get; set; }

    /// <summary>Chunks of this island's contribution that the peer has or was sent in this conversation.</summary>
    public ChunkSet Own { get; } = new(chunks);

    /// <summary>Chunks of results that this island leads which the peer has or was sent in this conversation.</summary>
    public ChunkSet Results { get; private set; } = new(chunks);

    /// <summary>The first chunk of the contribution that may not be sent yet.</summary>
    public int Bound { get; set; }

    /// <summary>Where to look for the next chunk of the contribution: all before it are sent, or are not for this peer.</summary>
    public int OwnNext { get; set; }

    /// <summary>Where to look for the next result among those that are ready.</summary>
    public int ResultNext { get; set; }

    /// <summary>Of the round before: chunks of results that the peer was sent.</summary>
    public ChunkSet Late { get; private set; } = new(chunks);

    /// <summary>Where to look for the next of those.</summary>
    public int LateNext { get; set; } = int.MaxValue;

    /// <summary>Chunks, and pieces of state, that wait in the host.</summary>
    public int Waiting { get; private set; }

    /// <summary>Whether the host has room for another.</summary>
    public bool HasRoom => Waiting < MergeLimits.ChunksWaitingMax;

    /// <summary>Chunks handed to the host after the last one of the contribution.</summary>
    private int AfterOwn { get; set; }

    /// <summary>Whether the host has passed on every chunk of the contribution that it was given.</summary>
    public bool OwnCarried => Waiting <= AfterOwn;

    /// <summary>A chunk or a piece was handed to the host; only where it <see cref="HasRoom"/>.</summary>
    public void Emit(bool own, ReadOnlyMemory<byte> bytes)
    {
        _waiting[(_oldest + Waiting) % _waiting.Length] = bytes;
        Waiting++;
        AfterOwn = own ? 0 : AfterOwn + 1;
    }

    /// <summary>The host has passed on the oldest that it was given; it keeps none of their bytes.</summary>
    public void Carry(int count)
    {
        for (; count > 0 && Waiting > 0; count--)
        {
            _waiting[_oldest] = default;
            _oldest = (_oldest + 1) % _waiting.Length;
            Waiting--;
        }
    }

    /// <summary>Whether something that waits in the host lies in <paramref name="memory"/>.</summary>
    public bool Reads(ReadOnlySpan<byte> memory)
    {
        for (var place = 0; place < Waiting; place++)
        {
            if (memory.Overlaps(_waiting[(_oldest + place) % _waiting.Length].Span))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether something that waits in the host lies in <paramref name="memory"/>, whose bytes may be more than a span has.</summary>
    public bool Reads(ReadOnlySpan<float> memory)
    {
        for (var place = 0; place < Waiting; place++)
        {
            if (memory.Overlaps(MemoryMarshal.Cast<byte, float>(_waiting[(_oldest + place) % _waiting.Length].Span)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A new connection: the host holds nothing for the peer.</summary>
    public void Empty()
    {
        Array.Clear(_waiting);
        (Waiting, AfterOwn, Open) = (0, 0, false);
    }

    /// <summary>The round is applied here: what the peer was not sent of its results is late.</summary>
    public void KeepLate() => (Late, Results, LateNext) = (Results, Late, ResultNext);

    /// <summary>Another round or attempt, of which the peer has nothing.</summary>
    public void Restart(int bound)
    {
        Own.Clear();
        Results.Clear();
        (Bound, OwnNext, ResultNext) = (bound, 0, 0);
    }
}
