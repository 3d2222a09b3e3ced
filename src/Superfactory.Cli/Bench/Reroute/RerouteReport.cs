using System.Collections.Immutable;
using Superfactory.Cli.Bench.Merge;

namespace Superfactory.Cli.Bench.Reroute;

/// <summary>How long traffic took to find another way, and back. Immutable.</summary>
internal sealed record RerouteReport
{
    /// <summary>The links of the triangle.</summary>
    public required string Wan { get; init; }

    /// <summary>What was sent before, during and after each cut, bits of payload per second.</summary>
    public required double BitsPerSecond { get; init; }

    /// <summary>Seconds from the order to cut the link until a message arrived that was sent after the cut, in turn.</summary>
    public required ImmutableArray<double> Seconds { get; init; }

    /// <summary>The middle one.</summary>
    public required double SecondsMedian { get; init; }

    /// <summary>The longest.</summary>
    public required double SecondsMax { get; init; }

    /// <summary>Seconds from the order to restore the link until it carried that traffic again, in turn.</summary>
    public required ImmutableArray<double> BackSeconds { get; init; }

    /// <summary>The middle one.</summary>
    public required double BackSecondsMedian { get; init; }

    /// <summary>The longest.</summary>
    public required double BackSecondsMax { get; init; }

    /// <summary>What was measured on.</summary>
    public required MachineReport Machine { get; init; }

    /// <summary>The report of a measurement.</summary>
    public static RerouteReport Of(string wan, double bitsPerSecond, IReadOnlyCollection<(double Seconds, double Back)> cuts, MachineReport machine) => new()
    {
        Wan = wan,
        BitsPerSecond = bitsPerSecond,
        Seconds = [.. cuts.Select(static cut => cut.Seconds)],
        SecondsMedian = MergeFigures.Median([.. cuts.Select(static cut => cut.Seconds)]),
        SecondsMax = cuts.Max(static cut => cut.Seconds),
        BackSeconds = [.. cuts.Select(static cut => cut.Back)],
        BackSecondsMedian = MergeFigures.Median([.. cuts.Select(static cut => cut.Back)]),
        BackSecondsMax = cuts.Max(static cut => cut.Back),
        Machine = machine,
    };
}
