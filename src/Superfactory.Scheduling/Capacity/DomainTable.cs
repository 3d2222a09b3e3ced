namespace Superfactory.Scheduling.Capacity;

/// <summary>
/// What is free in each domain, node by node where a domain has several. Accelerators of a node that is out of service are neither free nor given back.
/// Not safe for concurrent use.
/// </summary>
internal sealed class DomainTable
{
    // Four bits a node: a node of a rack-scale domain has at most 15 accelerators, a rack at most 32 nodes.
    private const int NodeBits = 4;
    private const int NodeMask = 15;

    private readonly int[] _free;
    private readonly int[] _open;
    private readonly int[] _kept;
    private readonly UInt128[] _freeOfNodes;
    private readonly uint[] _inService;
    private readonly uint[] _healthy;
    private readonly LevelIndex?[] _indexes;

    /// <summary>A table with everything free and every node healthy.</summary>
    public DomainTable(FleetLayout layout)
    {
        Layout = layout;
        _free = new int[layout.Domains.Length];
        _open = new int[layout.Domains.Length];
        _kept = new int[layout.Domains.Length];
        _freeOfNodes = new UInt128[layout.Domains.Length];
        _inService = new uint[layout.Domains.Length];
        _healthy = new uint[layout.Domains.Length];
        _indexes = new LevelIndex?[layout.Pools.Length];
        for (var pool = 0; pool < layout.Pools.Length; pool++)
        {
            var place = layout.Pools[pool];
            _indexes[pool] = place.Count > 1 ? new LevelIndex(place.Count, place.Capacity) : null;
        }

        for (var domain = 0; domain < _free.Length; domain++)
        {
            var place = layout.Domains[domain];
            _healthy[domain] = (uint)((1UL << place.Nodes) - 1);
            var pool = layout.Pools[place.Pool];
            if (pool.IsCounted)
            {
                SetFree(domain, pool.Capacity);
                continue;
            }

            for (var node = 0; node < place.Offered; node++)
            {
                PutInService(domain, node);
            }
        }
    }

    public FleetLayout Layout { get; }

    /// <summary>Accelerators of a domain that anybody may have: those that nobody holds, without what is kept for reserved starts.</summary>
    public int Free(int domain) => _free[domain];

    /// <summary>Accelerators of a domain that nobody holds, kept for a reserved start or not; under 0 where others took too much of a pool that its site places.</summary>
    public int Open(int domain) => _open[domain];

    /// <summary>Keeps so many of those that nobody holds from being free, or as many as there are.</summary>
    public void Keep(int domain, int count)
    {
        _kept[domain] = count;
        SetFree(domain, _open[domain]);
    }

    /// <summary>What is to be kept of a domain, as far as nobody holds it.</summary>
    public int Kept(int domain) => _kept[domain];

    /// <summary>Nodes in service, a bit each.</summary>
    public uint InService(int domain) => _inService[domain];

    /// <summary>Nodes that are healthy, a bit each, in service or not.</summary>
    public uint Healthy(int domain) => _healthy[domain];

    /// <summary>The pool's domains by what they have free; null where it has a single one.</summary>
    public LevelIndex? Index(int pool) => _indexes[pool];

    /// <summary>The accelerators that a slice has of one of its nodes.</summary>
    public static int Of(UInt128 taken, int node) => (int)(uint)((taken >> (node * NodeBits)) & NodeMask);

    /// <summary>Takes accelerators: nodes that fit exactly first, then whole nodes, then the fullest that has room, so that whole nodes stay whole.</summary>
    /// <returns>How many of each node, four bits each; 0 where a domain is one node or counted.</returns>
    public UInt128 Take(int domain, int count)
    {
        if (count <= 0 || count > _open[domain])
        {
            throw new InvalidOperationException($"Domain {domain} has {_open[domain]} free, not {count}.");
        }

        var taken = UInt128.Zero;
        if (Layout.Domains[domain].Nodes > 1)
        {
            taken = count == _open[domain] ? _freeOfNodes[domain] : Choose(domain, count);
            _freeOfNodes[domain] -= taken;
        }

        SetFree(domain, _open[domain] - count);
        return taken;
    }

    /// <summary>Whether these accelerators, but for those of nodes out of service, are free.</summary>
    public bool HasExactly(int domain, int count, UInt128 nodes)
    {
        (count, nodes) = InServicePart(domain, count, nodes);
        if (count > _open[domain])
        {
            return false;
        }

        for (var node = 0; nodes != 0 && node < Layout.Domains[domain].Nodes; node++)
        {
            if (Of(nodes, node) > Of(_freeOfNodes[domain], node))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes these accelerators, but for those of nodes out of service; the others must be free.</summary>
    public void TakeExactly(int domain, int count, UInt128 nodes)
    {
        if (!HasExactly(domain, count, nodes))
        {
            throw new InvalidOperationException($"Domain {domain} has not what is to be taken.");
        }

        (count, nodes) = InServicePart(domain, count, nodes);
        _freeOfNodes[domain] -= nodes;
        SetFree(domain, _open[domain] - count);
    }

    /// <summary>Gives back what <see cref="Take"/> took, but for nodes that are out of service by now.</summary>
    public void Give(int domain, int count, UInt128 taken) => Lend(domain, count, taken, 1);

    /// <summary>Has what a slice holds free, where the sign is 1, or held again as it was, where it is −1.</summary>
    public void Lend(int domain, int count, UInt128 taken, int sign)
    {
        (count, taken) = InServicePart(domain, count, taken);
        _freeOfNodes[domain] = sign > 0 ? _freeOfNodes[domain] + taken : _freeOfNodes[domain] - taken;
        SetFree(domain, _open[domain] + (sign * count));
    }

    /// <summary>Changes what a pool that its site places has free, by what others hold there; may be under 0 for a while where they took too much.</summary>
    public void AddForeign(int domain, int count) => SetFree(domain, _open[domain] - count);

    /// <summary>What is free of a node.</summary>
    public int FreeOf(int domain, int node) => Layout.Domains[domain].Nodes > 1 ? Of(_freeOfNodes[domain], node) : _open[domain];

    /// <summary>Has so many more of a node free, or fewer where negative.</summary>
    public void AddFree(int domain, int node, int count)
    {
        if (Layout.Domains[domain].Nodes > 1)
        {
            _freeOfNodes[domain] = count > 0 ? _freeOfNodes[domain] + ((UInt128)(uint)count << (node * NodeBits)) : _freeOfNodes[domain] - ((UInt128)(uint)-count << (node * NodeBits));
        }

        SetFree(domain, _open[domain] + count);
    }

    /// <summary>Takes a node out of service; its accelerators that are free are so no longer.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="node">The node, from 0.</param>
    /// <param name="healthy">Whether it may be put in service again without being mended.</param>
    public void TakeOutOfService(int domain, int node, bool healthy)
    {
        var bit = 1u << node;
        _healthy[domain] = healthy ? _healthy[domain] | bit : _healthy[domain] & ~bit;
        if ((_inService[domain] & bit) == 0)
        {
            return;
        }

        _inService[domain] &= ~bit;
        var free = Layout.Domains[domain].Nodes > 1 ? Of(_freeOfNodes[domain], node) : _open[domain];
        if (Layout.Domains[domain].Nodes > 1)
        {
            _freeOfNodes[domain] -= (UInt128)(uint)free << (node * NodeBits);
        }

        SetFree(domain, _open[domain] - free);
    }

    /// <summary>Says that a node is healthy again. It is a spare until it is put in service.</summary>
    public void Mend(int domain, int node) => _healthy[domain] |= 1u << node;

    /// <summary>The first healthy node but one that is not in service, if the domain offers more nodes than are in service; −1 otherwise.</summary>
    public int Spare(int domain, int except)
    {
        var spares = _healthy[domain] & ~_inService[domain] & ~(1u << except);
        return spares == 0 || System.Numerics.BitOperations.PopCount(_inService[domain]) >= Layout.Domains[domain].Offered ? -1 : System.Numerics.BitOperations.TrailingZeroCount(spares);
    }

    /// <summary>The nodes of a slice with all that it has of one node on another, which it has nothing of.</summary>
    public static UInt128 Moved(UInt128 nodes, int from, int to)
    {
        var of = (UInt128)(uint)Of(nodes, from);
        return nodes - (of << (from * NodeBits)) + (of << (to * NodeBits));
    }

    /// <summary>Puts a node in service, free but for what is held of it.</summary>
    public void PutInService(int domain, int node, int held = 0)
    {
        var place = Layout.Domains[domain];
        var free = Layout.Pools[place.Pool].PerNode - held;
        _inService[domain] |= 1u << node;
        if (place.Nodes > 1)
        {
            _freeOfNodes[domain] += (UInt128)(uint)free << (node * NodeBits);
        }

        SetFree(domain, _open[domain] + free);
    }

    private (int Count, UInt128 Nodes) InServicePart(int domain, int count, UInt128 nodes)
    {
        var place = Layout.Domains[domain];
        if (place.Nodes <= 1)
        {
            return (place.Nodes == 1 && _inService[domain] == 0 ? 0 : count, nodes);
        }

        for (var away = ~_inService[domain] & (uint)((1UL << place.Nodes) - 1); away != 0; away &= away - 1)
        {
            var node = System.Numerics.BitOperations.TrailingZeroCount(away);
            var of = Of(nodes, node);
            nodes -= (UInt128)(uint)of << (node * NodeBits);
            count -= of;
        }

        return (count, nodes);
    }

    private UInt128 Choose(int domain, int count)
    {
        var (left, taken, nodes) = (_freeOfNodes[domain], UInt128.Zero, Layout.Domains[domain].Nodes);
        var perNode = Layout.Pools[Layout.Domains[domain].Pool].PerNode;
        while (count > 0)
        {
            var best = -1;
            var bestKey = int.MaxValue;
            for (var node = 0; node < nodes; node++)
            {
                var free = Of(left, node);
                if (free == 0)
                {
                    continue;
                }

                // Least first: a node that fits exactly, a whole node where more than one is wanted, the least that has room, the most that has not.
                var key = free == count ? 0 : free == perNode && count > perNode ? 1 : free > count ? 1 + free : 32 - free;
                if (key < bestKey)
                {
                    (best, bestKey) = (node, key);
                }
            }

            if (best < 0)
            {
                throw new InvalidOperationException($"The nodes of domain {domain} have {count} fewer free than the domain.");
            }

            var of = Math.Min(count, Of(left, best));
            taken += (UInt128)(uint)of << (best * NodeBits);
            left -= (UInt128)(uint)of << (best * NodeBits);
            count -= of;
        }

        return taken;
    }

    private void SetFree(int domain, int open)
    {
        _open[domain] = open;
        var free = open - Math.Min(_kept[domain], Math.Max(0, open));
        var place = Layout.Domains[domain];
        var pool = Layout.Pools[place.Pool];
        _indexes[place.Pool]?.Move(domain - pool.First, _free[domain], free);
        _free[domain] = free;
    }
}
