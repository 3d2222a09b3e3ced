using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling;

namespace Superfactory.Core;

/// <summary>
/// The racks and nodes of sites that the fleet places: which sites those are, what each domain offers, and what gangs hold of it. A domain is a rack of rack scale by its path
/// such as <c>wisconsin/f1/r12/k3</c>, or a node of another such as <c>atlanta/f1/r1/k1/n2</c>. Pure.
/// </summary>
internal static class FleetPlaces
{
    /// <summary>
    /// The sites whose gangs the scheduler places on racks: those of which the fleet file says so, and where nothing runs, or is about to, that was placed otherwise.
    /// </summary>
    public static ImmutableHashSet<string> Sites(FactoryState state)
    {
        if (state.Fleet is not { } fleet || fleet.Placed.IsEmpty)
        {
            return [];
        }

        var placed = fleet.Placed;
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            foreach (var island in job.Islands.AddRange(job.Strays))
            {
                placed = island.HoldsSlot && island.Places.IsEmpty ? placed.Remove(island.Site) : placed;
            }

            if (job.Planned is { } planned)
            {
                placed = placed.Except(planned.Sites.Except(planned.Withheld, StringComparer.Ordinal).Where(site => planned.Places?.ContainsKey(site) != true));
            }
        }

        return placed;
    }

    /// <summary>Whether a place of a site, or something that it is in below the site, is out of service.</summary>
    public static bool IsOut(FactoryState state, string path) => Below(state).Any(target => IsUnder(path, target));

    /// <summary>What is out of service below sites: floors, rows, racks and nodes.</summary>
    public static IEnumerable<string> Below(FactoryState state) => state.Outages.Keys.Where(static target => target.Contains('/', StringComparison.Ordinal));

    /// <summary>Whether a path is that of a place or of something in it.</summary>
    public static bool IsUnder(string path, string place) => path.Length == place.Length ? path == place : path.Length > place.Length && path[place.Length] == '/' && path.StartsWith(place, StringComparison.Ordinal);

    /// <summary>The accelerators of a domain that jobs may have; 0 where there is no such domain, or it is out of service.</summary>
    public static int Offered(FactoryState state, string domain)
    {
        if (state.Fleet is not { } fleet || RackOf(domain) is not { } path || !fleet.Racks.TryGetValue(path, out var place) || IsOut(state, domain))
        {
            return 0;
        }

        var rack = place.Rack;
        if (rack.Hardware.IsRackScale)
        {
            return domain == path ? Math.Min(rack.Schedulable, (rack.Nodes - Below(state).Count(target => target != path && IsUnder(target, path))) * rack.AcceleratorsPerNode) : 0;
        }

        return NodeOf(domain) is var node && node >= 1 && node <= rack.Nodes - rack.Spares ? rack.AcceleratorsPerNode : 0;
    }

    /// <summary>The accelerators of a domain that jobs may have while everything is in service; 0 where there is no such domain.</summary>
    public static int Capacity(FactoryState state, string domain) => Offered(state with { Outages = state.Outages.Clear() }, domain);

    /// <summary>The accelerators of a kind that a site of the file loses by what is out of service within it.</summary>
    public static long Lost(FactoryState state, FleetSite site, string hardware)
    {
        if (!Below(state).Any(target => IsUnder(target, site.Name)))
        {
            return 0;
        }

        var lost = 0L;
        foreach (var (path, place) in state.Fleet!.Racks)
        {
            if (place.Rack.Hardware.Name == hardware && IsUnder(path, site.Name))
            {
                lost += place.Rack.Schedulable - Domains(path, place.Rack).Sum(domain => (long)Offered(state, domain));
            }
        }

        return lost;
    }

    /// <summary>What is known at a path; null where the fleet has no such place. A site is one too.</summary>
    public static string? Find(FactoryFleet fleet, string path)
    {
        var racks = fleet.Racks;
        return racks.ContainsKey(path) ? path
            : RackOf(path) is { } rack && racks.TryGetValue(rack, out var place) ? NodeOf(path) is var node && node >= 1 && node <= place.Rack.Nodes && path == $"{rack}/n{node}" ? path : null
            : racks.Keys.Any(each => IsUnder(each, path)) ? path : null;
    }

    /// <summary>The accelerators that gangs hold of each domain, stopping or not; with those of starts that wait for others to give way, where asked for.</summary>
    public static Dictionary<string, long> Held(FactoryState state, bool planned)
    {
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            foreach (var island in job.Islands.AddRange(job.Strays).Where(static island => island.HoldsSlot))
            {
                Add(held, island.Places, job.AcceleratorsOf(island));
            }

            foreach (var (site, places) in (planned ? job.Planned?.Places : null) ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty)
            {
                Add(held, places, Size(job.Planned!.Accelerators, site, job));
            }
        }

        return held;
    }

    /// <summary>Adds what a gang holds of its domains.</summary>
    public static void Add(Dictionary<string, long> held, ImmutableArray<string> domains, int accelerators)
    {
        foreach (var domain in domains)
        {
            held[domain] = held.GetValueOrDefault(domain) + (accelerators / domains.Length);
        }
    }

    /// <summary>The rack of a domain by its path; null where it is none.</summary>
    public static string? RackOf(string domain)
    {
        var end = -1;
        for (var level = 0; level < 4; level++)
        {
            var next = domain.IndexOf('/', end + 1);
            if (next < 0)
            {
                return level == 3 ? domain : null;
            }

            end = next;
        }

        return domain[..end];
    }

    /// <summary>The domains at a site; empty where there are none.</summary>
    public static ImmutableArray<string> At(ImmutableSortedDictionary<string, ImmutableArray<string>>? places, string site) => places is not null && places.TryGetValue(site, out var domains) ? domains : [];

    /// <summary>The accelerators of an island at a site; what its job says where nothing else is.</summary>
    public static int Size(ImmutableSortedDictionary<string, int>? sizes, string site, FactoryJob job) => sizes is not null && sizes.TryGetValue(site, out var size) ? size : job.Specification.Accelerators;

    /// <summary>Where a gang stands as the scheduler is told.</summary>
    public static RecordedPlace Recorded(ImmutableHashSet<string> placed, string site, ImmutableArray<string> domains) => new(site, placed.Contains(site) ? domains : []);

    private static IEnumerable<string> Domains(string path, FleetRack rack) => rack.Hardware.IsRackScale ? [path] : Enumerable.Range(1, rack.Nodes).Select(node => $"{path}/n{node}");

    private static int NodeOf(string path) => path.LastIndexOf("/n", StringComparison.Ordinal) is var at and > 0 && int.TryParse(path.AsSpan(at + 2), System.Globalization.NumberStyles.None, null, out var node) ? node : 0;
}
