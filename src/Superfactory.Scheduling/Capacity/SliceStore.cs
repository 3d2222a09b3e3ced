namespace Superfactory.Scheduling.Capacity;

/// <summary>What a job holds of one domain, as its entry in the <see cref="SliceStore"/>.</summary>
internal struct HeldSlice
{
    /// <summary>How many of each node, four bits each from the lowest; 0 where a domain is one node or the site places its gangs.</summary>
    public UInt128 Nodes;

    /// <summary>Whose it is; null where the entry is free.</summary>
    public RunningJob Job;

    /// <summary>The watts that it adds.</summary>
    public long Watts;

    /// <summary>The domain.</summary>
    public int Domain;

    /// <summary>Accelerators.</summary>
    public int Count;

    /// <summary>The island, from 0.</summary>
    public int Island;

    /// <summary>Its entry among those of its queue.</summary>
    public int Place;

    /// <summary>The next slice of the job, or the next free entry; 0 where there is none.</summary>
    public int Next;

    /// <summary>Its kind of hardware.</summary>
    public short Type;
}

/// <summary>
/// All slices that jobs hold, one entry each in a single array. Tens of thousands of objects that come and go, and what refers to them all over the heap, are
/// what the collector takes long for; entries of an array cost it next to nothing. Not safe for concurrent use.
/// </summary>
internal sealed class SliceStore
{
    private const int FirstRoom = 256;

    // Entry 0 is nobody's: 0 says that there is none.
    private HeldSlice[] _entries = new HeldSlice[FirstRoom];
    private int _end = 1;
    private int _free;

    /// <summary>A slice by its number, from 1. Valid until the next <see cref="Add"/>.</summary>
    public ref HeldSlice this[int slice] => ref _entries[slice];

    /// <summary>Makes an entry, the last of its job's.</summary>
    /// <returns>Its number.</returns>
    public int Add(in HeldSlice slice)
    {
        var at = _free;
        if (at != 0)
        {
            _free = _entries[at].Next;
        }
        else
        {
            at = _end++;
            if (at == _entries.Length)
            {
                Array.Resize(ref _entries, at * 2);
            }
        }

        _entries[at] = slice;
        var job = slice.Job;
        if (job.LastSlice == 0)
        {
            job.FirstSlice = at;
        }
        else
        {
            _entries[job.LastSlice].Next = at;
        }

        job.LastSlice = at;
        return at;
    }

    /// <summary>Forgets the slices of a job.</summary>
    public void Free(RunningJob job)
    {
        for (var at = job.FirstSlice; at != 0;)
        {
            var next = _entries[at].Next;
            _entries[at] = new HeldSlice { Next = _free };
            (_free, at) = (at, next);
        }

        (job.FirstSlice, job.LastSlice) = (0, 0);
    }

    /// <summary>The slices of a job, island after island. Valid until the next <see cref="Add"/>.</summary>
    public JobSlices Of(RunningJob job) => new(_entries, job.FirstSlice);

    /// <summary>The slices of a list. Valid until the next <see cref="Add"/>.</summary>
    public ListedSlices Of(ReadOnlySpan<int> slices) => new(_entries, slices);
}

/// <summary>The slices of a job, to be gone through once.</summary>
internal ref struct JobSlices(HeldSlice[] entries, int first)
{
    private int _next = first;

    /// <summary>The number of the slice.</summary>
    public int Number { get; private set; }

    /// <summary>The slice.</summary>
    public readonly ref HeldSlice Current => ref entries[Number];

    /// <summary>Itself.</summary>
    public readonly JobSlices GetEnumerator() => this;

    /// <summary>Goes on to the next one.</summary>
    public bool MoveNext()
    {
        Number = _next;
        if (Number == 0)
        {
            return false;
        }

        _next = entries[Number].Next;
        return true;
    }
}

/// <summary>The slices of a list of numbers, to be gone through once.</summary>
internal ref struct ListedSlices(HeldSlice[] entries, ReadOnlySpan<int> slices)
{
    private readonly ReadOnlySpan<int> _slices = slices;
    private int _at = -1;

    /// <summary>The slice.</summary>
    public readonly ref HeldSlice Current => ref entries[_slices[_at]];

    /// <summary>Itself.</summary>
    public readonly ListedSlices GetEnumerator() => this;

    /// <summary>Goes on to the next one.</summary>
    public bool MoveNext() => ++_at < _slices.Length;
}
