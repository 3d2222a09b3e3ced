using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core;

/// <summary>
/// Everything that the control plane knows and decides by: the fold of its journal. Immutable and safe to share between threads;
/// <see cref="Factory.Apply"/> makes the next one.
/// </summary>
public sealed record FactoryState
{
    /// <summary>The factory before its first record: no sites, no jobs.</summary>
    public static FactoryState Empty { get; } = new();

    /// <summary>The time of the newest record, in milliseconds since 1970-01-01 UTC; never goes back. 0 before the first.</summary>
    public long At { get; init; }

    /// <summary>What each queue that ever held accelerators has used of them, by name.</summary>
    public ImmutableSortedDictionary<string, DecayedUsage> Usage { get; init; } = ImmutableSortedDictionary.Create<string, DecayedUsage>(StringComparer.Ordinal);

    /// <summary>How many records were folded; also the number of the last one. From 0.</summary>
    public long Revision { get; init; }

    /// <summary>The number of the newest job; 0 before the first.</summary>
    public long LastJob { get; init; }

    /// <summary>What sites are and may draw; null where no fleet file was applied.</summary>
    public FactoryFleet? Fleet { get; init; }

    /// <summary>The queues that jobs wait in.</summary>
    public QueueSet Queues { get; init; } = QueueSet.Default;

    /// <summary>The queues that are paused: nothing of them, or under them, starts.</summary>
    public ImmutableSortedSet<string> PausedQueues { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Every site whose agent ever joined, by name in ordinal order.</summary>
    public ImmutableSortedDictionary<string, FactorySite> Sites { get; init; }
        = ImmutableSortedDictionary.Create<string, FactorySite>(StringComparer.Ordinal);

    /// <summary>Every job by its number.</summary>
    public ImmutableSortedDictionary<long, FactoryJob> Jobs { get; init; } = ImmutableSortedDictionary<long, FactoryJob>.Empty;

    /// <summary>The numbers of the jobs that have not ended: what a decision looks at.</summary>
    public ImmutableSortedSet<long> OpenJobs { get; init; } = [];

    /// <summary>The numbers of the ended and the held jobs that still hold a slot, because a site has not confirmed that it stopped them.</summary>
    public ImmutableSortedSet<long> StoppingJobs { get; init; } = [];

    /// <summary>The numbers of the jobs that have checkpoints.</summary>
    public ImmutableSortedSet<long> CheckpointedJobs { get; init; } = [];

    /// <summary>The number of the newest copy; 0 before the first.</summary>
    public long LastCopy { get; init; }

    /// <summary>The copies by their number: all that have not ended, and the newest <see cref="FactoryLimits.EndedCopiesMax"/> that have.</summary>
    public ImmutableSortedDictionary<long, FactoryCopy> Copies { get; init; } = ImmutableSortedDictionary<long, FactoryCopy>.Empty;

    /// <summary>The numbers of the copies that have not ended.</summary>
    public ImmutableSortedSet<long> OpenCopies { get; init; } = [];

    /// <summary>What is out of service, by what it is.</summary>
    public ImmutableSortedDictionary<string, FactoryOutage> Outages { get; init; } = ImmutableSortedDictionary.Create<string, FactoryOutage>(StringComparer.Ordinal);

    /// <summary>The newest faults of each place that had any within a while.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<PlaceFault>> Faults { get; init; } = ImmutableSortedDictionary.Create<string, ImmutableArray<PlaceFault>>(StringComparer.Ordinal);

    /// <summary>The links of which somebody said what they carry, by <see cref="FactoryLink.NameOf"/>.</summary>
    public ImmutableSortedDictionary<string, FactoryLink> Links { get; init; } = ImmutableSortedDictionary.Create<string, FactoryLink>(StringComparer.Ordinal);

    /// <summary>The links of which gateways found that they carry less than they are declared to, by <see cref="FactoryLink.NameOf"/>.</summary>
    public ImmutableSortedDictionary<string, FactoryLink> MeasuredLinks { get; init; } = ImmutableSortedDictionary.Create<string, FactoryLink>(StringComparer.Ordinal);

    /// <summary>What is to be gone by of a link that does not carry what it is declared to: what somebody said of it, until he takes that back, else what gateways found; null where neither is.</summary>
    public FactoryLink? LinkBetween(string a, string b) =>
        FactoryLink.NameOf(a, b) is var name && Links.TryGetValue(name, out var said) ? said : MeasuredLinks.GetValueOrDefault(name);

    /// <summary>What is reserved of the fleet, by name.</summary>
    public ImmutableSortedDictionary<string, FactoryWindow> Windows { get; init; } = ImmutableSortedDictionary.Create<string, FactoryWindow>(StringComparer.Ordinal);

    /// <summary>The number of what was reserved last; 0 before the first.</summary>
    public long LastWindow { get; init; }

    /// <summary>The outage that a place is in; null where it is in service.</summary>
    public FactoryOutage? OutageOf(string place) => Outages.GetValueOrDefault(place);

    /// <summary>Whether something may be placed at <paramref name="site"/>: its agent is heard, and has said that nothing runs there whose lease had ended, and it is in service.</summary>
    public bool IsOpen(string site) => IsConnected(site) && !Sites[site].ClearingAwaited && OutageOf(site) is null;

    /// <summary>Whether the agent of <paramref name="site"/> is heard.</summary>
    public bool IsConnected(string site) => Sites.TryGetValue(site, out var known) && known.Standing == SiteStanding.Connected;

    /// <summary>The gangs that hold a slot at <paramref name="site"/>: those that it is to run, and those that it has not confirmed stopped.</summary>
    /// <returns>The numbers of their jobs, rising.</returns>
    public IEnumerable<long> JobsHoldingSlots(string site) => GangsAt(site).Select(static gang => gang.Job.Id);

    /// <summary>The gangs that hold a slot at <paramref name="site"/>, with their jobs, in the order of these.</summary>
    internal IEnumerable<(FactoryJob Job, FactoryIsland Island)> GangsAt(string site)
    {
        foreach (var id in OpenJobs.Union(StoppingJobs))
        {
            foreach (var island in Jobs[id].Islands.AddRange(Jobs[id].Strays))
            {
                if (island.HoldsSlot && string.Equals(island.Site, site, StringComparison.Ordinal))
                {
                    yield return (Jobs[id], island);
                }
            }
        }
    }

    /// <summary>The accelerators at <paramref name="site"/> that gangs hold: those that it is to run, and those that it has not confirmed stopped.</summary>
    public long AcceleratorsHeld(string site)
    {
        var held = 0L;
        foreach (var (job, island) in GangsAt(site))
        {
            held += job.AcceleratorsOf(island);
        }

        return held;
    }

    /// <summary>The gangs of a job's roles, in the order of their numbers, which follow the job's.</summary>
    internal IEnumerable<FactoryJob> GangsOf(FactoryJob job)
    {
        for (var gang = 1; gang <= job.Specification.RoleGangs; gang++)
        {
            yield return Jobs[job.Id + gang];
        }
    }

    /// <summary>The job that another is a gang of; itself where it is none.</summary>
    internal FactoryJob WholeOf(FactoryJob job) => job.Role is { } role ? Jobs[role.Job] : job;

    /// <summary>The queue that keeps jobs of <paramref name="queue"/> from starting because it is paused, that queue or the nearest above it; null where none is.</summary>
    public string? PausedBy(string queue)
    {
        if (PausedQueues.IsEmpty)
        {
            return null;
        }

        for (var above = queue; above is not null; above = Queues.Queues.First(each => each.Name == above).Parent)
        {
            if (PausedQueues.Contains(above))
            {
                return above;
            }
        }

        return null;
    }

    internal FactoryState WithJob(FactoryJob job)
    {
        var open = job.End is null;
        var stopping = !job.Strays.IsEmpty || job.Islands.Any(island => island.Standing == IslandStanding.Stopping);
        return this with
        {
            Jobs = Jobs.SetItem(job.Id, job),
            OpenJobs = open ? OpenJobs.Add(job.Id) : OpenJobs.Remove(job.Id),
            CheckpointedJobs = job.Checkpoints.IsEmpty ? CheckpointedJobs.Remove(job.Id) : CheckpointedJobs.Add(job.Id),
            StoppingJobs = stopping ? StoppingJobs.Add(job.Id) : StoppingJobs.Remove(job.Id),
            Usage = Charged(job),
        };
    }

    /// <summary>The queues' usage with what a job holds more or less than before charged from now on.</summary>
    private ImmutableSortedDictionary<string, DecayedUsage> Charged(FactoryJob job)
    {
        var more = job.AcceleratorsHeld - (Jobs.TryGetValue(job.Id, out var before) ? before.AcceleratorsHeld : 0);
        var queue = job.Specification.Queue;
        return more == 0 ? Usage : Usage.SetItem(queue, Usage.GetValueOrDefault(queue).Hold(more, At));
    }

    internal FactoryState WithCopy(FactoryCopy copy)
    {
        var copies = Copies.SetItem(copy.Id, copy);
        var open = copy.End is null ? OpenCopies.Add(copy.Id) : OpenCopies.Remove(copy.Id);
        if (copies.Count - open.Count > FactoryLimits.EndedCopiesMax)
        {
            copies = copies.Remove(copies.Keys.First(id => !open.Contains(id)));
        }

        return this with { Copies = copies, OpenCopies = open };
    }

    internal FactoryState WithSite(FactorySite site) => this with { Sites = Sites.SetItem(site.Name, site) };
}
