using System.Runtime.InteropServices;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Preempting;

/// <summary>
/// Finds who gives way for a request that is within its queue's guarantee, or outranks others of its own queue: borrowed before owned, the cheapest first by
/// what is lost. Works on the state and leaves it as it was. Not safe for concurrent use.
/// </summary>
internal sealed class VictimSearch(FleetState state, GangSearch gangs)
{
    // More than all borrowed jobs together can lose.
    private static readonly Int128 _ownedCost = Int128.One << 80;

    private readonly List<RunningJob> _possible = [];
    private readonly HashSet<long> _chosen = [];
    private readonly HashSet<long> _spared = [];
    private readonly List<RunningJob> _candidates = [];
    private readonly Dictionary<int, long> _left = [];
    private readonly List<RunningJob> _stopped = [];
    private readonly List<(Int128 Cost, int Domain)> _costs = [];
    private readonly List<Slice> _inDomain = [];

    /// <summary>Finds a plan with victims; null where none would help.</summary>
    public Plan? Find(GangRequest request, long now)
    {
        var queue = state.Queues.Find(request.Queue);
        foreach (var type in GangSearch.Types(request))
        {
            var guaranteed = state.Quota.IsWithinGuarantee(queue, type, (long)request.IslandsMin * request.AcceleratorsPerIsland);
            if (!guaranteed && !state.HasBelow(queue, request.Priority))
            {
                continue;
            }

            CollectPossible(request, queue, type, guaranteed, now);
            if (_possible.Count > 0 && FindOfType(request with { Hardware = [Model.Fleet.HardwareCatalogue.All[type].Name] }, type, now) is { } plan)
            {
                return plan with { Request = request };
            }
        }

        return null;
    }

    /// <summary>
    /// Borrowed jobs that would fit into what their queues' guarantees have left are no victims: a queue loses nothing but what it uses beyond its
    /// guarantee. The longest running are spared first.
    /// </summary>
    private void CollectSpared(int type)
    {
        _spared.Clear();
        _candidates.Clear();
        foreach (var job in state.Borrowed(type))
        {
            if (state.Quota.IsWithinGuarantee(job.Queue, type, job.Accelerators))
            {
                _candidates.Add(job);
            }
        }

        _candidates.Sort(static (left, right) => left.StartMilliseconds.CompareTo(right.StartMilliseconds) is var order && order != 0 ? order : left.Request.Job.CompareTo(right.Request.Job));
        _left.Clear();
        foreach (var job in _candidates)
        {
            ref var left = ref CollectionsMarshal.GetValueRefOrAddDefault(_left, job.Queue, out var known);
            left = known ? left : state.Quota.Own(job.Queue, type) - state.Quota.Owned(job.Queue, type);
            if (job.Accelerators <= left)
            {
                left -= job.Accelerators;
                _spared.Add(job.Request.Job);
            }
        }
    }

    private void CollectPossible(GangRequest request, int queue, int type, bool guaranteed, long now)
    {
        CollectSpared(type);
        _possible.Clear();
        foreach (var job in state.Borrowed(type))
        {
            var below = job.Queue == queue ? job.Request.Priority < request.Priority : guaranteed;
            if (below && MayStop(job, now) && !_spared.Contains(job.Request.Job))
            {
                _possible.Add(job);
            }
        }

        // Owned jobs give way to a job that becomes owned in their place, and to no other: else who gave way could take it back, and so on without end.
        var borrowed = _possible.Count;
        var room = state.Quota.Own(queue, type) - state.Quota.Owned(queue, type);
        foreach (var job in state.OwnedOf(queue))
        {
            if (job.Type == type && job.Request.Priority < request.Priority && MayStop(job, now))
            {
                _possible.Add(job);
                room += job.Accelerators;
            }
        }

        if (room < (long)request.IslandsMin * request.AcceleratorsPerIsland)
        {
            _possible.RemoveRange(borrowed, _possible.Count - borrowed);
        }

        // The cheapest first; borrowed before owned. The number makes the order total.
        _possible.Sort(new VictimOrder(now));
    }

    private static bool MayStop(RunningJob job, long now) => now - job.StartMilliseconds >= job.Request.MinimumRunMilliseconds;

    /// <summary>Whether a plan that was found with some stopped may come true.</summary>
    private bool IsAllowed(Plan plan)
    {
        if (!plan.Starts || plan.IsOwned)
        {
            return plan.Starts;
        }

        foreach (var job in _stopped)
        {
            if (job.IsOwned)
            {
                return false;
            }
        }

        return true;
    }

    private Plan? FindOfType(GangRequest request, int type, long now)
    {
        _stopped.Clear();
        _chosen.Clear();
        ChooseDomains(request, type, now);
        var plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMin);

        // Clearing domains was not enough, for power or rates or quota: more of them, twice as many each time, the cheapest first.
        var batch = 1;
        for (var next = 0; !IsAllowed(plan) && next < _possible.Count;)
        {
            for (var end = Math.Min(_possible.Count, next + batch); next < end; next++)
            {
                Stop(_possible[next]);
            }

            batch *= 2;
            plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMin);
        }

        var allowed = IsAllowed(plan);
        if (allowed)
        {
            KeepWhoCanStay(plan, now);
        }

        foreach (var job in _stopped)
        {
            state.Restore(job);
        }

        return !allowed || _stopped.Count == 0 ? null : plan with
        {
            Victims = [.. _stopped.OrderBy(static job => job.Request.Job).Select(job => new Victim(job.Request.Job, job.IsOwned, job.Loss(now)))],
        };
    }

    private void Stop(RunningJob job)
    {
        if (_chosen.Add(job.Request.Job))
        {
            state.Detach(job);
            _stopped.Add(job);
        }
    }

    /// <summary>Clears, at as many sites as the request needs at least, the domains in which the least is lost.</summary>
    private void ChooseDomains(GangRequest request, int type, long now)
    {
        var allowed = new HashSet<long>(_possible.Count);
        foreach (var job in _possible)
        {
            allowed.Add(job.Request.Job);
        }

        List<(Int128 Cost, int Pool, List<int> Domains)> sites = [];
        foreach (var pool in state.PoolsOfType[type])
        {
            var place = state.Layout.Pools[pool];
            var slices = ((request.AcceleratorsPerIsland - 1) / place.Capacity) + 1;
            while (slices < place.Count && request.AcceleratorsPerIsland % slices != 0)
            {
                slices++;
            }

            if (slices > place.Count || request.AcceleratorsPerIsland % slices != 0)
            {
                continue;
            }

            if (Cheapest(place, slices, request.AcceleratorsPerIsland / slices, request.Within, allowed, now, out var cost) is { } domains)
            {
                sites.Add((cost, pool, domains));
            }
        }

        sites.Sort(static (left, right) => left.Cost.CompareTo(right.Cost) is var order && order != 0 ? order : left.Pool.CompareTo(right.Pool));
        foreach (var (_, pool, domains) in sites.Take(request.IslandsMin))
        {
            var place = state.Layout.Pools[pool];
            var slices = domains.Count;
            foreach (var domain in domains)
            {
                Clear(domain, request.AcceleratorsPerIsland / slices, allowed, now);
            }
        }
    }

    /// <summary>The domains of a pool that cost the least to clear, near each other as the request wants; null where there are too few.</summary>
    private List<int>? Cheapest(PoolPlace place, int slices, int slice, Within within, HashSet<long> allowed, long now, out Int128 cost)
    {
        _costs.Clear();
        for (var domain = place.First; domain < place.First + place.Count; domain++)
        {
            if (CostOf(domain, slice, allowed, now) is var each && each >= 0)
            {
                _costs.Add((each, domain));
            }
        }

        cost = 0;
        if (_costs.Count < slices)
        {
            return null;
        }

        _costs.Sort();
        if (within == Within.Site || slices == 1)
        {
            return Sum(_costs.Take(slices), out cost);
        }

        List<int>? best = null;
        foreach (var group in _costs.GroupBy(entry => GroupOf(entry.Domain, within)).OrderBy(static group => group.Key).Where(group => group.Count() >= slices))
        {
            var domains = Sum(group.Take(slices), out var sum);
            if (best is null || sum < cost)
            {
                (best, cost) = (domains, sum);
            }
        }

        return best;
    }

    private static List<int> Sum(IEnumerable<(Int128 Cost, int Domain)> chosen, out Int128 cost)
    {
        cost = 0;
        List<int> domains = [];
        foreach (var (each, domain) in chosen)
        {
            cost += each;
            domains.Add(domain);
        }

        return domains;
    }

    private int GroupOf(int domain, Within within)
    {
        var rack = state.Layout.Domains[domain].Rack;
        var row = state.Layout.Racks[rack].Row;
        return within switch { Within.Rack => rack, Within.Row => row, _ => state.Layout.Rows[row].Floor };
    }

    /// <summary>What is lost by making room in a domain; −1 where even all possible victims leave too little.</summary>
    private Int128 CostOf(int domain, int slice, HashSet<long> allowed, long now)
    {
        var free = state.Domains.Free(domain);
        if (free >= slice)
        {
            return 0;
        }

        CollectInDomain(domain, allowed, now);
        var cost = Int128.Zero;
        foreach (var held in _inDomain)
        {
            // A borrowed job's loss never weighs as much as an owned one's.
            cost += held.Job.Loss(now) + (held.Job.IsOwned ? _ownedCost : Int128.Zero);
            free += held.Count;
            if (free >= slice)
            {
                return cost;
            }
        }

        return -1;
    }

    private void Clear(int domain, int slice, HashSet<long> allowed, long now)
    {
        CollectInDomain(domain, allowed, now);
        foreach (var held in CollectionsMarshal.AsSpan(_inDomain))
        {
            if (state.Domains.Free(domain) >= slice)
            {
                return;
            }

            Stop(held.Job);
        }
    }

    private void CollectInDomain(int domain, HashSet<long> allowed, long now)
    {
        _inDomain.Clear();
        for (var held = state.FirstSlice(domain); held is not null; held = held.Next)
        {
            if (allowed.Contains(held.Job.Request.Job))
            {
                _inDomain.Add(held);
            }
        }

        if (_inDomain.Count > 1)
        {
            var order = new VictimOrder(now);
            _inDomain.Sort((left, right) => order.Compare(left.Job, right.Job));
        }
    }

    /// <summary>With the gang in its place, lets everybody go on whose accelerators, power, rates and quota are still there; the dearest first.</summary>
    private void KeepWhoCanStay(Plan plan, long now)
    {
        var gang = state.Start(plan, now);
        _stopped.Sort(new VictimOrder(now));
        for (var last = _stopped.Count - 1; last >= 0; last--)
        {
            if (!state.CanRestore(_stopped[last]))
            {
                continue;
            }

            // What the gang borrows must still be its to borrow.
            state.Restore(_stopped[last]);
            if (gang.IsOwned || state.Quota.CheckBorrowing(gang.Queue, gang.Type, 0, state.Free(gang.Type)) is null)
            {
                _stopped.RemoveAt(last);
            }
            else
            {
                state.Detach(_stopped[last]);
            }
        }

        state.Stop(gang.Request.Job);
    }

    /// <summary>Borrowed before owned, lower priority first, then what loses the least for each accelerator, then the younger.</summary>
    private sealed class VictimOrder(long now) : IComparer<RunningJob>
    {
        public int Compare(RunningJob? x, RunningJob? y)
        {
            if (x is null || y is null || ReferenceEquals(x, y))
            {
                return 0;
            }

            var order = x.IsOwned.CompareTo(y.IsOwned);
            order = order != 0 || !x.IsOwned ? order : x.Request.Priority.CompareTo(y.Request.Priority);
            order = order != 0 ? order : (x.Loss(now) / x.Accelerators).CompareTo(y.Loss(now) / y.Accelerators);
            return order != 0 ? order : y.Request.Job.CompareTo(x.Request.Job);
        }
    }
}
