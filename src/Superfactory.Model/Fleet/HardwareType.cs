using System.Collections.Immutable;

namespace Superfactory.Model.Fleet;

/// <summary>A kind of rack. Immutable.</summary>
public sealed record HardwareType
{
    /// <summary>What fleet files and jobs call it, such as <c>gb200-nvl72</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What people call it.</summary>
    public required string Title { get; init; }

    /// <summary>Nodes (compute trays or servers) of a rack, unless the file says another number and <see cref="IsRackScale"/> is false.</summary>
    public required int NodesPerRack { get; init; }

    /// <summary>Accelerators of a node; of <c>cpu</c> its slots, unless the file says another number.</summary>
    public required int AcceleratorsPerNode { get; init; }

    /// <summary>Whether all accelerators of the rack are one NVLink domain; otherwise each node is one.</summary>
    public required bool IsRackScale { get; init; }

    /// <summary>Nodes of a rack that are kept back to be swapped in, unless the file says another number.</summary>
    public required int SparesDefault { get; init; }

    /// <summary>Memory of an accelerator in GB, 10⁹ bytes.</summary>
    public required int MemoryGigabytes { get; init; }

    /// <summary>What joins the accelerators of a domain.</summary>
    public required string Interconnect { get; init; }

    /// <summary>What an accelerator has to the others of its domain, both directions together, in GB/s; 0 where nothing joins them.</summary>
    public required int InterconnectGigabytesPerSecond { get; init; }

    /// <summary>Watts that a rack draws whatever its nodes do: switches, power shelves, management.</summary>
    public required int RackWatts { get; init; }

    /// <summary>Watts of a node that is on and idle.</summary>
    public required int NodeIdleWatts { get; init; }

    /// <summary>Watts that an accelerator at its peak adds, with its share of processors, network and losses.</summary>
    public required int AcceleratorWatts { get; init; }

    /// <summary>Speed in thousandths of an H100, by dense BF16.</summary>
    public required int RelativeSpeed { get; init; }

    /// <summary>Where each figure comes from, or that it is assumed.</summary>
    public required ImmutableArray<HardwareSource> Sources { get; init; }

    /// <summary>Whether it computes on processors: its accelerators are slots, as many as the file says.</summary>
    public bool IsCpu => Name == HardwareCatalogue.Cpu;

    /// <summary>Watts of a rack of <paramref name="nodes"/> nodes that is on and idle.</summary>
    public long IdleWatts(int nodes) => RackWatts + ((long)nodes * NodeIdleWatts);

    /// <summary>Watts of a rack of <paramref name="nodes"/> nodes with all accelerators at their peak.</summary>
    public long PeakWatts(int nodes, int acceleratorsPerNode) => IdleWatts(nodes) + ((long)nodes * acceleratorsPerNode * AcceleratorWatts);
}

/// <summary>Where a figure of <see cref="HardwareType"/> comes from. Immutable.</summary>
/// <param name="Figures">Which figures.</param>
/// <param name="Source">Who published them and where; null where they are assumed.</param>
/// <param name="Reasoning">How the figure follows from what is published, or why it is assumed so; empty where it is copied.</param>
public sealed record HardwareSource(string Figures, string? Source, string Reasoning = "")
{
    /// <summary>Whether nobody published it.</summary>
    public bool IsAssumed => Source is null;
}
