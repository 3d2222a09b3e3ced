using System.Collections.Immutable;
using Superfactory.Model.Units;

namespace Superfactory.Model.Fleet;

/// <summary>Who places a site's gangs on its nodes.</summary>
public enum SitePlacement
{
    /// <summary>The scheduler of the fleet, node by node.</summary>
    Fleet,

    /// <summary>The site itself, such as by Slurm: the fleet counts accelerators and promises no topology.</summary>
    Site,
}

/// <summary>All sites and what joins them, as a fleet file says it, with counts unfolded. Valid as a whole where <see cref="FleetFile"/> made it. Immutable.</summary>
public sealed record FleetSpecification
{
    /// <summary>The most sites.</summary>
    public const int SitesMax = 64;

    /// <summary>The most racks of a fleet: twenty times the largest that is published.</summary>
    public const int RacksMax = 100_000;

    /// <summary>The most accelerators of a fleet.</summary>
    public const int AcceleratorsMax = 8_000_000;

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What all sites together may draw; null where nothing but the sites' own budgets limits them.</summary>
    public Power? Power { get; init; }

    /// <summary>The sites, each name once, in the order of the file.</summary>
    public required ImmutableArray<FleetSite> Sites { get; init; }

    /// <summary>The links, at most one between two sites.</summary>
    public ImmutableArray<FleetLink> Links { get; init; } = [];

    /// <summary>All racks in the order of sites, floors, rows and racks.</summary>
    public IEnumerable<FleetRack> Racks => Sites.SelectMany(static site => site.Racks);
}

/// <summary>A datacenter. Immutable.</summary>
public sealed record FleetSite
{
    /// <summary>Its name, once in the fleet.</summary>
    public required string Name { get; init; }

    /// <summary>Degrees north, −90 to 90; null where the file does not say.</summary>
    public double? Latitude { get; init; }

    /// <summary>Degrees east, −180 to 180; null where the file does not say.</summary>
    public double? Longitude { get; init; }

    /// <summary>Who places gangs on its nodes.</summary>
    public SitePlacement Placement { get; init; }

    /// <summary>What it may draw; null where nothing but its rows limits it.</summary>
    public Power? Power { get; init; }

    /// <summary>Its floors.</summary>
    public required ImmutableArray<FleetFloor> Floors { get; init; }

    /// <summary>All its racks in the order of floors, rows and racks.</summary>
    public IEnumerable<FleetRack> Racks => Floors.SelectMany(static floor => floor.Rows).SelectMany(static row => row.Racks);
}

/// <summary>A floor of a site. Immutable.</summary>
/// <param name="Name">Its name, once in the site.</param>
/// <param name="Rows">Its rows.</param>
public sealed record FleetFloor(string Name, ImmutableArray<FleetRow> Rows);

/// <summary>A row of racks that share a supply. Immutable.</summary>
/// <param name="Name">Its name, once on the floor.</param>
/// <param name="Power">What it may draw; null where nothing but its racks limits it. Its racks' peaks may exceed it.</param>
/// <param name="Racks">Its racks.</param>
public sealed record FleetRow(string Name, Power? Power, ImmutableArray<FleetRack> Racks);

/// <summary>A rack. Immutable.</summary>
public sealed record FleetRack
{
    /// <summary>Its name, once in the row.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required HardwareType Hardware { get; init; }

    /// <summary>What it may draw; its peak where the file does not say.</summary>
    public required Power Power { get; init; }

    /// <summary>Its nodes, spares included.</summary>
    public required int Nodes { get; init; }

    /// <summary>Nodes kept back to be swapped in, fewer than <see cref="Nodes"/>.</summary>
    public required int Spares { get; init; }

    /// <summary>Accelerators of each node.</summary>
    public required int AcceleratorsPerNode { get; init; }

    /// <summary>Accelerators, spares included.</summary>
    public int Accelerators => Nodes * AcceleratorsPerNode;

    /// <summary>Accelerators that jobs can have at once.</summary>
    public int Schedulable => (Nodes - Spares) * AcceleratorsPerNode;

    /// <summary>Watts with every node on and idle.</summary>
    public long IdleWatts => Hardware.IdleWatts(Nodes);

    /// <summary>Watts with every accelerator at its peak.</summary>
    public long PeakWatts => Hardware.PeakWatts(Nodes, AcceleratorsPerNode);
}

/// <summary>A link of the wide-area network, the same both ways. Immutable.</summary>
/// <param name="A">The site at one end.</param>
/// <param name="B">The site at the other.</param>
/// <param name="Bandwidth">What each direction carries.</param>
/// <param name="RoundTrip">How long a message and its answer are under way.</param>
public sealed record FleetLink(string A, string B, Bandwidth Bandwidth, TimeSpan RoundTrip);
