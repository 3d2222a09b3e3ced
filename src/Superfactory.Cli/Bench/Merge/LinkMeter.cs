using System.Collections.Immutable;
using Superfactory.Lab.Running;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Counts what crossed each link while merges ran, merge by merge, by the laboratory's own counts.</summary>
internal sealed class LinkMeter
{
    private readonly List<(Dictionary<(string From, string To), long> Bytes, double Seconds)> _merges = [];
    private LabStatus? _begun;

    /// <summary>A merge is about to begin.</summary>
    public void Begin(LabStatus status) => _begun = status;

    /// <summary>It has ended.</summary>
    public void End(LabStatus status, double seconds)
    {
        var bytes = new Dictionary<(string From, string To), long>();
        for (var index = 0; index < status.Links.Length; index++)
        {
            var (before, after) = (_begun!.Links[index], status.Links[index]);
            bytes[(after.A, after.B)] = after.There.Bytes - before.There.Bytes;
            bytes[(after.B, after.A)] = after.Back.Bytes - before.Back.Bytes;
        }

        _merges.Add((bytes, seconds));
    }

    /// <summary>For each island the share of its links to all others that it filled in its busier direction, in the middle one of the merges as <c>seconds_median</c> is.</summary>
    public ImmutableSortedDictionary<string, double> BusierDirection(IReadOnlyCollection<string> islands, Bandwidth rate) =>
        islands.ToImmutableSortedDictionary(
            static island => island,
            island => MergeFigures.Median([.. _merges.Select(merge => Busier(merge.Bytes, island) / (rate.BytesPerSecond * (islands.Count - 1) * merge.Seconds))]),
            StringComparer.Ordinal);

    private static double Busier(Dictionary<(string From, string To), long> bytes, string island) => Math.Max(
        bytes.Where(pair => pair.Key.From == island).Sum(static pair => pair.Value),
        bytes.Where(pair => pair.Key.To == island).Sum(static pair => pair.Value));
}
