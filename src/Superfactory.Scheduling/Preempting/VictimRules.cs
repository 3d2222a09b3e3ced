namespace Superfactory.Scheduling.Preempting;

/// <summary>Who may be stopped for one request, and in which order. Not safe for concurrent use.</summary>
internal sealed class VictimRules(FleetState state)
{
    private readonly int[] _marked = new int[state.Layout.Domains.Length];
    private readonly int[] _own = new int[state.Layout.Domains.Length];
    private readonly List<int> _ownDomains = [];
    private int _mark;
    private int _queue, _type, _priority;
    private bool _guaranteed, _ownedGiveWay;
    private long _now;

    /// <summary>Whether jobs of its own queue that it outranks may be stopped.</summary>
    public bool HasOwn { get; private set; }

    /// <summary>The first queue that somebody may be stopped of.</summary>
    public int FirstQueue => _guaranteed ? 0 : _queue;

    /// <summary>The last one.</summary>
    public int LastQueue => _guaranteed ? state.Queues.Queues.Length - 1 : _queue;

    /// <summary>Sets the rules up for a request. <see cref="FleetState.Spare"/> has been called.</summary>
    public void Prepare(GangRequest request, int queue, int type, bool guaranteed, long now)
    {
        (_queue, _type, _priority, _guaranteed, _now, _ownedGiveWay, HasOwn) = (queue, type, request.Priority, guaranteed, now, true, false);
        _mark++;
        _ownDomains.Clear();
        if (!state.HasBelow(queue, request.Priority))
        {
            return;
        }

        // Owned jobs give way to a job that becomes owned in their place, and to no other: else who gave way could take it back, and so on without end.
        var room = state.Quota.Own(queue, type) - state.Quota.Owned(queue, type);
        foreach (var job in state.JobsOf(queue))
        {
            room += job.IsOwned && MayStop(job) ? job.Accelerators : 0;
        }

        _ownedGiveWay = room >= (long)request.IslandsMin * request.AcceleratorsPerIsland;
        foreach (var job in state.JobsOf(queue))
        {
            if (MayStop(job))
            {
                HasOwn = true;
                foreach (var slice in job.Slices)
                {
                    if (_marked[slice.Domain] != _mark)
                    {
                        (_marked[slice.Domain], _own[slice.Domain]) = (_mark, 0);
                        _ownDomains.Add(slice.Domain);
                    }

                    _own[slice.Domain] += slice.Count;
                }
            }
        }
    }

    /// <summary>Whether a job may be stopped.</summary>
    public bool MayStop(RunningJob job)
    {
        if (job.Type != _type || _now < job.MinimumEnd)
        {
            return false;
        }

        var below = job.Queue == _queue ? job.Priority < _priority : _guaranteed;
        return below && (job.IsOwned ? _ownedGiveWay && job.Queue == _queue : !job.IsSpared);
    }

    /// <summary>Whether a domain could have so many free; true may turn out to be too much, false not.</summary>
    public bool MayHave(int domain, int slice)
    {
        var own = _marked[domain] == _mark ? _own[domain] : 0;
        return (_guaranteed ? state.Reclaimable.At(domain) : state.Domains.Free(domain)) + own >= slice;
    }

    /// <summary>Whether a pool could have so many domains with so many free; true may turn out to be too much, false not.</summary>
    public bool MayHave(int pool, int slices, int slice)
    {
        var place = state.Layout.Pools[pool];
        var count = _guaranteed ? state.Reclaimable.CountFrom(pool, slice)
            : state.Domains.Index(pool)?.CountFrom(slice) ?? (state.Domains.Free(place.First) >= slice ? 1 : 0);
        for (var next = 0; count < slices && next < _ownDomains.Count; next++)
        {
            var domain = _ownDomains[next];
            var without = _guaranteed ? state.Reclaimable.At(domain) : state.Domains.Free(domain);
            count += domain >= place.First && domain < place.First + place.Count && without < slice && MayHave(domain, slice) ? 1 : 0;
        }

        return count >= slices;
    }

    /// <summary>Borrowed before owned, of owned ones the lower priority first, then what loses the least for each accelerator, then the younger.</summary>
    public static int Compare(RunningJob one, RunningJob other, long now)
    {
        var order = one.IsOwned.CompareTo(other.IsOwned);
        order = order != 0 || !one.IsOwned ? order : one.Priority.CompareTo(other.Priority);
        order = order != 0 ? order : one.LossPerAccelerator(now).CompareTo(other.LossPerAccelerator(now));
        return order != 0 ? order : other.Request.Job.CompareTo(one.Request.Job);
    }
}
