using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Capacity;

/// <summary>A row in the layout. Immutable.</summary>
/// <param name="Floor">Its floor, counted through the fleet.</param>
/// <param name="BudgetWatts">What it may draw; <see cref="long.MaxValue"/> where nothing limits it.</param>
internal readonly record struct RowPlace(int Floor, long BudgetWatts);

/// <summary>A rack in the layout. Immutable.</summary>
internal readonly record struct RackPlace(int Row, int Site, long BudgetWatts, long IdleWatts);

/// <summary>
/// A domain: what placement puts a slice of a gang into. A rack where the rack is one NVLink domain, a node elsewhere, and all of one kind where the site
/// places its own gangs. Immutable.
/// </summary>
/// <param name="Pool">Its pool.</param>
/// <param name="Rack">Its rack.</param>
/// <param name="FirstNode">Its first node, counted through the fleet.</param>
/// <param name="Nodes">Its nodes; 0 where the site knows them and the fleet does not.</param>
/// <param name="Offered">Nodes that jobs can have at once: the others are spares.</param>
internal readonly record struct DomainPlace(int Pool, int Rack, int FirstNode, int Nodes, int Offered);

/// <summary>All domains of one kind of hardware at one site, one after another. Immutable.</summary>
internal sealed record PoolPlace
{
    public required int Site { get; init; }

    public required HardwareType Hardware { get; init; }

    /// <summary>Accelerators of a node; of a pool that the site places, 1.</summary>
    public required int PerNode { get; init; }

    /// <summary>The first domain.</summary>
    public required int First { get; init; }

    /// <summary>The number of domains.</summary>
    public required int Count { get; init; }

    /// <summary>The most accelerators that a domain offers.</summary>
    public required int Capacity { get; init; }

    /// <summary>Whether the site places its own gangs: one domain, no topology.</summary>
    public required bool IsCounted { get; init; }
}

/// <summary>
/// The fleet as arrays in the order of sites, hardware, floors, rows and racks, so that what is near has numbers that are near. Immutable.
/// </summary>
internal sealed class FleetLayout
{
    private readonly ImmutableArray<RackPlace>.Builder _racks = ImmutableArray.CreateBuilder<RackPlace>();
    private readonly ImmutableArray<RowPlace>.Builder _rows = ImmutableArray.CreateBuilder<RowPlace>();
    private readonly ImmutableArray<DomainPlace>.Builder _domains = ImmutableArray.CreateBuilder<DomainPlace>();
    private readonly ImmutableArray<PoolPlace>.Builder _pools = ImmutableArray.CreateBuilder<PoolPlace>();
    private readonly List<string> _rackNames = [];
    private int _floors, _nodes;

    /// <summary>Lays a fleet out.</summary>
    public FleetLayout(FleetSpecification fleet)
    {
        SiteNames = [.. fleet.Sites.Select(static site => site.Name)];
        for (var site = 0; site < fleet.Sites.Length; site++)
        {
            AddSite(fleet.Sites[site], site);
        }

        (Racks, Rows, Domains, Pools) = (_racks.ToImmutable(), _rows.ToImmutable(), _domains.ToImmutable(), _pools.ToImmutable());
        RackNames = [.. _rackNames];
    }

    public ImmutableArray<string> SiteNames { get; }

    /// <summary>Paths such as <c>wisconsin/f1/r12/k3</c>.</summary>
    public ImmutableArray<string> RackNames { get; }

    public ImmutableArray<RackPlace> Racks { get; }

    public ImmutableArray<RowPlace> Rows { get; }

    public ImmutableArray<DomainPlace> Domains { get; }

    public ImmutableArray<PoolPlace> Pools { get; }

    public int Floors => _floors;

    public int Nodes => _nodes;

    private void AddSite(FleetSite site, int index)
    {
        // Nodes of one kind that have different numbers of slots are pools of their own: a level of one means nothing in the other.
        var kinds = site.Racks.Select(static rack => (rack.Hardware, rack.AcceleratorsPerNode)).Distinct()
            .OrderBy(static kind => HardwareCatalogue.Names.IndexOf(kind.Hardware.Name)).ThenBy(static kind => kind.AcceleratorsPerNode).ToList();
        var firstRow = _rows.Count;
        foreach (var floor in site.Floors)
        {
            _rows.AddRange(floor.Rows.Select(row => new RowPlace(_floors, row.Power?.Watts ?? long.MaxValue)));
            _floors++;
        }

        foreach (var kind in kinds)
        {
            AddPool(site, index, kind.Hardware, kind.AcceleratorsPerNode, firstRow);
        }
    }

    private void AddPool(FleetSite site, int siteIndex, HardwareType hardware, int perNode, int row)
    {
        var first = _domains.Count;
        var pool = _pools.Count;
        var isCounted = site.Placement == SitePlacement.Site;
        var capacity = 0;
        foreach (var floor in site.Floors)
        {
            foreach (var line in floor.Rows)
            {
                foreach (var rack in line.Racks.Where(rack => rack.Hardware == hardware && rack.AcceleratorsPerNode == perNode))
                {
                    capacity = isCounted ? capacity + rack.Schedulable : Math.Max(capacity, AddRack(rack, pool, new RackPlace(row, siteIndex, rack.Power.Watts, rack.IdleWatts), $"{site.Name}/{floor.Name}/{line.Name}/{rack.Name}"));
                }

                row++;
            }
        }

        if (isCounted)
        {
            AddCounted(site, siteIndex, hardware, perNode, pool, row - 1, capacity);
        }

        _pools.Add(new PoolPlace
        {
            Site = siteIndex, Hardware = hardware, PerNode = isCounted ? 1 : perNode, First = first, Count = _domains.Count - first, Capacity = capacity, IsCounted = isCounted,
        });
    }

    private int AddRack(FleetRack rack, int pool, RackPlace place, string name)
    {
        var index = _racks.Count;
        _racks.Add(place);
        _rackNames.Add(name);
        if (rack.Hardware.IsRackScale)
        {
            _domains.Add(new DomainPlace(pool, index, _nodes, rack.Nodes, rack.Nodes - rack.Spares));
            _nodes += rack.Nodes;
            return rack.Schedulable;
        }

        // A spare among nodes that are domains of their own offers nothing until it stands in for another.
        for (var node = 0; node < rack.Nodes; node++)
        {
            _domains.Add(new DomainPlace(pool, index, _nodes, 1, node < rack.Nodes - rack.Spares ? 1 : 0));
            _nodes++;
        }

        return rack.AcceleratorsPerNode;
    }

    /// <summary>One domain that stands for all: rows' and racks' budgets are the site's own business there.</summary>
    private void AddCounted(FleetSite site, int siteIndex, HardwareType hardware, int perNode, int pool, int row, int capacity)
    {
        var idle = site.Racks.Where(rack => rack.Hardware == hardware && rack.AcceleratorsPerNode == perNode).Sum(static rack => rack.IdleWatts);
        _rows[row] = _rows[row] with { BudgetWatts = long.MaxValue };
        _racks.Add(new RackPlace(row, siteIndex, long.MaxValue, idle));
        _rackNames.Add($"{site.Name}/{hardware.Name}");
        _domains.Add(new DomainPlace(pool, _racks.Count - 1, _nodes, 0, 0));
    }
}
