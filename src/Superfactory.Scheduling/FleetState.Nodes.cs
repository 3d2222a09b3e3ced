using System.Collections.Immutable;

namespace Superfactory.Scheduling;

/// <summary>What became of a node's jobs. Immutable.</summary>
/// <param name="Moved">The jobs that go on with a spare in the node's place, in the order of their numbers.</param>
/// <param name="Held">The jobs that still hold the node: they are charged for it until they are stopped.</param>
public sealed record NodeChange(ImmutableArray<long> Moved, ImmutableArray<long> Held);

/// <content>Nodes that fail, are drained and return.</content>
public sealed partial class FleetState
{
    /// <summary>
    /// A node is lost. Nothing is placed on it any more. A spare of its rack takes its place, with what jobs held of it; where there is none they hold it on until
    /// they are stopped, so that nothing is placed twice.
    /// </summary>
    /// <param name="domain">The domain.</param>
    /// <param name="node">The node in the domain, from 0; 0 where the domain is a node.</param>
    /// <returns>What became of its jobs; null where there is no such node or the site places its own gangs.</returns>
    public NodeChange? Lose(int domain, int node) => Leave(domain, node, healthy: false);

    /// <summary>A node is drained: nothing more is placed on it, and a spare is offered in its place. Its jobs stay.</summary>
    /// <returns>The jobs that hold it; null where there is no such node or the site places its own gangs.</returns>
    public NodeChange? Drain(int domain, int node) => Leave(domain, node, healthy: true);

    /// <summary>A node is back: in service if its domain offers fewer than it may, else a spare. What jobs still hold of it stays theirs.</summary>
    /// <returns>Whether there is such a node and it was out of service.</returns>
    public bool Return(int domain, int node)
    {
        if (!HasNode(domain, node) || (Domains.InService(domain) & (1u << node)) != 0)
        {
            return false;
        }

        Domains.Mend(domain, node);
        Serve(domain, node);
        return true;
    }

    private bool HasNode(int domain, int node) =>
        domain >= 0 && domain < Layout.Domains.Length && node >= 0 && node < Layout.Domains[domain].Nodes;

    private NodeChange? Leave(int domain, int node, bool healthy)
    {
        if (!HasNode(domain, node))
        {
            return null;
        }

        var before = Domains.Free(domain);
        Domains.TakeOutOfService(domain, node, healthy);
        _free[TypeOf(domain)] += Domains.Free(domain) - before;
        Recount(domain);
        Reserved.Changed(domain);

        // A drained node is healthy and would stand in for itself.
        var spare = Domains.Spare(domain, except: node);
        if (spare >= 0 && HeldOf(domain, spare) > 0)
        {
            spare = -1;
        }

        var moved = ImmutableSortedSet.CreateBuilder<long>();
        var held = ImmutableSortedSet.CreateBuilder<long>();
        foreach (ref var slice in SlicesIn(domain))
        {
            if (Capacity.DomainTable.Of(slice.Nodes, node) == 0 && Layout.Domains[domain].Nodes > 1)
            {
                continue;
            }

            if (spare >= 0 && !healthy)
            {
                slice.Nodes = Capacity.DomainTable.Moved(slice.Nodes, node, spare);
                moved.Add(slice.Job.Request.Job);
            }
            else
            {
                held.Add(slice.Job.Request.Job);
            }
        }

        if (spare >= 0)
        {
            Serve(domain, spare);
        }

        return new NodeChange([.. moved], [.. held]);
    }

    private void Serve(int domain, int node)
    {
        if (System.Numerics.BitOperations.PopCount(Domains.InService(domain)) >= Layout.Domains[domain].Offered)
        {
            return;
        }

        var before = Domains.Free(domain);
        Domains.PutInService(domain, node, HeldOf(domain, node));
        _free[TypeOf(domain)] += Domains.Free(domain) - before;
        Recount(domain);
        Regain();
    }

    private int HeldOf(int domain, int node)
    {
        var held = 0;
        foreach (ref readonly var slice in SlicesIn(domain))
        {
            held += Layout.Domains[domain].Nodes > 1 ? Capacity.DomainTable.Of(slice.Nodes, node) : slice.Count;
        }

        return held;
    }
}
