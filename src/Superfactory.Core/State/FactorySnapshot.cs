using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Fleet;

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
        };
    }

    /// <summary>The state again.</summary>
    public FactoryState Restore()
    {
        var state = new FactoryState
        {
            Revision = Revision, LastJob = LastJob, LastCopy = LastCopy, Queues = Queues, PausedQueues = PausedQueues.ToImmutableSortedSet(StringComparer.Ordinal),
            Fleet = Fleet,
            Outages = Outages.ToImmutableSortedDictionary(static outage => outage.Target, static outage => outage, StringComparer.Ordinal),
            Faults = Faults.ToImmutableSortedDictionary(static place => place.Place, static place => place.Faults, StringComparer.Ordinal),
        };
        state = Sites.Aggregate(state, (restored, site) => restored.WithSite(site));
        state = Jobs.Aggregate(state, (restored, job) => restored.WithJob(job));
        return Copies.Aggregate(state, (restored, copy) => restored.WithCopy(copy));
    }

    /// <summary>One line of JSON: the same bytes for equal states.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, FactoryJson.Options);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is no snapshot.</exception>
    public static FactorySnapshot FromJson(string json)
        => JsonSerializer.Deserialize<FactorySnapshot>(json, FactoryJson.Options) ?? throw new JsonException("The snapshot is null.");
}
