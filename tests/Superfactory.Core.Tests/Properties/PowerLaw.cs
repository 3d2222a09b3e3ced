using Superfactory.Model.Fleet;

namespace Superfactory.Core.Tests.Properties;

/// <summary>Adds up anew, from nothing but the fleet file and the islands of jobs, what is drawn of every budget of power. Shares no ledger with the factory.</summary>
internal static class PowerLaw
{
    private const string Fleet = "the fleet";

    /// <summary>
    /// Budgets of racks, rows, sites and the fleet that are exceeded and of which more is drawn than before. What draws too much since a file said less goes on; nothing is added to it.
    /// </summary>
    public static List<string> Broken(FactoryState before, FactoryState after)
    {
        var (drawn, budgets, was) = (Drawn(after), Budgets(after), Drawn(before));
        return [.. budgets.Where(each => drawn[each.Key] > each.Value && drawn[each.Key] > was.GetValueOrDefault(each.Key)).Select(each => $"power: {each.Key} draws {drawn[each.Key]} of {each.Value}").Order(StringComparer.Ordinal)];
    }

    private static Dictionary<string, long> Budgets(FactoryState state)
    {
        var budgets = new Dictionary<string, long>(StringComparer.Ordinal);
        if (state.Fleet?.Specification is not { } fleet)
        {
            return budgets;
        }

        Add(Fleet, fleet.Power?.Watts);
        foreach (var site in fleet.Sites)
        {
            Add(site.Name, site.Power?.Watts);

            // Rows and racks of a site that places its own gangs are its own business.
            foreach (var (floor, row) in site.Placement == SitePlacement.Site ? [] : site.Floors.SelectMany(static floor => floor.Rows.Select(row => (floor, row))))
            {
                Add($"{site.Name}/{floor.Name}/{row.Name}", row.Power?.Watts);
                row.Racks.ToList().ForEach(rack => Add($"{site.Name}/{floor.Name}/{row.Name}/{rack.Name}", rack.Power.Watts));
            }
        }

        return budgets;

        void Add(string name, long? watts)
        {
            if (watts is { } budget)
            {
                budgets.Add(name, budget);
            }
        }
    }

    private static Dictionary<string, decimal> Drawn(FactoryState state)
    {
        var drawn = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var site in state.Fleet?.Specification.Sites ?? [])
        {
            foreach (var (floor, row, rack) in site.Floors.SelectMany(static floor => floor.Rows.SelectMany(row => row.Racks.Select(rack => (floor, row, rack)))))
            {
                Draw($"{site.Name}/{floor.Name}/{row.Name}/{rack.Name}", rack.IdleWatts);
            }
        }

        foreach (var job in state.Jobs.Values)
        {
            foreach (var island in job.Islands.AddRange(job.Strays).Where(static island => island.HoldsSlot))
            {
                var watts = (decimal)job.AcceleratorsOf(island) * HardwareCatalogue.Find(island.Hardware ?? job.Specification.Hardware[0])!.AcceleratorWatts * job.Specification.PeakThousandths / 1000;
                foreach (var place in island.Places.DefaultIfEmpty(island.Site))
                {
                    Draw(place, watts / Math.Max(1, island.Places.Length));
                }
            }
        }

        return drawn;

        // A node draws at its rack, a rack at its row, a row at its site, and that at the fleet's budget.
        void Draw(string place, decimal watts)
        {
            drawn[Fleet] = drawn.GetValueOrDefault(Fleet) + watts;
            for (var end = place.IndexOf('/', StringComparison.Ordinal); ; end = place.IndexOf('/', end + 1))
            {
                var name = end < 0 ? place : place[..end];
                drawn[name] = drawn.GetValueOrDefault(name) + watts;
                if (end < 0)
                {
                    return;
                }
            }
        }
    }
}
