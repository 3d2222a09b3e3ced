using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Running;

/// <summary>What a laboratory does at one instant. Immutable.</summary>
public sealed record LabStatus
{
    /// <summary>How it is written as JSON: bandwidths in bits per second, times in milliseconds. Safe to share between threads.</summary>
    public static JsonSerializerOptions Json => LaboratoryState.Json;

    /// <summary>The laboratory's name.</summary>
    public required string Name { get; init; }

    /// <summary>The sites, in the order of the topology.</summary>
    public required ImmutableArray<SiteStatus> Sites { get; init; }

    /// <summary>The links, in the order of the topology.</summary>
    public required ImmutableArray<LinkStatus> Links { get; init; }

    /// <summary>When this was, in seconds of the machine's monotonic clock: what two instants differ by, by this, are rates.</summary>
    public required double ClockSeconds { get; init; }

    /// <summary>The process that carries the packets.</summary>
    public required int FibreProcess { get; init; }

    /// <summary>Processor time that it has used, in seconds; what the kernel's TCP does for packets that it hands over is part of it.</summary>
    public required double FibreProcessorSeconds { get; init; }

    /// <summary>Whether it runs before ordinary processes (SCHED_RR), so that busy programs beside it do not delay packets.</summary>
    public required bool IsRealTime { get; init; }
}

/// <summary>A site of a laboratory. Immutable.</summary>
public sealed record SiteStatus
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its one address, reachable from every site.</summary>
    public required string Address { get; init; }

    /// <summary>Its network namespace.</summary>
    public required string Namespace { get; init; }
}

/// <summary>A link at one instant. Immutable.</summary>
public sealed record LinkStatus
{
    /// <summary>The site that the link is named after first.</summary>
    public required string A { get; init; }

    /// <summary>The other site.</summary>
    public required string B { get; init; }

    /// <summary>Whether it is cut.</summary>
    public required bool IsCut { get; init; }

    /// <summary>The round trip.</summary>
    [JsonPropertyName("rtt_ms")]
    public required TimeSpan RoundTrip { get; init; }

    /// <summary>The largest IP packet in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>From <see cref="A"/> to <see cref="B"/>.</summary>
    public required DirectionStatus There { get; init; }

    /// <summary>From <see cref="B"/> to <see cref="A"/>.</summary>
    public required DirectionStatus Back { get; init; }
}

/// <summary>One direction of a link at one instant. Packets and bytes are IP packets as the wire would carry them, headers included. Immutable.</summary>
public sealed record DirectionStatus
{
    /// <summary>What it carries at most.</summary>
    [JsonPropertyName("bandwidth_bits_per_second")]
    public required Bandwidth Bandwidth { get; init; }

    /// <summary>How much a packet's delay differs, at most and either way.</summary>
    [JsonPropertyName("jitter_ms")]
    public required TimeSpan Jitter { get; init; }

    /// <summary>The share of packets that are lost.</summary>
    public required double Loss { get; init; }

    /// <summary>The longest queue in bytes.</summary>
    public required long QueueBytesMax { get; init; }

    /// <summary>Bytes that wait now.</summary>
    public required long QueueBytes { get; init; }

    /// <summary>Packets that arrived, since the laboratory came up.</summary>
    public required long Packets { get; init; }

    /// <summary>Bytes that arrived.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that arrived in the last full second.</summary>
    public required long BytesPerSecond { get; init; }

    /// <summary>Packets that found the queue full.</summary>
    public required long QueueDrops { get; init; }

    /// <summary>Packets that were lost by chance, as asked for.</summary>
    public required long Losses { get; init; }

    /// <summary>Packets that a cut swallowed.</summary>
    public required long CutDrops { get; init; }

    /// <summary>Packets that the device at the other end would not take, or for which there was no memory.</summary>
    public required long Refused { get; init; }

    /// <summary>Packets that arrived more than 1 ms after their time because the program that carries them did not get to run.</summary>
    public required long LatePackets { get; init; }

    /// <summary>The worst such delay.</summary>
    [JsonPropertyName("late_worst_ms")]
    public required TimeSpan LateWorst { get; init; }
}
