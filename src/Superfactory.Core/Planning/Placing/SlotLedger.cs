using System.Collections.Immutable;

namespace Superfactory.Core.Planning;

/// <summary>The accelerators of a kind at the open sites while one plan is made: who holds them, and who has claimed them. Used by one thread.</summary>
internal sealed class SlotLedger
{
    /// <summary>The most jobs that <see cref="Ahead"/> names.</summary>
    public const int AheadMax = 9;

    private readonly SortedDictionary<string, Entry> _sites = new(StringComparer.Ordinal);

    /// <summary>What is held of a kind of hardware.</summary>
    public SlotLedger(FactoryState state, string hardware)
    {
        foreach (var site in state.Sites.Keys)
        {
            if (FleetCapacity.Offered(state, site, hardware) is var offered and > 0)
            {
                _sites.Add(site, new Entry(offered));
            }
        }

        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            foreach (var island in job.Islands.AddRange(job.Strays))
            {
                if (island.HoldsSlot && job.HardwareOf(island) == hardware && _sites.TryGetValue(island.Site, out var site))
                {
                    site.Take(id, job.AcceleratorsOf(island));
                }
            }
        }
    }

    /// <summary>The open sites that have any at all, by name.</summary>
    public ImmutableArray<string> Usable => [.. _sites.Keys];

    /// <summary>Whether a site is open and has any at all.</summary>
    public bool Has(string site) => _sites.ContainsKey(site);

    /// <summary>Whether so many are free that nobody has claimed.</summary>
    public bool HasFree(string site, long accelerators) => _sites.TryGetValue(site, out var entry) && entry.Taken + accelerators <= entry.Slots;

    /// <summary>Takes, or claims where they are not free yet, accelerators at each site.</summary>
    public void Take(ImmutableArray<string> sites, long job, long accelerators)
    {
        foreach (var site in sites)
        {
            if (_sites.TryGetValue(site, out var entry))
            {
                entry.Take(job, accelerators);
            }
        }
    }

    /// <summary>The first of the other jobs that hold or claim accelerators at <paramref name="site"/>, in order.</summary>
    public ImmutableArray<long> Ahead(string site, long job)
        => _sites.TryGetValue(site, out var entry) ? [.. entry.Jobs.Where(other => other != job).Distinct().Take(AheadMax)] : [];

    private sealed class Entry(long slots)
    {
        public long Slots { get; } = slots;

        public long Taken { get; private set; }

        public List<long> Jobs { get; } = [];

        public void Take(long job, long accelerators)
        {
            Taken += accelerators;
            Jobs.Add(job);
        }
    }
}
