using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Core;

/// <summary>
/// What the sites of a running factory offer and draw: by the fleet file where that names them, else by what their agents declare. The engines place gangs within a
/// site, so accelerators are counted by kind, and power at the site and the fleet. Pure.
/// </summary>
public static class FleetCapacity
{
    /// <summary>The accelerators of a kind that a site has for jobs, whether it is open or not.</summary>
    public static long Declared(FactoryState state, string site, string hardware)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Fleet?.Sites.GetValueOrDefault(site) is { } known
            ? known.Racks.Where(rack => rack.Hardware.Name == hardware).Sum(static rack => (long)rack.Schedulable)
            : hardware == HardwareCatalogue.Cpu && state.Sites.TryGetValue(site, out var agent) ? agent.Slots : 0;
    }

    /// <summary>The accelerators of a kind that may be placed on now: none where the site is not open.</summary>
    public static long Offered(FactoryState state, string site, string hardware)
    {
        ArgumentNullException.ThrowIfNull(state);
        return !state.IsOpen(site) ? 0 : Declared(state, site, hardware) - (state.Fleet?.Sites.GetValueOrDefault(site) is { } known ? FleetPlaces.Lost(state, known, hardware) : 0);
    }

    /// <summary>The kinds that a site has, in the order of the catalogue.</summary>
    public static ImmutableArray<string> Kinds(FactoryState state, string site) => [.. HardwareCatalogue.Names.Where(name => Declared(state, site, name) > 0)];

    /// <summary>The accelerators of a kind that gangs hold at a site: those that it is to run, and those that it has not confirmed stopped.</summary>
    public static long Held(FactoryState state, string site, string hardware)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.GangsAt(site).Where(gang => gang.Job.HardwareOf(gang.Island) == hardware).Sum(static gang => (long)gang.Job.AcceleratorsOf(gang.Island));
    }

    /// <summary>The watts that so many accelerators of a job add on a kind of hardware at the share of their peak that it declares, rounded up.</summary>
    public static long Watts(Model.Jobs.JobSpecification job, string hardware, long accelerators)
    {
        ArgumentNullException.ThrowIfNull(job);
        return ((accelerators * HardwareCatalogue.Find(hardware)!.AcceleratorWatts * job.PeakThousandths) + 999) / 1000;
    }

    /// <summary>What gangs at a site add to what it draws idle, in watts.</summary>
    public static long Drawn(FactoryState state, string site)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.GangsAt(site).Sum(static gang => Watts(gang.Job.Specification, gang.Job.HardwareOf(gang.Island), gang.Job.AcceleratorsOf(gang.Island)));
    }

    /// <summary>
    /// What gangs at a site may add to what it draws idle, in watts: by its own budget, and by what its rows and racks may draw together. <see cref="long.MaxValue"/> where nothing limits it.
    /// </summary>
    public static long Budget(FactoryState state, string site)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Fleet?.Sites.GetValueOrDefault(site) is not { } known)
        {
            return long.MaxValue;
        }

        var rows = known.Floors.SelectMany(static floor => floor.Rows).Sum(static row => Math.Min(row.Power?.Watts ?? long.MaxValue, row.Racks.Sum(static rack => rack.Power.Watts)));
        return Math.Min(known.Power?.Watts ?? long.MaxValue, rows) - Idle(known);
    }

    /// <summary>What gangs of the whole fleet may add to what its sites draw idle, in watts; <see cref="long.MaxValue"/> where nothing limits it.</summary>
    public static long Budget(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Fleet?.Specification is { Power: { } power } fleet ? power.Watts - fleet.Sites.Sum(Idle) : long.MaxValue;
    }

    /// <summary>Whether a job's islands at these sites find accelerators and power that nobody holds, now.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="job">The job.</param>
    /// <param name="sites">A site for each island.</param>
    /// <param name="planned">Whether what is kept for jobs for whom others give way counts as held.</param>
    internal static bool HasRoom(FactoryState state, FactoryJob job, ImmutableArray<string> sites, bool planned) => HasRoom(state, [.. sites.Select(site => job.FindIsland(site) is { } island ? new GangPlace(job, site, job.Hardware, island.Places, job.AcceleratorsOf(island)) : new GangPlace(job, site, job.Hardware, [], job.Specification.AcceleratorsLeast))], planned);

    /// <summary>Whether all these gangs, with what is kept for others, find accelerators and power that nobody holds, now.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="gangs">Jobs with the site of each of their gangs.</param>
    /// <param name="planned">Whether what is kept for jobs for whom others give way counts as held.</param>
    internal static bool HasRoom(FactoryState state, ImmutableArray<GangPlace> gangs, bool planned)
    {
        var starts = gangs.Select(static gang => gang.Job.Id).ToHashSet();
        List<GangPlace> added = [.. gangs];
        foreach (var other in planned ? state.OpenJobs.Select(id => state.Jobs[id]).Where(other => other.Planned is not null && !starts.Contains(other.Id)) : [])
        {
            added.AddRange(other.Planned!.Sites.Except(other.Planned.Withheld, StringComparer.Ordinal).Select(site => new GangPlace(other, site, other.Hardware, FleetPlaces.At(other.Planned.Places, site), FleetPlaces.Size(other.Planned.Accelerators, site, other))));
        }

        if (planned)
        {
            added.AddRange(Kept(state).Where(kept => !starts.Contains(kept.Job.Id)));
        }

        foreach (var there in gangs.GroupBy(static gang => gang.Site, StringComparer.Ordinal))
        {
            var all = added.Where(each => each.Site == there.Key).ToList();
            if (there.Select(static gang => gang.Hardware).Distinct(StringComparer.Ordinal).Any(hardware =>
                    Held(state, there.Key, hardware) + all.Where(each => each.Hardware == hardware).Sum(static each => (long)each.Accelerators) > Offered(state, there.Key, hardware))
                || (Budget(state, there.Key) is var budget and < long.MaxValue && Drawn(state, there.Key) + all.Sum(static each => each.Watts) > budget))
            {
                return false;
            }
        }

        return HasDomains(state, gangs, added) && Budget(state) is var most && (most == long.MaxValue
            || state.Sites.Keys.Sum(site => Drawn(state, site)) + added.Sum(static each => each.Watts) <= most);
    }

    /// <summary>What is kept for islands that have stopped to start again with more or fewer accelerators.</summary>
    private static IEnumerable<GangPlace> Kept(FactoryState state) =>
        from id in state.OpenJobs
        let job = state.Jobs[id]
        from island in job.Islands
        where island is { Kept: not null, Standing: IslandStanding.Gone } && job is { GaveWayTo: 0, Held: false, HoldRequested: false }
        select new GangPlace(job, island.Site, job.HardwareOf(island), island.Kept!.Places, island.Kept.Accelerators);

    /// <summary>Whether the racks and rows that gangs are placed on have the accelerators, and the power, that they take, now.</summary>
    private static bool HasDomains(FactoryState state, ImmutableArray<GangPlace> gangs, List<GangPlace> added)
    {
        if (state.Fleet is not { } fleet || gangs.All(static gang => gang.Domains.IsEmpty))
        {
            return true;
        }

        var held = FleetPlaces.Held(state, planned: false);
        added.ForEach(gang => FleetPlaces.Add(held, gang.Domains, gang.Accelerators));
        foreach (var domain in gangs.SelectMany(static gang => gang.Domains).Distinct(StringComparer.Ordinal))
        {
            if (held[domain] > FleetPlaces.Offered(state, domain))
            {
                return false;
            }
        }

        return FleetDraw.Fits(state, fleet, gangs, added);
    }

    internal static long Idle(FleetSite site) => site.Racks.Sum(static rack => rack.IdleWatts);
}

/// <summary>Where a gang of a job starts, and on what. Immutable.</summary>
/// <param name="Job">The job.</param>
/// <param name="Site">Its site.</param>
/// <param name="Hardware">The kind of hardware.</param>
/// <param name="Domains">The domains that it has an equal slice of each of; empty where the site places its own gangs.</param>
/// <param name="Accelerators">What it takes of them together.</param>
internal sealed record GangPlace(FactoryJob Job, string Site, string Hardware, ImmutableArray<string> Domains, int Accelerators)
{
    /// <summary>The watts that it adds.</summary>
    public long Watts => FleetCapacity.Watts(Job.Specification, Hardware, Accelerators);
}
