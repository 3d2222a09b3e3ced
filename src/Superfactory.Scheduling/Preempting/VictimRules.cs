using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Preempting;

/// <summary>Who may be stopped for one request, and in which order. Not safe for concurrent use.</summary>
internal sealed class VictimRules
{
    private readonly FleetState _state;
    private readonly bool _hasAging;
    private readonly Own[] _own;
    private readonly List<int> _ownDomains = [];
    private readonly List<(int Domain, int Count)> _owned = [];
    private readonly int[]?[] _more;
    private readonly int[] _moreMarks;
    private int _mark;
    private int _queue, _type, _priority;
    private bool _guaranteed, _ownedGiveWay;
    private long _now;
    private GangRequest? _request;
    private ReclaimIndex _reclaimable;

    /// <summary>Rules for that state.</summary>
    public VictimRules(FleetState state)
    {
        (_state, _reclaimable) = (state, state.Reclaimable);
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
        (_request, _reclaimable) = (request, _state.LooksAhead ? _state.ReclaimableLater : _state.Reclaimable);
        _mark++;
        _ownDomains.Clear();
        if (!_state.HasBelow(queue, request.Priority))
        {
            return;
        }

        // Owned jobs give way to a job that becomes owned in their place, and to no other: else who gave way could take it back, and so on without end.
        var room = _state.Quota.Own(queue, type) - _state.Quota.Owned(queue, type);
        var hasSpared = _state.HasSpared(queue);
        _owned.Clear();
        foreach (ref readonly var entry in _state.HeldBy(queue))
        {
            if (entry.Priority >= request.Priority || entry.Slice == 0 || entry.Type != type || now < entry.MinimumEnd || (_hasAging && !Outranks(entry)))
            {
                continue;
            }

            if (entry.IsOwned)
            {
                room += entry.Count;
                _owned.Add((entry.Domain, entry.Count));
            }
            else if (!hasSpared || !_state.Slice(entry.Slice).Job.IsSpared)
            {
                MayLeave(entry.Domain, entry.Count);
            }
        }

        _ownedGiveWay = room >= (long)request.IslandsMin * request.AcceleratorsPerIsland;
        foreach (var (domain, count) in _ownedGiveWay ? CollectionsMarshal.AsSpan(_owned) : [])
        {
            MayLeave(domain, count);
        }

        HasOwn = _ownDomains.Count > 0;
    }

    /// <summary>Whether a job may be stopped.</summary>
    public bool MayStop(RunningJob job)
    {
        if (job.Queue != _queue && (!_guaranteed || job.IsOwned || job.IsSpared))
        {
            // Most are told apart by what lies together.
            return false;
        }

        if (_now < job.MinimumEnd || ((job.Type != _type || !job.Others.IsEmpty) && job.Of(_type) == 0))
        {
            return false;
        }

        return job.Queue != _queue
            || (job.Priority < _priority && (!_hasAging || _state.Queues.Order.Outranks(_request!, job.Request)) && (job.IsOwned ? _ownedGiveWay : !job.IsSpared));
    }

    /// <summary>Whether a domain could have so many free; true may turn out to be too much, false not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayHave(int domain, int slice) => Without(domain) + OwnIn(domain) >= slice;

    /// <summary>Whether jobs of its own queue may be stopped in a domain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasOwnIn(int domain) => _own[domain].Mark == _mark;

    /// <summary>Whether a pool could have so many domains with so many free; true may turn out to be too much, false not.</summary>
    public bool MayHave(int pool, int slices, int slice)
    {
        if (_more[pool] is not { } more)
        {
            return slices <= 1 && MayHave(_state.Layout.Pools[pool].First, slice);
        }

        var count = _guaranteed ? _reclaimable.CountFrom(pool, slice) : _state.Domains.Index(pool)!.CountFrom(slice);
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

    private bool Outranks(in QueueSlice entry) => _state.Queues.Order.Outranks(_request!, _state.Slice(entry.Slice).Job.Request);

    /// <summary>So many of a domain are held by jobs of the request's own queue that may be stopped.</summary>
    private void MayLeave(int domain, int count)
    {
        ref var own = ref _own[domain];
        if (own.Mark != _mark)
        {
            own = new Own(_mark, 0);
            _ownDomains.Add(domain);
        }

        own = own with { Count = own.Count + count };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int OwnIn(int domain) => _own[domain].Mark == _mark ? _own[domain].Count : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Without(int domain) => _guaranteed ? _reclaimable.At(domain) : _state.Domains.Free(domain);

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
