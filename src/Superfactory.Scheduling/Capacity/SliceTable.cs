namespace Superfactory.Scheduling.Capacity;

/// <summary>
/// Who holds what in each domain, and the least that stopping somebody of them loses. The slices' numbers lie in one array, those of a domain side by
/// side. Not safe for concurrent use.
/// </summary>
internal sealed class SliceTable
{
    private const int FirstRoom = 4;

    private readonly SliceStore _store;
    private readonly Room[] _rooms;
    private readonly Bound[] _bounds;
    private int[] _slices;
    private int _end;

    /// <summary>A table of nothing held.</summary>
    public SliceTable(int domains, SliceStore store)
    {
        (_store, _rooms, _bounds) = (store, new Room[domains], new Bound[domains]);
        Array.Fill(_bounds, Bound.None);
        (_slices, _end) = (new int[domains * FirstRoom * 2], domains * FirstRoom);
        for (var domain = 0; domain < domains; domain++)
        {
            _rooms[domain] = new Room(domain * FirstRoom, FirstRoom, 0);
        }
    }

    /// <summary>What is held of a domain, in no order. Valid until the next change.</summary>
    public ReadOnlySpan<int> In(int domain) => _slices.AsSpan(_rooms[domain].Start, _rooms[domain].Count);

    /// <summary>A slice is held.</summary>
    public void Add(int slice)
    {
        var domain = _store[slice].Domain;
        ref var room = ref _rooms[domain];
        if (room.Count == room.Size)
        {
            Widen(ref room);
        }

        _slices[room.Start + room.Count] = slice;
        room.Count++;
        Lessen(slice);
    }

    /// <summary>A slice is held no longer.</summary>
    public void Remove(int slice)
    {
        var domain = _store[slice].Domain;
        ref var room = ref _rooms[domain];
        var slices = _slices.AsSpan(room.Start, room.Count);
        slices[slices.IndexOf(slice)] = slices[^1];
        room.Count--;
        if (room.Count == 0)
        {
            _bounds[domain] = Bound.None;
        }
    }

    /// <summary>A borrowed job's slice counts for the least that a stop loses.</summary>
    public void Lessen(int slice)
    {
        ref readonly var held = ref _store[slice];
        if (!held.Job.IsOwned)
        {
            ref var bound = ref _bounds[held.Domain];
            bound = new Bound(Math.Max(bound.Newest, held.Job.CheckpointMilliseconds - held.Job.StopCost), Math.Min(bound.Least, held.Job.Accelerators));
        }
    }

    /// <summary>Looks anew at the jobs of a domain, of which some have gone.</summary>
    public void Tighten(int domain)
    {
        _bounds[domain] = Bound.None;
        foreach (var slice in In(domain))
        {
            Lessen(slice);
        }
    }

    /// <summary>
    /// No more than is lost where so many accelerators of borrowed jobs are freed in a domain: at least the smallest job stops, and each of its accelerators loses
    /// what the one that loses the least does.
    /// </summary>
    public long LeastLoss(int domain, int accelerators, long now)
    {
        ref readonly var bound = ref _bounds[domain];
        return bound.Least == int.MaxValue ? 0 : Math.Max(accelerators, bound.Least) * Math.Max(0, now - bound.Newest);
    }

    /// <summary>Gives a domain twice the room, at the end. Rooms that were left are taken out once they are half of all.</summary>
    private void Widen(ref Room room)
    {
        var size = room.Size * 2;
        if (_end + size > _slices.Length)
        {
            Close(size);
        }

        _slices.AsSpan(room.Start, room.Count).CopyTo(_slices.AsSpan(_end));
        (room.Start, room.Size) = (_end, size);
        _end += size;
    }

    private void Close(int more)
    {
        var used = more;
        foreach (ref readonly var room in _rooms.AsSpan())
        {
            used += room.Size;
        }

        var slices = new int[used * 2];
        _end = 0;
        foreach (ref var room in _rooms.AsSpan())
        {
            _slices.AsSpan(room.Start, room.Count).CopyTo(slices.AsSpan(_end));
            room.Start = _end;
            _end += room.Size;
        }

        _slices = slices;
    }

    private record struct Room(int Start, int Size, int Count);

    /// <summary>Of a domain's borrowed jobs: the latest checkpoint less the cost of stopping, and the fewest accelerators. May be of jobs that have gone.</summary>
    private readonly record struct Bound(long Newest, int Least)
    {
        public static readonly Bound None = new(long.MinValue / 2, int.MaxValue);
    }
}
