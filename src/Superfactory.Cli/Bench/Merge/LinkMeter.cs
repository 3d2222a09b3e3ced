using System.Collections.Immutable;
using Superfactory.Lab.Running;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Sums what crossed each link while merges ran, by the laboratory's own counts.</summary>
internal sealed class LinkMeter
{
    private readonly Dictionary<(string From, string To), long> _bytes = [];
    private LabStatus? _begun;
    private double _seconds;

    /// <summary>A merge is about to begin.</summary>
    public void Begin(LabStatus status) => _begun = status;

    /// <summary>It has ended.</summary>
    public void End(LabStatus status, double seconds)
    {
        _seconds += seconds;
        for (var index = 0; index < status.Links.Length; index++)
        {
            var (before, after) = (_begun!.Links[index], status.Links[index]);
            Add(after.A, after.B, after.There.Bytes - before.There.Bytes);
            Add(after.B, after.A, after.Back.Bytes - before.Back.Bytes);
        }
    }

    /// <summary>For each island the share of its links to all others that it filled in its busier direction.</summary>
    public ImmutableSortedDictionary<string, double> BusierDirection(IReadOnlyCollection<string> islands, Bandwidth rate)
    {
        var whole = rate.BytesPerSecond * (islands.Count - 1) * _seconds;
        return islands.ToImmutableSortedDictionary(
            static island => island,
            island => Math.Max(
                _bytes.Where(pair => pair.Key.From == island).Sum(static pair => pair.Value),
                _bytes.Where(pair => pair.Key.To == island).Sum(static pair => pair.Value)) / whole,
            StringComparer.Ordinal);
    }

    private void Add(string from, string to, long bytes) => _bytes[(from, to)] = _bytes.GetValueOrDefault((from, to)) + bytes;
}
