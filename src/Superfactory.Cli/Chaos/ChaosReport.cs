using System.Collections.Immutable;

namespace Superfactory.Cli.Chaos;

/// <summary>What came of a run under faults. Immutable.</summary>
internal sealed record ChaosReport
{
    /// <summary>What was done, in order.</summary>
    public required ImmutableArray<ChaosFault> Faults { get; init; }

    /// <summary>How long the run took to go on, over all faults.</summary>
    public required RecoverySeconds RecoverySeconds { get; init; }

    /// <summary>Whether every trainer had the same parameters after every result that stands, and all the same model at the end.</summary>
    public required bool ReplicasIdentical { get; init; }

    /// <summary>Whether each planned sample was merged exactly once.</summary>
    public required bool LedgerExact { get; init; }

    /// <summary>How many things were not as they have to be; each was told in a sentence.</summary>
    public required int Violations { get; init; }
}

/// <summary>A fault that was injected. Immutable.</summary>
/// <param name="Time">Seconds from the beginning of the faults.</param>
/// <param name="Kind">What was done.</param>
/// <param name="Target">To whom: a site, <c>control</c>, or two sites joined by <c>-</c>.</param>
/// <param name="Seconds">Until the next final result that took a contribution made after it; null where none came.</param>
internal sealed record ChaosFault(double Time, ChaosKind Kind, string Target, double? Seconds);

/// <summary>Seconds from a fault to the next final result, over all faults.</summary>
/// <param name="Median">The median; null without faults.</param>
/// <param name="Max">The most.</param>
internal sealed record RecoverySeconds(double? Median, double? Max)
{
    /// <summary>Over the faults after which a result came.</summary>
    public static RecoverySeconds Of(IEnumerable<ChaosFault> faults)
    {
        double[] sorted = [.. faults.Select(static fault => fault.Seconds).OfType<double>().Order()];
        if (sorted.Length == 0)
        {
            return new RecoverySeconds(null, null);
        }

        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new RecoverySeconds(Math.Round(median, 3), sorted[^1]);
    }
}
