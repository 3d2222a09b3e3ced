using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core;

/// <summary>A state of the factory as it is kept, so that replay need not begin at the first record. Immutable.</summary>
public sealed record FactorySnapshot
{
    /// <summary>The revision of the state.</summary>
    public required long Revision { get; init; }

    /// <summary>The number of the newest job.</summary>
    public required long LastJob { get; init; }

    /// <summary>The sites by name.</summary>
    public required ImmutableArray<FactorySite> Sites { get; init; }

    /// <summary>The jobs by number.</summary>
    public required ImmutableArray<FactoryJob> Jobs { get; init; }

    /// <summary>The number of the newest copy.</summary>
    public long LastCopy { get; init; }

    /// <summary>The copies by number.</summary>
    public ImmutableArray<FactoryCopy> Copies { get; init; } = [];

    /// <summary>The queues.</summary>
    public QueueSet Queues { get; init; } = QueueSet.Default;

    /// <summary>The names of the queues that are paused.</summary>
    public ImmutableArray<string> PausedQueues { get; init; } = [];

    /// <summary>The fleet file; null where none was applied.</summary>
    public FactoryFleet? Fleet { get; init; }

    /// <summary>What is out of service.</summary>
    public ImmutableArray<FactoryOutage> Outages { get; init; } = [];

    /// <summary>The newest faults of places.</summary>
    public ImmutableArray<PlaceFaults> Faults { get; init; } = [];

    /// <summary>The links that do not carry what they are declared to.</summary>
    public ImmutableArray<FactoryLink> Links { get; init; } = [];

    /// <summary>What is reserved of the fleet.</summary>
    public ImmutableArray<FactoryWindow> Windows { get; init; } = [];

    /// <summary>The number of what was reserved last.</summary>
    public long LastWindow { get; init; }

    /// <summary>The time of the newest record; 0 in a snapshot of a version that did not keep it.</summary>
    public long At { get; init; }

    /// <summary>What queues have used, by name.</summary>
    public ImmutableArray<QueueUsage> Usage { get; init; } = [];

    /// <summary>Takes down a state.</summary>
    public static FactorySnapshot Of(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new FactorySnapshot
        {
            Revision = state.Revision,
            LastJob = state.LastJob,
            Sites = [.. state.Sites.Values],
            Jobs = [.. state.Jobs.Values],
            LastCopy = state.LastCopy,
            Copies = [.. state.Copies.Values],
            Queues = state.Queues,
            PausedQueues = [.. state.PausedQueues],
            Fleet = state.Fleet,
            Outages = [.. state.Outages.Values],
            Faults = [.. state.Faults.Select(static place => new PlaceFaults(place.Key, place.Value))],
            Links = [.. state.Links.Values, .. state.MeasuredLinks.Values],
            Windows = [.. state.Windows.Values],
            LastWindow = state.LastWindow,
            At = state.At,
            Usage = [.. state.Usage.Select(static entry => new QueueUsage(entry.Key, entry.Value.Used, entry.Value.At))],
        };
    }

    /// <summary>The state again.</summary>
    public FactoryState Restore()
    {
        // What a snapshot without its time holds counts from when its sites were heard last.
        var state = new FactoryState
        {
            At = At != 0 ? At : Sites.Select(static site => site.HeardAt).DefaultIfEmpty().Max(),
            Revision = Revision, LastJob = LastJob, LastCopy = LastCopy, Queues = Queues, PausedQueues = PausedQueues.ToImmutableSortedSet(StringComparer.Ordinal),
            Fleet = Fleet,
            Outages = Outages.ToImmutableSortedDictionary(static outage => outage.Target, static outage => outage, StringComparer.Ordinal),
            Windows = Windows.ToImmutableSortedDictionary(static window => window.Name, static window => window, StringComparer.Ordinal),
            LastWindow = LastWindow,
            Links = ByName(Links.Where(static link => !link.Measured)),
            MeasuredLinks = ByName(Links.Where(static link => link.Measured)),
            Faults = Faults.ToImmutableSortedDictionary(static place => place.Place, static place => place.Faults, StringComparer.Ordinal),
        };
        state = Sites.Aggregate(state, (restored, site) => restored.WithSite(site));
        state = Jobs.Aggregate(state, (restored, job) => restored.WithJob(job));
        state = Usage.Aggregate(state, static (restored, usage) => restored with
        {
            Usage = restored.Usage.SetItem(usage.Queue, restored.Usage.GetValueOrDefault(usage.Queue) with { Used = usage.Used, At = usage.At }),
        });
        return Copies.Aggregate(state, (restored, copy) => restored.WithCopy(copy));
    }

    private static ImmutableSortedDictionary<string, FactoryLink> ByName(IEnumerable<FactoryLink> links) =>
        links.ToImmutableSortedDictionary(static link => FactoryLink.NameOf(link.A, link.B), static link => link, StringComparer.Ordinal);

    /// <summary>One line of JSON: the same bytes for equal states.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, FactoryJson.Options);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is no snapshot.</exception>
    public static FactorySnapshot FromJson(string json)
        => JsonSerializer.Deserialize<FactorySnapshot>(json, FactoryJson.Options) ?? throw new JsonException("The snapshot is null.");
}

/// <summary>What a queue has used of the fleet, as a snapshot keeps it; what it holds follows from its jobs. Immutable.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Used">Accelerators × milliseconds, decayed, as of <paramref name="At"/>.</param>
/// <param name="At">When that was, in milliseconds since 1970-01-01 UTC.</param>
public sealed record QueueUsage(string Queue, UInt128 Used, long At);
