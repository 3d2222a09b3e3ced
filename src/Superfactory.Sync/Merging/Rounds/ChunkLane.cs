namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What goes to one peer in the current attempt, and what of it waits in the host.</summary>
internal sealed class ChunkLane(int chunks)
{
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

    /// <summary>Chunks that wait in the host.</summary>
    public int Waiting { get; private set; }

    /// <summary>Chunks handed to the host after the last one of the contribution.</summary>
    private int AfterOwn { get; set; }

    /// <summary>Whether the host has passed on every chunk of the contribution that it was given.</summary>
    public bool OwnCarried => Waiting <= AfterOwn;

    /// <summary>A chunk was handed to the host.</summary>
    public void Emit(bool own)
    {
        Waiting++;
        AfterOwn = own ? 0 : AfterOwn + 1;
    }

    /// <summary>The host has passed on the oldest chunks that it was given; it keeps none of their bytes.</summary>
    public void Carry(int count) => Waiting = Math.Max(0, Waiting - count);

    /// <summary>A new connection: the host holds nothing for the peer.</summary>
    public void Empty() => (Waiting, AfterOwn, Open) = (0, 0, false);

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
