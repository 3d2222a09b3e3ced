using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling;

/// <content>What would be if somebody held less of a domain, to say exactly what a job lacks. Accelerators that are free draw nothing; quota and rates stay as they are.</content>
public sealed partial class FleetState
{
    /// <summary>How many more could be free in a domain: what jobs and others hold there, and what nodes would give that are out of service in it.</summary>
    internal int Grantable(int domain)
    {
        var (place, most) = (Layout.Domains[domain], 0);
        if (Layout.Pools[place.Pool].IsCounted)
        {
            return Layout.Pools[place.Pool].Capacity - Domains.Open(domain) - HeldByTrials(domain);
        }

        foreach (ref readonly var slice in SlicesIn(domain))
        {
            most += IsTrial(slice.Job) ? 0 : InService(slice).Count;
        }

        return most + Unserved(domain).Concat(Unheld(domain)).Sum(static node => node.Count);
    }

    /// <summary>Has so many more free in a domain, at most <see cref="Grantable"/>.</summary>
    /// <returns>How it is taken back, and given again.</returns>
    internal (Action Undo, Action Redo) Grant(int domain, int count)
    {
        List<Action<int>> done = [];
        var isCounted = Layout.Pools[Layout.Domains[domain].Pool].IsCounted;
        foreach (var (node, free) in isCounted ? [] : Unserved(domain).ToList())
        {
            var (taken, healthy) = (Math.Min(count, free), (Domains.Healthy(domain) & (1u << node)) != 0);
            if (taken > 0)
            {
                var held = Layout.Pools[Layout.Domains[domain].Pool].PerNode - taken;
                done.Add(sign => AddFree(domain, () => Serve(domain, node, held, healthy, sign)));
                count -= taken;
            }
        }

        foreach (var (node, free) in isCounted ? [] : Unheld(domain).ToList())
        {
            if (Math.Min(count, free) is var taken and > 0)
            {
                done.Add(sign => AddFree(domain, () => Domains.AddFree(domain, node, sign * taken)));
                count -= taken;
            }
        }

        // A slice is found again by its number: it stays the same as long as its job runs.
        foreach (var number in _slices.In(domain).ToArray().OrderBy(number => _store[number].Job.Number).ThenBy(number => _store[number].Island))
        {
            var slice = _store[number];
            var (held, nodes) = IsTrial(slice.Job) ? (0, default) : isCounted ? (slice.Count, default) : InService(slice);
            var taken = Math.Min(count, held);
            if (taken > 0)
            {
                var (of, watts) = (Part(nodes, taken), slice.Watts - (slice.Watts * (slice.Count - taken) / slice.Count));
                done.Add(sign => Shrink(number, taken, of, watts, sign));
                count -= taken;
            }
        }

        if (isCounted && count > 0)
        {
            // The rest is held by others than the scheduler's jobs.
            var foreign = count;
            done.Add(sign => AddFree(domain, () => Domains.AddForeign(domain, -sign * foreign)));
            count = 0;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(count, 0);
        done.ForEach(static each => each(1));
        return (() => done.ForEach(static each => each(-1)), () => done.ForEach(static each => each(1)));
    }

    // Jobs that are placed to try others beside them.
    private static bool IsTrial(RunningJob job) => job.Number < 0;

    private int HeldByTrials(int domain)
    {
        var held = 0;
        foreach (ref readonly var slice in SlicesIn(domain))
        {
            held += IsTrial(slice.Job) ? slice.Count : 0;
        }

        return held;
    }

    /// <summary>Nodes that are out of service and could be in it, with what nobody holds of them.</summary>
    private IEnumerable<(int Node, int Count)> Unserved(int domain)
    {
        var place = Layout.Domains[domain];
        var serve = place.Offered - System.Numerics.BitOperations.PopCount(Domains.InService(domain));
        for (var node = 0; node < place.Nodes && serve > 0; node++)
        {
            if ((Domains.InService(domain) & (1u << node)) == 0 && Layout.Pools[place.Pool].PerNode - HeldOf(domain, node) is var count and > 0)
            {
                serve--;
                yield return (node, count);
            }
        }
    }

    /// <summary>Nodes that were put in service with less than they have.</summary>
    private IEnumerable<(int Node, int Count)> Unheld(int domain)
    {
        for (var node = 0; node < Layout.Domains[domain].Nodes; node++)
        {
            if ((Domains.InService(domain) & (1u << node)) != 0 && Layout.Pools[Layout.Domains[domain].Pool].PerNode - HeldOf(domain, node) - Domains.FreeOf(domain, node) is var count and > 0)
            {
                yield return (node, count);
            }
        }
    }

    /// <summary>What a slice has of nodes that are in service.</summary>
    private (int Count, UInt128 Nodes) InService(in HeldSlice slice)
    {
        var (place, count, nodes) = (Layout.Domains[slice.Domain], 0, UInt128.Zero);
        if (place.Nodes <= 1)
        {
            return (place.Nodes == 1 && Domains.InService(slice.Domain) == 0 ? 0 : slice.Count, nodes);
        }

        for (var node = 0; node < place.Nodes; node++)
        {
            if ((Domains.InService(slice.Domain) & (1u << node)) != 0)
            {
                var of = DomainTable.Of(slice.Nodes, node);
                (count, nodes) = (count + of, nodes + ((UInt128)(uint)of << (node * 4)));
            }
        }

        return (count, nodes);
    }

    /// <summary>So many of what a slice has of nodes, of the first nodes first; 0 where a domain is one node.</summary>
    private static UInt128 Part(UInt128 nodes, int count)
    {
        var part = UInt128.Zero;
        for (var node = 0; node < 32 && nodes != 0 && count > 0; node++)
        {
            var of = Math.Min(count, DomainTable.Of(nodes, node));
            (part, count) = (part + ((UInt128)(uint)of << (node * 4)), count - of);
        }

        return part;
    }

    private void AddFree(int domain, Action change)
    {
        var before = Domains.Free(domain);
        change();
        _free[TypeOf(domain)] += Domains.Free(domain) - before;
        Recount(domain);
        Reserved.Changed(domain);
    }

    private void Serve(int domain, int node, int held, bool healthy, int sign)
    {
        if (sign > 0)
        {
            Domains.PutInService(domain, node, held);
        }
        else
        {
            Domains.TakeOutOfService(domain, node, healthy);
        }
    }

    private void Shrink(int number, int count, UInt128 nodes, long watts, int sign)
    {
        ref var slice = ref _store[number];
        var domain = slice.Domain;
        Unlink(number, slice.Job);
        Power.Draw(Layout.Domains[domain].Rack, -slice.Watts);
        slice.Watts -= sign * watts;
        slice.Count -= sign * count;
        slice.Nodes = sign > 0 ? slice.Nodes - nodes : slice.Nodes + nodes;
        AddFree(domain, () =>
        {
            if (sign > 0)
            {
                Domains.Give(domain, count, nodes);
            }
            else
            {
                Domains.TakeExactly(domain, count, nodes);
            }
        });

        Link(number);
    }
}
