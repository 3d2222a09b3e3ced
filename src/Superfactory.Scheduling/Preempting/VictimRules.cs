using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Preempting;

/// <summary>Who may be stopped for one request, and in which order. Not safe for concurrent use.</summary>
internal sealed class VictimRules
{
    private readonly FleetState _state;
    private readonly bool _hasAging;
    private readonly Own[] _own;
    private readonly List<int> _ownDomains = [];
    private readonly int[]?[] _more;
    private readonly int[] _moreMarks;
    private int _mark;
    private int _queue, _type, _priority;
    private bool _guaranteed, _ownedGiveWay;
    private long _now;
    private GangRequest? _request;

    /// <summary>Rules for that state.</summary>
    public VictimRules(FleetState state)
    {
        _state = state;
        _hasAging = state.Queues.Order.HasAging;
        _own = new Own[state.Layout.Domains.Length];
        _more = new int[state.Layout.Pools.Length][];
        _moreMarks = new int[_more.Length];
        for (var pool = 0; pool < _more.Length; pool++)
        {
            _more[pool] = state.Domains.Index(pool) is null ? null : new int[state.Layout.Pools[pool].Capacity + 2];
        }
    }

    /// <summary>Whether jobs of its own queue that it outranks may be stopped.</summary>
    public bool HasOwn { get; private set; }

    /// <summary>The first queue that somebody may be stopped of.</summary>
    public int FirstQueue => _guaranteed ? 0 : _queue;

    /// <summary>The last one.</summary>
    public int LastQueue => _guaranteed ? _state.Queues.Queues.Length - 1 : _queue;

    /// <summary>Sets the rules up for a request. <see cref="FleetState.Spare"/> has been called.</summary>
    public void Prepare(GangRequest request, int queue, int type, bool guaranteed, long now)
    {
        (_queue, _type, _priority, _guaranteed, _now, _ownedGiveWay, HasOwn) = (queue, type, request.Priority, guaranteed, now, true, false);
        _request = request;
        _mark++;
        _ownDomains.Clear();
        if (!_state.HasBelow(queue, request.Priority))
        {
            return;
        }

        // Owned jobs give way to a job that becomes owned in their place, and to no other: else who gave way could take it back, and so on without end.
        var room = _state.Quota.Own(queue, type) - _state.Quota.Owned(queue, type);
        var held = _state.HeldBy(queue);
        foreach (ref readonly var entry in held)
        {
            room += entry.IsOwned && IsBelow(entry) ? entry.Count : 0;
        }

        _ownedGiveWay = room >= (long)request.IslandsMin * request.AcceleratorsPerIsland;
        var hasSpared = _state.HasSpared(queue);
        foreach (ref readonly var entry in held)
        {
            if (!IsBelow(entry) || !(entry.IsOwned ? _ownedGiveWay : !hasSpared || !_state.Slice(entry.Slice).Job.IsSpared))
            {
                continue;
            }

            HasOwn = true;
            ref var own = ref _own[entry.Domain];
            if (own.Mark != _mark)
            {
                own = new Own(_mark, 0);
                _ownDomains.Add(entry.Domain);
            }

            own = own with { Count = own.Count + entry.Count };
        }
    }

    /// <summary>Whether a job may be stopped.</summary>
    public bool MayStop(RunningJob job)
    {
        if (job.Of(_type) == 0 || _now < job.MinimumEnd)
        {
            return false;
        }

        var below = job.Queue == _queue ? job.Priority < _priority && (!_hasAging || _state.Queues.Order.Outranks(_request!, job.Request)) : _guaranteed;
        return below && (job.IsOwned ? _ownedGiveWay && job.Queue == _queue : !job.IsSpared);
    }

    /// <summary>Whether a domain could have so many free; true may turn out to be too much, false not.</summary>
    public bool MayHave(int domain, int slice) => Without(domain) + OwnIn(domain) >= slice;

    /// <summary>Whether jobs of its own queue may be stopped in a domain.</summary>
    public bool HasOwnIn(int domain) => _own[domain].Mark == _mark;

    /// <summary>Whether a pool could have so many domains with so many free; true may turn out to be too much, false not.</summary>
    public bool MayHave(int pool, int slices, int slice)
    {
        if (_more[pool] is not { } more)
        {
            return slices <= 1 && MayHave(_state.Layout.Pools[pool].First, slice);
        }

        var count = _guaranteed ? Reclaimable.CountFrom(pool, slice) : _state.Domains.Index(pool)!.CountFrom(slice);
        if (count >= slices || !HasOwn)
        {
            return count >= slices;
        }

        if (_moreMarks[pool] != _mark)
        {
            _moreMarks[pool] = _mark;
            CountMore(_state.Layout.Pools[pool].First, _state.Layout.Pools[pool].Count, more);
        }

        return count + more[slice] >= slices;
    }

    /// <summary>Borrowed before owned, of owned ones the lower priority first, then what loses the least for each accelerator, then the younger.</summary>
    public static int Compare(RunningJob one, RunningJob other, long now)
    {
        var order = one.IsOwned.CompareTo(other.IsOwned);
        order = order != 0 || !one.IsOwned ? order : one.Priority.CompareTo(other.Priority);
        order = order != 0 ? order : one.LossPerAccelerator(now).CompareTo(other.LossPerAccelerator(now));
        return order != 0 ? order : other.Number.CompareTo(one.Number);
    }

    private bool IsBelow(in QueueSlice entry) => entry.Priority < _priority && entry.Type == _type && _now >= entry.MinimumEnd && entry.Slice != 0 && (!_hasAging || _state.Queues.Order.Outranks(_request!, _state.Slice(entry.Slice).Job.Request));

    private int OwnIn(int domain) => _own[domain].Mark == _mark ? _own[domain].Count : 0;

    private ReclaimIndex Reclaimable => _state.LooksAhead ? _state.ReclaimableLater : _state.Reclaimable;

    private int Without(int domain) => _guaranteed ? Reclaimable.At(domain) : _state.Domains.Free(domain);

    /// <summary>For each level, the domains of a pool that reach it only without jobs of the request's own queue.</summary>
    private void CountMore(int first, int count, int[] more)
    {
        Array.Clear(more);
        foreach (var domain in _ownDomains)
        {
            if (domain >= first && domain < first + count)
            {
                var without = Without(domain);
                more[Math.Max(0, without) + 1 < more.Length ? Math.Max(0, without) + 1 : more.Length - 1]++;
                more[Math.Min(without + OwnIn(domain), more.Length - 2) + 1]--;
            }
        }

        for (var level = 1; level < more.Length; level++)
        {
            more[level] += more[level - 1];
        }
    }

    private readonly record struct Own(int Mark, int Count);
}
