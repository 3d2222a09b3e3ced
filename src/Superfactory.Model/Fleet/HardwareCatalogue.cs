using System.Collections.Immutable;

namespace Superfactory.Model.Fleet;

/// <summary>The kinds of racks that a fleet file can name. Immutable.</summary>
public static class HardwareCatalogue
{
    /// <summary>The name of the kind whose accelerators are slots of processors.</summary>
    public const string Cpu = "cpu";

    private const string DgxGuide = "NVIDIA, DGX GB200 User Guide, Hardware, docs.nvidia.com/dgx/dgxgb200-user-guide/hardware.html";
    private const string Benchmarking = "NVIDIA, dgxc-benchmarking README at 841f546, github.com/NVIDIA/dgxc-benchmarking";
    private const string DomainPower = "NVIDIA, Domain Power Service, Device Specifications (DGX_GB200), docs.nvidia.com/datacenter/dps";
    private const string Fairwater = "Microsoft, Infinite scale: the architecture behind the Azure AI superfactory, 12 November 2025, blogs.microsoft.com";
    private const string DgxB200 = "NVIDIA, DGX B200 datasheet, nvidia.com/data-center/dgx-b200";
    private const string DgxB200Guide = "NVIDIA, DGX B200 user guide, docs.nvidia.com/dgx/dgxb200-user-guide";
    private const string MeasuredH100 = "Latif et al., Single-Node Power Demand During AI Training, IEEE Access 13 (2025): rated 10.2 kW, 8.4 kW measured at most";

    /// <summary>All kinds, in the order of the documentation.</summary>
    public static ImmutableArray<HardwareType> All { get; } =
    [
        RackScale("gb200-nvl72", "GB200 NVL72", 186, new HardwareSource("accelerators, nodes", DgxGuide)),
        RackScale("gb300-nvl72", "GB300 NVL72", 279, new HardwareSource("accelerators, nodes", Fairwater, "72 to a rack, as GB200; 18 trays are assumed to be so too")),
        new()
        {
            Name = "hgx-h100", Title = "HGX H100", NodesPerRack = 4, AcceleratorsPerNode = 8, IsRackScale = false, SparesDefault = 0,
            MemoryGigabytes = 80, Interconnect = "NVLink 4 within the node", InterconnectGigabytesPerSecond = 900,
            RackWatts = 0, NodeIdleWatts = 1_800, AcceleratorWatts = 1_050, RelativeSpeed = 1_000,
            Sources =
            [
                new("memory, interconnect, speed", Benchmarking, "989 TFLOP/s dense BF16 is the measure of speed"),
                new("accelerators, peak", MeasuredH100, "8 to a node; 10,200 W less idle, shared among 8"),
                new("nodes, idle", null, "4 nodes to a rack; 1,800 W, 18 % of the peak, as trays of GB200 idle at 15 %"),
            ],
        },
        new()
        {
            Name = "hgx-b200", Title = "HGX B200", NodesPerRack = 4, AcceleratorsPerNode = 8, IsRackScale = false, SparesDefault = 0,
            MemoryGigabytes = 180, Interconnect = "NVLink 5 within the node", InterconnectGigabytesPerSecond = 1_800,
            RackWatts = 0, NodeIdleWatts = 2_300, AcceleratorWatts = 1_500, RelativeSpeed = 2_275,
            Sources =
            [
                new("accelerators, memory, interconnect, peak", DgxB200Guide, "1,440 GB, 14.4 TB/s and at most 14.3 kW for 8; the peak less idle is shared among 8"),
                new("speed", DgxB200, "72 PFLOP/s FP8 with sparsity for 8 is 2,250 TFLOP/s dense BF16 each; H100 has 989"),
                new("nodes, idle", null, "4 nodes to a rack; 2,300 W, 16 % of the peak, as trays of GB200 idle at 15 %"),
            ],
        },
        new()
        {
            Name = Cpu, Title = "CPU node", NodesPerRack = 1, AcceleratorsPerNode = 8, IsRackScale = false, SparesDefault = 0,
            MemoryGigabytes = 4, Interconnect = "none", InterconnectGigabytesPerSecond = 0,
            RackWatts = 0, NodeIdleWatts = 150, AcceleratorWatts = 50, RelativeSpeed = 1,
            Sources = [new("all", null, "a server of moderate size: 8 slots, 150 W idle, 550 W at its peak, a thousandth of an H100")],
        },
    ];

    /// <summary>The names of all kinds.</summary>
    public static ImmutableArray<string> Names { get; } = [.. All.Select(static type => type.Name)];

    /// <summary>The kind of that name; null where there is none.</summary>
    public static HardwareType? Find(string name) => All.FirstOrDefault(type => type.Name == name);

    private static HardwareType RackScale(string name, string title, int memory, HardwareSource contents) => new()
    {
        Name = name, Title = title, NodesPerRack = 18, AcceleratorsPerNode = 4, IsRackScale = true, SparesDefault = 2,
        MemoryGigabytes = memory, Interconnect = "NVLink 5 within the rack", InterconnectGigabytesPerSecond = 1_800,
        RackWatts = 3_200, NodeIdleWatts = 1_000, AcceleratorWatts = 1_650, RelativeSpeed = 2_477,
        Sources =
        [
            contents,
            new("memory, interconnect, speed", Benchmarking, "2,450 TFLOP/s dense BF16; H100 has 989"),
            new("peak", Fairwater, "about 140 kW a rack, less idle, shared among 72"),
            new("idle of a node", name == "gb200-nvl72" ? DomainPower : null, name == "gb200-nvl72" ? string.Empty : "as GB200"),
            new("idle beside the nodes", null, "3,200 W for nine switch trays, management and losses"),
            new("spares", "CoreWeave, as quoted by github.com/marin-community/marin", "16 of 18 trays are guaranteed to be schedulable"),
        ],
    };
}
