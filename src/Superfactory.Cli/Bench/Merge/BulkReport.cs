using System.Collections.Immutable;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>What merges and control messages took while bulk filled every link both ways. Immutable.</summary>
internal sealed record BulkReport
{
    /// <summary>Seconds of each merge, in turn.</summary>
    public required ImmutableArray<double> Seconds { get; init; }

    /// <summary>The middle one.</summary>
    public required double SecondsMedian { get; init; }

    /// <summary>The shortest.</summary>
    public required double SecondsMin { get; init; }

    /// <summary>The longest.</summary>
    public required double SecondsMax { get; init; }

    /// <summary>Its median ÷ that of the merges without bulk: 1.04 is 4 % longer.</summary>
    public required double Ratio { get; init; }

    /// <summary>What each link carried of bulk in a direction during a merge, the middle one, bits of payload per second.</summary>
    public required double BulkBesideMergesBitsPerSecond { get; init; }

    /// <summary>What each link carried of bulk in a direction while control messages were timed, bits of payload per second.</summary>
    public required double BulkBitsPerSecond { get; init; }

    /// <summary>A control message on the idle links.</summary>
    public required ControlReport ControlIdle { get; init; }

    /// <summary>A control message beside bulk.</summary>
    public required ControlReport ControlBeside { get; init; }

    /// <summary>How much longer the middle one took beside bulk, in milliseconds.</summary>
    public required double ControlLongerMs { get; init; }

    /// <summary>The report of a measurement.</summary>
    /// <param name="measured">The measurement.</param>
    /// <param name="alone">The median of the merges without bulk, in seconds.</param>
    public static BulkReport Of(BulkMeasurement measured, double alone)
    {
        var (median, idle, beside) = (MergeFigures.Median(measured.Seconds), ControlReport.Of(measured.ControlIdle), ControlReport.Of(measured.ControlBeside));
        return new BulkReport
        {
            Seconds = measured.Seconds,
            SecondsMedian = median,
            SecondsMin = measured.Seconds.Min(),
            SecondsMax = measured.Seconds.Max(),
            Ratio = median / alone,
            BulkBesideMergesBitsPerSecond = MergeFigures.Median(measured.BulkBesideMerges),
            BulkBitsPerSecond = measured.BulkBitsPerSecond,
            ControlIdle = idle,
            ControlBeside = beside,
            ControlLongerMs = beside.MedianMs - idle.MedianMs,
        };
    }
}

/// <summary>How long control messages took, in milliseconds. Immutable.</summary>
/// <param name="MedianMs">The middle one.</param>
/// <param name="P90Ms">Nine of ten took no longer.</param>
/// <param name="MostMs">The longest.</param>
internal sealed record ControlReport(double MedianMs, double P90Ms, double MostMs)
{
    /// <summary>Of these messages, at least one.</summary>
    public static ControlReport Of(ImmutableArray<double> milliseconds)
    {
        var sorted = milliseconds.Sort();
        return new ControlReport(MergeFigures.Median(sorted), sorted[(sorted.Length - 1) * 9 / 10], sorted[^1]);
    }
}
