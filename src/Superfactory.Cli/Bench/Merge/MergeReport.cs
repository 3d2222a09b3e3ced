using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>What <c>superfactory bench merge --json</c> writes. Immutable.</summary>
internal sealed record MergeReport
{
    /// <summary>Islands.</summary>
    public required int Islands { get; init; }

    /// <summary>MiB of fp32 that each contributed.</summary>
    public required int Mib { get; init; }

    /// <summary>How contributions travelled.</summary>
    public required NumberFormat Format { get; init; }

    /// <summary>The link asked for, or <c>none</c>.</summary>
    public required string Wan { get; init; }

    /// <summary>The share of packets that each link lost, as asked for.</summary>
    public required double Loss { get; init; }

    /// <summary>The largest packet of the links; null without a laboratory.</summary>
    public int? Mtu { get; init; }

    /// <summary>The seed of all numbers.</summary>
    public required long Seed { get; init; }

    /// <summary>Timed merges.</summary>
    public required int Repeat { get; init; }

    /// <summary>Seconds of each, in turn.</summary>
    public required ImmutableArray<double> Seconds { get; init; }

    /// <summary>The middle one.</summary>
    public required double SecondsMedian { get; init; }

    /// <summary>The shortest.</summary>
    public required double SecondsMin { get; init; }

    /// <summary>The longest.</summary>
    public required double SecondsMax { get; init; }

    /// <summary>The share of its links that each island filled in one direction, by the median; null without a link.</summary>
    public double? LinkUtilization { get; init; }

    /// <summary>With more than two islands, for each the share of its links that it filled in its busier direction, IP packets as the laboratory counted them.</summary>
    public ImmutableSortedDictionary<string, double>? BusierDirection { get; init; }

    /// <summary>Processor seconds of all bridges and gateways in all timed merges together.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>Whether every island got the same bytes, and each element is the one that the scalar sum gives.</summary>
    public required bool Identical { get; init; }

    /// <summary>Whether what crossed between islands was encrypted.</summary>
    public required bool Tls { get; init; }

    /// <summary>Whether it went through gateways.</summary>
    public required bool ThroughGateways { get; init; }

    /// <summary>Whether it ran in the laboratory.</summary>
    public required bool Lab { get; init; }

    /// <summary>Bits of IP packets per second that iperf3 reached in the same laboratory; null without one.</summary>
    public double? LabRate { get; init; }

    /// <summary>The peer that merged the same numbers in turn; null where none was asked for.</summary>
    public PeerReport? Peer { get; init; }

    /// <summary>The peer's median ÷ ours: above 1 the peer is slower.</summary>
    public double? Ratio { get; init; }

    /// <summary>Merges and control messages while bulk filled the links; null where that was not asked for.</summary>
    public BulkReport? BesideBulk { get; init; }

    /// <summary>Where it was measured.</summary>
    public required MachineReport Machine { get; init; }
}

/// <summary>What a peer reached with the same numbers.</summary>
internal sealed record PeerReport
{
    /// <summary>Which one.</summary>
    public required string Name { get; init; }

    /// <summary>How many operations ran at once where it was best; the figures are of these.</summary>
    public required int Operations { get; init; }

    /// <summary>Seconds of each merge, in turn.</summary>
    public required ImmutableArray<double> Seconds { get; init; }

    /// <summary>The middle one.</summary>
    public required double SecondsMedian { get; init; }

    /// <summary>The shortest.</summary>
    public required double SecondsMin { get; init; }

    /// <summary>The longest.</summary>
    public required double SecondsMax { get; init; }

    /// <summary>The share of its links that each island filled; null without a link.</summary>
    public double? LinkUtilization { get; init; }

    /// <summary>The medians by the number of concurrent operations.</summary>
    public required ImmutableSortedDictionary<int, double> SecondsMedianByOperations { get; init; }
}

/// <summary>A machine, as far as its figures depend on it.</summary>
internal sealed record MachineReport
{
    /// <summary>The processor's name.</summary>
    public required string Processor { get; init; }

    /// <summary>Cores.</summary>
    public required int Cores { get; init; }

    /// <summary>Bytes of memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The operating system.</summary>
    public required string System { get; init; }

    /// <summary>The kernel's version.</summary>
    public required string Kernel { get; init; }

    /// <summary>The version of .NET.</summary>
    public required string Runtime { get; init; }

    /// <summary>The load of the machine over the minute before the measurement began: what else ran beside it.</summary>
    public required double LoadBefore { get; init; }

    /// <summary>The program's version.</summary>
    [JsonPropertyName("superfactory")]
    public required string Version { get; init; }
}
