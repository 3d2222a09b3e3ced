using System.Collections.Immutable;

namespace Superfactory.Core.Planning;

/// <summary>The slots of the connected sites while one plan is made: who holds them, and who has claimed them. Used by one thread.</summary>
internal sealed class SlotLedger
{
    private readonly SortedDictionary<string, (int Slots, List<long> Jobs)> _sites = new(StringComparer.Ordinal);

    public SlotLedger(FactoryState state)
    {
        foreach (var site in state.Sites.Values)
        {
            if (site.Standing == SiteStanding.Connected && site.Slots > 0)
            {
                _sites.Add(site.Name, (site.Slots, []));
            }
        }

        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            foreach (var island in state.Jobs[id].Islands)
            {
                if (island.HoldsSlot && _sites.TryGetValue(island.Site, out var site))
                {
                    site.Jobs.Add(id);
                }
            }
        }
    }

    /// <summary>The connected sites that have slots at all, by name.</summary>
    public ImmutableArray<string> Usable => [.. _sites.Keys];

    public bool HasFree(string site) => _sites.TryGetValue(site, out var ledger) && ledger.Jobs.Count < ledger.Slots;

    /// <summary>Takes, or claims where it is not free yet, a slot at each site.</summary>
    public void Take(ImmutableArray<string> sites, long job)
    {
        foreach (var site in sites)
        {
            if (_sites.TryGetValue(site, out var ledger))
            {
                ledger.Jobs.Add(job);
            }
        }
    }

    /// <summary>The other jobs that hold or claim slots at <paramref name="site"/>, in order.</summary>
    public ImmutableArray<long> Ahead(string site, long job)
        => _sites.TryGetValue(site, out var ledger) ? [.. ledger.Jobs.Where(other => other != job).Distinct()] : [];
}
