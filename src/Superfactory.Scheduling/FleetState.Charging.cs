using System.Collections.Immutable;

namespace Superfactory.Scheduling;

/// <content>The quota and the rates that jobs are charged with.</content>
public sealed partial class FleetState
{
    /// <summary>Whether a domain still has what a slice had of it; gangs of roles may have several slices there, which count together.</summary>
    private bool HasStill(RunningJob job, int number)
    {
        ref readonly var slice = ref _store[number];
        var (count, nodes) = (slice.Count, slice.Nodes);
        if (!job.Request.Roles.IsEmpty)
        {
            for (var next = job.FirstSlice; next != 0; next = _store[next].Next)
            {
                ref readonly var other = ref _store[next];
                (count, nodes) = other.Domain == slice.Domain && next != number ? (count + other.Count, nodes + other.Nodes) : (count, nodes);
            }
        }

        return Domains.HasExactly(slice.Domain, count, nodes);
    }

    /// <summary>Whether the queue of a detached job may have again what it held.</summary>
    private bool HasQuota(RunningJob job)
    {
        var own = job.Of(job.Type);
        var fits = job.IsOwned ? Quota.IsWithinGuarantee(job.Queue, job.Type, own) : Quota.CheckBorrowing(job.Queue, job.Type, own, _free[job.Type]) is null;
        foreach (var (type, count) in job.Others)
        {
            fits = fits && (job.IsOwned ? Quota.IsWithinGuarantee(job.Queue, type, count) : Quota.CheckBorrowing(job.Queue, type, count, _free[type]) is null);
        }

        return fits;
    }

    private void Charge(RunningJob job, int sign)
    {
        Quota.Charge(job.Queue, job.Type, sign * job.Of(job.Type), job.IsOwned);
        foreach (var (type, count) in job.Others)
        {
            Quota.Charge(job.Queue, type, sign * count, job.IsOwned);
        }
    }

    private static ImmutableArray<(int Type, int Accelerators)> More(ImmutableArray<(int Type, int Accelerators)> held, int type, int accelerators)
    {
        for (var at = 0; at < held.Length; at++)
        {
            if (held[at].Type == type)
            {
                return held.SetItem(at, (type, held[at].Accelerators + accelerators));
            }
        }

        return held.Add((type, accelerators));
    }

    private void Reserve(RunningJob job, ImmutableArray<IslandPlan> islands)
    {
        var rate = job.Request.WanBytesPerSecond;
        if (rate == 0 || islands.Length < 2)
        {
            return;
        }

        var routes = ImmutableArray.CreateBuilder<(ImmutableArray<int>, long)>();
        foreach (var from in islands)
        {
            foreach (var to in islands.Where(to => to != from && to.Role < 0 && from.Role < 0))
            {
                var route = Wan.Reserve(Layout.Pools[from.Pool].Site, Layout.Pools[to.Pool].Site, rate);
                if (route.IsEmpty)
                {
                    throw new InvalidOperationException($"The plan of job {job.Request.Job} does not fit: no route from {from.Site} to {to.Site}.");
                }

                routes.Add((route, rate));
            }
        }

        job.Routes = routes.ToImmutable();
    }

    /// <summary>Lists a job among those of its queue. Who is where in a list decides nothing.</summary>
    private void Enlist(RunningJob job)
    {
        var list = _jobs[job.Queue];
        job.ListPlace = list.Count;
        list.Add(job);
        _mixed[job.Queue] += job.Others.IsEmpty ? 0 : 1;
        _priorities[job.Queue][job.Priority] = _priorities[job.Queue].GetValueOrDefault(job.Priority) + 1;
        _sparing.Changed(job.Queue);
    }

    private void Delist(RunningJob job)
    {
        var list = _jobs[job.Queue];
        var last = list[^1];
        list[job.ListPlace] = last;
        last.ListPlace = job.ListPlace;
        list.RemoveAt(list.Count - 1);
        _mixed[job.Queue] -= job.Others.IsEmpty ? 0 : 1;
        if (--_priorities[job.Queue][job.Priority] == 0)
        {
            _priorities[job.Queue].Remove(job.Priority);
        }

        _sparing.Changed(job.Queue);
    }
}
