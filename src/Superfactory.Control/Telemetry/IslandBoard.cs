using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Superfactory.Core;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Routing.Grants;

namespace Superfactory.Control.Telemetry;

/// <summary>What is newest of an island and is no history: shown, never decided by. Immutable.</summary>
internal sealed record IslandLive
{
    public RunProgress? Progress { get; init; }

    public Measurement? Measurement { get; init; }

    /// <summary>The site's traffic when the job began; null before it was noted.</summary>
    public WanBytes? WanAtBegin { get; init; }

    /// <summary>The site's traffic when the job ended; null before.</summary>
    public WanBytes? WanAtEnd { get; init; }
}

/// <summary>The newest progress, measurements and traffic of sites and islands. Kept with the telemetry, so that a restart shows it again. Safe to use from any thread.</summary>
internal sealed class IslandBoard
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, string> _unkept = new(StringComparer.Ordinal);
    private ImmutableDictionary<(long Job, string Island), IslandLive> _islands = ImmutableDictionary<(long, string), IslandLive>.Empty;
    private ImmutableDictionary<string, SiteTraffic> _traffic = ImmutableDictionary.Create<string, SiteTraffic>(StringComparer.Ordinal);
    private ImmutableDictionary<string, long> _callersRefused = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);
    private ImmutableDictionary<string, ImmutableArray<LinkReport>> _links = ImmutableDictionary.Create<string, ImmutableArray<LinkReport>>(StringComparer.Ordinal);

    /// <summary>Takes up what was kept.</summary>
    public void Restore(ImmutableSortedDictionary<string, string> kept)
    {
        lock (_lock)
        {
            foreach (var (name, body) in kept)
            {
                var parts = name.Split('/');
                if (parts is ["site", var site] && JsonSerializer.Deserialize<SiteTraffic>(body, FactoryJson.Options) is { } traffic)
                {
                    _traffic = _traffic.SetItem(site, traffic);
                }
                else if (parts is ["island", var job, var island] && JsonSerializer.Deserialize<IslandLive>(body, FactoryJson.Options) is { } live)
                {
                    _islands = _islands.SetItem((long.Parse(job, CultureInfo.InvariantCulture), island), live);
                }
            }
        }
    }

    public IslandLive Find(long job, string island) => Volatile.Read(ref _islands).GetValueOrDefault((job, island)) ?? new IslandLive();

    public ImmutableArray<LinkReport> Links(string site) => Volatile.Read(ref _links).GetValueOrDefault(site, []);

    /// <summary>What the gateways of all sites said last whose agents are heard. One that is not may well go on sending; what it reported is no measure of that.</summary>
    public ImmutableArray<SiteLinks> Reports(FactoryState state) =>
        [.. state.Sites.Values.Where(site => site.Standing == SiteStanding.Connected).Select(site => new SiteLinks(site.Name, Links(site.Name)))];

    /// <summary>Connections that the site's gateway closed before they were any link's, as last reported.</summary>
    public long CallersRefused(string site) => Volatile.Read(ref _callersRefused).GetValueOrDefault(site);

    /// <summary>What the island's gateway moved since the job began, up to its end.</summary>
    public WanBytes Moved(long job, string island)
        => Find(job, island) is { WanAtBegin: { } begin } live ? (live.WanAtEnd ?? Total(island)) - begin : default;

    /// <summary>Takes a report of an agent whose session is known.</summary>
    /// <returns>What of the board is to be kept.</returns>
    public ImmutableArray<KeyValuePair<string, string>> Take(FactoryState state, string site, AgentReport report)
    {
        lock (_lock)
        {
            var traffic = (_traffic.GetValueOrDefault(site) ?? new SiteTraffic()).With(report.Session, report.Links);
            _traffic = _traffic.SetItem(site, traffic);
            _links = _links.SetItem(site, report.Links);
            _callersRefused = _callersRefused.SetItem(site, report.CallersRefused);
            _unkept[$"site/{site}"] = Write(traffic);
            foreach (var gang in report.Gangs)
            {
                if (gang.Progress is { } progress && IsPresent(state, site, gang))
                {
                    Change(gang.Job, site, live => live with { Progress = progress });
                }
            }

            foreach (var measurement in report.Measurements)
            {
                Change(measurement.Job, site, live => live with { Measurement = measurement });
            }

            ImmutableArray<KeyValuePair<string, string>> kept = [.. _unkept];
            _unkept.Clear();
            return kept;
        }
    }

    /// <summary>Notes the traffic at the begin and the end of jobs. It is kept with the next report, so that this never waits.</summary>
    public void Mark(FactoryState state, IEnumerable<long> jobs)
    {
        lock (_lock)
        {
            foreach (var job in jobs.Select(id => state.Jobs[id]))
            {
                foreach (var island in job.Islands)
                {
                    var live = Find(job.Id, island.Site);
                    if (live.WanAtBegin is null)
                    {
                        Change(job.Id, island.Site, old => old with { WanAtBegin = Total(island.Site) });
                    }

                    if (job.End is not null && live.WanAtEnd is null)
                    {
                        Change(job.Id, island.Site, old => old with { WanAtEnd = Total(island.Site) });
                    }
                }
            }
        }
    }

    private static bool IsPresent(FactoryState state, string site, GangReport gang)
        => state.Jobs.TryGetValue(gang.Job, out var job)
            && job.Islands.Any(island => island.Incarnation == gang.Incarnation && string.Equals(island.Site, site, StringComparison.Ordinal));

    private static string Write<T>(T value) => JsonSerializer.Serialize(value, FactoryJson.Options);

    private WanBytes Total(string site) => Volatile.Read(ref _traffic).GetValueOrDefault(site)?.Total() ?? default;

    private void Change(long job, string island, Func<IslandLive, IslandLive> change)
    {
        var changed = change(Find(job, island));
        Volatile.Write(ref _islands, _islands.SetItem((job, island), changed));
        _unkept[string.Create(CultureInfo.InvariantCulture, $"island/{job}/{island}")] = Write(changed);
    }
}
