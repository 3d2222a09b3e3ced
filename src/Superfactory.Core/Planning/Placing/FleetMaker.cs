using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>
/// Makes the scheduler's snapshot of the factory as it will be once everything that was decided has come true: who gives way is gone, and who starts in
/// their place is there. The sites' engines place gangs on nodes; what counts here are accelerators of each kind, and power.
/// </summary>
internal static class FleetMaker
{
    private const long OverrunMin = 60_000;

    // Each job has so many numbers in the snapshot: one for itself, one for each island that it can lose by itself, and one for each part of an island.
    private const int Numbers = 2 * ElasticRules.NumbersMax;

    /// <summary>The number of a job, or of one of its islands.</summary>
    public static long Number(long job, int island = -1) => checked((job * Numbers) + 1 + island);

    /// <summary>The job of a number, and its island; −1 for the job as a whole.</summary>
    public static (long Job, int Island) Of(long number) => (number / Numbers, (int)(number % Numbers) - 1);

    /// <summary>The fleet with all that its sites have, open or not, but for those that left.</summary>
    public static FleetSpecification Whole(FactoryState state) => Fleet(state, [], (site, hardware) =>
        state.Sites.TryGetValue(site, out var agent) && agent.Standing == SiteStanding.Left && state.Fleet?.Sites.ContainsKey(site) != true ? 0 : FleetCapacity.Declared(state, site, hardware), static _ => 0);

    /// <summary>The snapshot.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="placed">The sites that the fleet places, by <see cref="FleetPlaces.Sites"/>.</param>
    /// <param name="now">The time.</param>
    public static FleetState Make(FactoryState state, ImmutableHashSet<string> placed, long now)
    {
        var units = new List<Unit>();
        var gangs = new List<(FactoryJob Job, FactoryIsland Island)>();
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            Collect(state, job, placed, now, units, island => gangs.Add((job, island)));
        }

        var (held, foreign) = (new Dictionary<(string Site, string Hardware), long>(), new Dictionary<(string Site, string Hardware), long>());
        var watts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (job, island) in gangs.Where(gang => !placed.Contains(gang.Island.Site)))
        {
            var at = (island.Site, job.HardwareOf(island));
            foreign[at] = foreign.GetValueOrDefault(at) + job.AcceleratorsOf(island);
            held[at] = foreign[at];
            watts[island.Site] = watts.GetValueOrDefault(island.Site) + FleetCapacity.Watts(job.Specification, job.HardwareOf(island), job.AcceleratorsOf(island));
        }

        foreach (var (place, hardware, accelerators) in units.Where(static unit => !unit.IsKept).SelectMany(static unit => unit.Gangs))
        {
            held[(place.Site, hardware)] = held.GetValueOrDefault((place.Site, hardware)) + accelerators;
        }

        // What is away or out of service offers nothing, and what runs there may still run. A site may come back with fewer slots than it runs gangs.
        var fleet = Fleet(state, placed, (site, hardware) => Math.Max(FleetCapacity.Offered(state, site, hardware), held.GetValueOrDefault((site, hardware))), site => watts.GetValueOrDefault(site));
        if (UsesRates(state))
        {
            fleet = WithLinks(fleet, FleetRates.Links(state));
        }

        var snapshot = new FleetState(fleet, QueueTree.Create(state.Queues.Queues, null, state.Queues.Aging).Value!);
        foreach (var ((site, hardware), count) in foreign.OrderBy(static entry => entry.Key.Site, StringComparer.Ordinal).ThenBy(static entry => entry.Key.Hardware, StringComparer.Ordinal))
        {
            snapshot.SetForeign(site, hardware, (int)count);
        }

        snapshot.TakeRates(RateRules.Foreign(state, units.Select(static unit => unit.Request.Job)));
        var outages = OutagePlaces.Of(state, placed, units.Where(static unit => !unit.IsKept).SelectMany(static unit => unit.Gangs).Select(static gang => (gang.Place.Domains, gang.Accelerators))
            .Concat(gangs.Select(static gang => (gang.Island.Places, gang.Job.AcceleratorsOf(gang.Island)))));
        outages.Swapped.ForEach(snapshot.TakeOut);
        foreach (var unit in units.OrderBy(static unit => unit.IsKept))
        {
            // What is kept for an island that starts again may be out of service by now: then it starts where and when there is room.
            if (!snapshot.TakeRecorded(unit.Request, unit.Places, unit.IsOwned, unit.Since, unit.Sealed, now, unit.EndBy == 0 ? long.MaxValue : unit.EndBy, RateRules.Of(state, unit.Request.Job)) && !unit.IsKept)
            {
                throw new InvalidOperationException($"The snapshot has no room for what runs: job {unit.Request.Job / Numbers}.");
            }
        }

        foreach (var (job, island) in gangs.Where(gang => placed.Contains(gang.Island.Site)))
        {
            snapshot.TakeAway(Request(state, job, [island.Site]) with { Hardware = [job.HardwareOf(island)] }, new RecordedPlace(island.Site, island.Places, island.Accelerators));
        }

        outages.Whole.ForEach(snapshot.TakeOut);
        return snapshot;
    }

    /// <summary>The known sites as the scheduler sees them: each counts accelerators of a kind in one place, and draws power beyond what it draws idle.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="placed">The sites that are as the file has them, with their racks.</param>
    /// <param name="count">The accelerators of a kind at another site.</param>
    /// <param name="foreign">The watts of a site that gangs draw which are no job's in the snapshot.</param>
    private static FleetSpecification Fleet(FactoryState state, ImmutableHashSet<string> placed, Func<string, string, long> count, Func<string, long> foreign)
    {
        var sites = ImmutableArray.CreateBuilder<FleetSite>();
        var (drawn, idle) = (0L, 0L);
        foreach (var name in state.Fleet is { } fleet ? state.Sites.Keys.Union(fleet.Sites.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal) : state.Sites.Keys)
        {
            if (placed.Contains(name) && state.Fleet!.Sites[name] is var known)
            {
                idle += FleetCapacity.Idle(known);
                sites.Add(known);
                continue;
            }

            drawn += foreign(name);
            ImmutableArray<FleetRack> racks = [.. HardwareCatalogue.All.Select(kind => (kind, Count: (int)count(name, kind.Name))).Where(static each => each.Count > 0).Select((each, index) => new FleetRack
            {
                Name = $"k{index + 1}", Hardware = each.kind, Power = new Power(each.kind.PeakWatts(1, each.Count)), Nodes = 1, Spares = 0, AcceleratorsPerNode = each.Count,
            })];
            if (!racks.IsEmpty)
            {
                var there = racks.Sum(static rack => rack.IdleWatts);
                idle += there;
                sites.Add(new FleetSite
                {
                    Name = name, Placement = SitePlacement.Site, Power = Limit(FleetCapacity.Budget(state, name), there - foreign(name)),
                    Floors = [new FleetFloor("f1", [new FleetRow("r1", null, racks)])],
                });
            }
        }

        return new FleetSpecification { Name = "factory", Power = Limit(FleetCapacity.Budget(state), idle - drawn), Sites = sites.ToImmutable() };
    }

    /// <summary>Whether any job that has not ended, or stops, has rates.</summary>
    private static bool UsesRates(FactoryState state) => state.OpenJobs.Union(state.StoppingJobs).Any(id => state.Jobs[id].Specification.Wan is not null);

    /// <summary>A fleet with links, and with the sites that these lead through though they have nothing for jobs.</summary>
    public static FleetSpecification WithLinks(FleetSpecification fleet, ImmutableArray<FleetLink> links) => fleet with
    {
        Links = links,
        Sites = [.. fleet.Sites, .. links.SelectMany(static link => new[] { link.A, link.B }).Distinct(StringComparer.Ordinal).Except(fleet.Sites.Select(static site => site.Name), StringComparer.Ordinal)
            .Select(static name => new FleetSite { Name = name, Placement = SitePlacement.Site, Floors = [] })],
    };

    /// <summary>A budget of what gangs add, as one of all that is drawn. One that is exceeded already leaves nothing.</summary>
    private static Power? Limit(long budget, long besides) => budget == long.MaxValue ? null : new Power(Math.Clamp(budget + besides, 1, Power.MaxWatts));

    /// <summary>What a job asks for, at some of the sites.</summary>
    public static GangRequest Request(FactoryState state, FactoryJob job, ImmutableArray<string> sites) => new()
    {
        PreferredSites = job.Specification.Sites.IsDefaultOrEmpty ? [.. job.Specification.PreferredSites.Where(site => sites.Contains(site, StringComparer.Ordinal))] : [], Inputs = InputRules.Of(state, job),
        Job = Number(job.Id), Queue = job.Specification.Queue, AcceleratorsPerIsland = job.Specification.Accelerators, AcceleratorsMin = job.Specification.AcceleratorsMin, Hardware = job.Specification.Hardware, MemoryGigabytes = job.Specification.Memory, PeakThousandths = job.Specification.PeakThousandths, Sites = sites,
        IslandsMin = job.Specification.IslandsLeast, IslandsMax = Math.Max(job.Specification.IslandsLeast, Math.Min(job.Specification.IslandsMax, sites.Length)),
        Priority = job.Specification.Priority, SubmittedMilliseconds = Math.Max(0, job.SubmittedAt), MinimumRunMilliseconds = job.Specification.MinimumRun * 1000L,
        StopCostMilliseconds = StopCost(job), Within = job.Specification.Within, Spread = job.Specification.Placement == JobPlacement.Spread, DurationMilliseconds = Left(job), WanBytesPerSecond = job.Specification.Wan?.BytesPerSecond ?? 0,
        StartAfterMilliseconds = job.Specification.StartAfter == 0 ? 0 : Math.Max(0, job.SubmittedAt) + (job.Specification.StartAfter * 1000L),
    };

    /// <summary>What a stop of a job is counted to cost beside the work since the last checkpoint, by what its file says.</summary>
    public static long StopCost(FactoryJob job) => job.Specification.RestartCost * 1000L;

    /// <summary>How much longer a job is expected to run, once it runs; 0 where nobody knows. One that has run longer than it was to is expected to run as long again as that was.</summary>
    public static long Left(FactoryJob job)
    {
        var left = (job.Specification.Duration * 1000L) - job.RanBefore;
        return job.Specification.Duration == 0 ? 0 : left > 0 ? Math.Max(1000, left) : Math.Max(OverrunMin, -left);
    }

    /// <summary>How much longer a job that runs is expected to; 0 where nobody knows, or where it was to have ended.</summary>
    public static long Left(FactoryJob job, long now) => job.Specification.Duration == 0 ? 0 : Math.Max(0, job.PlacedAt + Left(job) - now);

    private static void Collect(FactoryState state, FactoryJob job, ImmutableHashSet<string> placed, long now, List<Unit> units, Action<FactoryIsland> foreign)
    {
        foreach (var stray in job.Strays)
        {
            foreign(stray);
        }

        if (job.Role is not null && (job.Planned is not null || IsUnit(state.WholeOf(job))) && job.End is null && !job.Islands.Any(static island => island.Standing == IslandStanding.Stopping))
        {
            // It stands with its job.
            return;
        }

        if (job is { Planned: { } planned, End: null } && (job.Islands.IsEmpty || job.GaveWayTo != 0))
        {
            ImmutableArray<string> starts = [.. planned.Sites.Except(planned.Withheld, StringComparer.Ordinal)];
            ImmutableArray<RecordedPlace> places = [.. starts.Select(site => FleetPlaces.Recorded(placed, site, FleetPlaces.At(planned.Places, site)) with { Accelerators = planned.Accelerators?.GetValueOrDefault(site) ?? 0 })];
            units.Add(Together(state, job, placed, new Unit(Request(state, job, starts) with { Hardware = [job.Hardware] }, places, planned.Owned, now, now)));
            return;
        }

        if (state.WholeOf(job) is { GaveWayTo: not 0, End: null } && job.End is null)
        {
            return;
        }

        var holding = job.Islands.Where(static island => island.HoldsSlot && !(island.Withheld is not null && island.Standing == IslandStanding.Stopping)).ToList();
        if (job.End is not null || job.Held || job.HoldRequested || holding.Any(static island => island.Standing == IslandStanding.Stopping))
        {
            foreach (var island in holding)
            {
                foreign(island);
            }

            return;
        }

        if (holding.Count > 0)
        {
            CollectRunning(state, job, holding, placed, now, units);
        }
    }

    /// <summary>A job that runs: whole, or each island that it can lose by itself; and each part of an island that it can go on without.</summary>
    private static void CollectRunning(FactoryState state, FactoryJob job, List<FactoryIsland> holding, ImmutableHashSet<string> placed, long now, List<Unit> units)
    {
        var since = job.PlacedAt;
        var saved = Math.Max(since, job.Checkpoints.Where(static checkpoint => checkpoint is { IsUsable: true, Abandoned: false }).Select(static checkpoint => checkpoint.SealedAt).DefaultIfEmpty(0).Max());
        var least = job.Specification.IslandsLeast;
        var parts = holding.Select(island => ElasticRules.Parts(state, job, island, placed)).ToList();
        if (least == job.Specification.IslandsMax)
        {
            ImmutableArray<string> sites = [.. holding.Select(static island => island.Site)];
            ImmutableArray<RecordedPlace> places = [.. parts.Select(static each => each[0])];
            units.Add(Together(state, job, placed, new Unit(Whole(state, job, sites), places, holding.All(static island => island.IsOwned), since, saved, job.EndBy)));
        }

        foreach (var (island, places) in least == job.Specification.IslandsMax ? [] : holding.Zip(parts))
        {
            // An island that is not needed loses what it has trained since the last merge, and takes the state from the others when it is back.
            var request = Whole(state, job, [island.Site]) with { Job = Number(job.Id, job.Islands.IndexOf(island)) };
            units.Add(holding.Count > least
                ? new Unit(request with { StopCostMilliseconds = 0 }, [places[0]], island.IsOwned, since, now, job.EndBy)
                : new Unit(request, [places[0]], island.IsOwned, since, saved, job.EndBy));
        }

        // What an island can go on without gives way before anything else: nothing of it is lost but the time of a restart.
        foreach (var (island, places) in holding.Zip(parts))
        {
            for (var part = 1; part < places.Length; part++)
            {
                units.Add(new Unit(Part(state, job, job.Islands.IndexOf(island), ElasticRules.Number(job.Islands.IndexOf(island), part - 1)), [places[part]], island.IsOwned, since, now, job.EndBy));
            }
        }

        foreach (var island in job.Islands.Where(static island => island.Kept is not null))
        {
            var index = job.Islands.IndexOf(island);
            units.Add(new Unit(Part(state, job, index, index), [FleetPlaces.Recorded(placed, island.Site, island.Kept!.Places) with { Accelerators = island.Kept.Accelerators }], island.IsOwned, since, now, job.EndBy) { IsKept = true });
        }
    }

    /// <summary>A part of an island, or what is kept for it.</summary>
    private static GangRequest Part(FactoryState state, FactoryJob job, int island, int number) =>
        Whole(state, job, [job.Islands[island].Site]) with { Job = Number(job.Id, number), StopCostMilliseconds = 0, WanBytesPerSecond = 0 };

    /// <summary>Islands of a job that runs.</summary>
    public static GangRequest Whole(FactoryState state, FactoryJob job, ImmutableArray<string> sites) => Request(state, job, sites) with { Hardware = [job.Hardware], IslandsMin = sites.Length, IslandsMax = sites.Length };

    /// <summary>Whether a job stands in the snapshot as one whole, the gangs of its roles with it.</summary>
    private static bool IsUnit(FactoryJob job) => job is { End: null, GaveWayTo: 0, Held: false, HoldRequested: false } && job.Islands.Any(static island => island.HoldsSlot) && !job.Islands.Any(static island => island.Standing == IslandStanding.Stopping);

    /// <summary>A job with the gangs of its roles that run, or start with it.</summary>
    private static Unit Together(FactoryState state, FactoryJob job, ImmutableHashSet<string> placed, Unit unit)
    {
        foreach (var gang in RoleRules.Open(state, job))
        {
            var island = gang.Islands.FirstOrDefault(static island => island.Standing == IslandStanding.Wanted);
            if ((gang.Planned?.Sites[0] ?? island?.Site) is { } site)
            {
                var domains = gang.Planned is { } planned ? FleetPlaces.At(planned.Places, site) : island!.Places;
                var role = Role(gang.Specification, gang.Id.ToString(CultureInfo.InvariantCulture), 1, [site]);
                unit = unit with { Request = unit.Request with { Roles = unit.Request.Roles.Add(role) }, Places = unit.Places.Add(FleetPlaces.Recorded(placed, site, domains)) };
            }
        }

        return unit;
    }

    /// <summary>Gangs of a role as the scheduler sees them.</summary>
    public static RoleRequest Role(JobSpecification gang, string name, int count, ImmutableArray<string> sites) =>
        new()
        {
            Name = name, Count = count, Accelerators = gang.Accelerators, Hardware = gang.Hardware, PeakThousandths = gang.PeakThousandths, Sites = sites, Within = gang.Within,
            Spread = gang.Placement == JobPlacement.Spread, PreferredSites = [.. gang.PreferredSites.Where(site => sites.Contains(site, StringComparer.Ordinal))],
        };

    private sealed record Unit(GangRequest Request, ImmutableArray<RecordedPlace> Places, bool IsOwned, long Since, long Sealed, long EndBy = 0)
    {
        /// <summary>Whether it is kept for an island that has stopped, or is to, and starts again.</summary>
        public bool IsKept { get; init; }

        /// <summary>Its gangs: its islands, and then those of roles, each as a role of its own.</summary>
        public IEnumerable<(RecordedPlace Place, string Hardware, int Accelerators)> Gangs => Places.Select((place, gang) =>
            gang - (Places.Length - Request.Roles.Length) is var role && role < 0 ? (place, Request.Hardware[0], place.Accelerators == 0 ? Request.AcceleratorsPerIsland : place.Accelerators) : (place, Request.Roles[role].Hardware[0], Request.Roles[role].Accelerators));
    }
}
