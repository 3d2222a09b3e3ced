using Superfactory.Model.Fleet;

namespace Superfactory.Core.Planning;

/// <summary>How large a gang a site holds while nothing else runs there. Pure.</summary>
internal static class SiteShapes
{
    /// <summary>
    /// The most accelerators of a kind, and no more than are wanted, that a gang can have at a site: what the site has, or, where the fleet places it, what equal slices in its domains
    /// add up to that share what they must. 0 where the site promises nothing so narrow.
    /// </summary>
    /// <param name="state">The factory.</param>
    /// <param name="site">The site.</param>
    /// <param name="hardware">The kind.</param>
    /// <param name="wanted">How many are wanted.</param>
    /// <param name="within">What they must share.</param>
    public static long Most(FactoryState state, string site, string hardware, long wanted, Within within)
    {
        var most = Math.Min(wanted, FleetCapacity.Declared(state, site, hardware));
        if (!Promises(state, site))
        {
            return within == Within.Site ? most : 0;
        }

        // One slice needs nothing but a domain.
        if (state.Fleet!.Sites[site].Racks.FirstOrDefault(rack => rack.Hardware.Name == hardware) is { } first && Offers(first).Each >= most)
        {
            return most;
        }

        var found = 0L;
        foreach (var domains in Groups(state.Fleet.Sites[site], hardware, within))
        {
            found = Math.Max(found, Largest(domains, most, found));
        }

        return found;
    }

    /// <summary>Whether the fleet file has a site's gangs placed on its racks, so that more can be promised than the site.</summary>
    public static bool Promises(FactoryState state, string site) => state.Fleet?.Placed.Contains(site) == true;

    /// <summary>The domains that share what slices must, by what each offers: racks of rack scale, nodes of others.</summary>
    private static Dictionary<(int PerNode, int Group), SortedDictionary<int, int>>.ValueCollection Groups(FleetSite site, string hardware, Within within)
    {
        // Nodes of different numbers of slots are pools of their own: no gang has slices of both.
        var groups = new Dictionary<(int PerNode, int Group), SortedDictionary<int, int>>();
        var (rows, racks) = (0, 0);
        for (var floor = 0; floor < site.Floors.Length; floor++)
        {
            foreach (var row in site.Floors[floor].Rows)
            {
                rows++;
                foreach (var rack in row.Racks)
                {
                    racks++;
                    if (rack.Hardware.Name != hardware)
                    {
                        continue;
                    }

                    var key = (rack.AcceleratorsPerNode, within switch { Within.Rack => racks, Within.Row => rows, Within.Floor => floor, _ => 0 });
                    if (!groups.TryGetValue(key, out var domains))
                    {
                        groups.Add(key, domains = []);
                    }

                    var (offers, count) = Offers(rack);
                    domains[offers] = domains.GetValueOrDefault(offers) + count;
                }
            }
        }

        return groups.Values;
    }

    private static (int Each, int Domains) Offers(FleetRack rack) => rack.Hardware.IsRackScale ? (rack.Schedulable, 1) : (rack.AcceleratorsPerNode, rack.Nodes - rack.Spares);

    /// <summary>The most, over a least, that equal slices in these domains add up to.</summary>
    private static long Largest(SortedDictionary<int, int> domains, long most, long least)
    {
        var (count, largest) = (domains.Values.Sum(), domains.Keys.Last());
        for (var number = Math.Min(most, domains.Sum(static each => (long)each.Key * each.Value)); number > least; number--)
        {
            for (var slices = ((number - 1) / largest) + 1; slices <= Math.Min(number, count); slices++)
            {
                if (number % slices == 0 && domains.Where(each => each.Key >= number / slices).Sum(static each => each.Value) >= slices)
                {
                    return number;
                }
            }
        }

        return 0;
    }
}
