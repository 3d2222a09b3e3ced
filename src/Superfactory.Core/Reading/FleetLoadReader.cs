using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>Reads how the fleet of a running factory is used now. Pure.</summary>
public static class FleetLoadReader
{
    /// <summary>All sites, with those of the applied file first.</summary>
    public static FleetLoadView Read(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var fleet = state.Fleet?.Specification;
        IEnumerable<string> named = fleet is null ? [] : fleet.Sites.Select(static site => site.Name);
        var (placed, held) = (FleetPlaces.Sites(state), FleetPlaces.Held(state, planned: false));
        var drawn = Drawn(state);
        ImmutableArray<SiteUse> sites =
        [
            .. named.Concat(state.Sites.Values.Where(static site => site.Standing != SiteStanding.Left).Select(static site => site.Name)).Concat(Charged(state)).Distinct(StringComparer.Ordinal)
                .Select(name => Site(state, placed, name, held, drawn)),
        ];
        return new FleetLoadView
        {
            Name = fleet?.Name, BudgetWatts = fleet?.Power?.Watts, Sites = sites, Use = sites.Aggregate(FleetUse.None, static (sum, site) => sum.And(site.Use)),
            Queues = Queues(sites.SelectMany(site => state.GangsAt(site.Name))), Links = RateReader.Read(state),
        };
    }

    /// <summary>Sites that left while gangs there are not known to have stopped.</summary>
    private static IEnumerable<string> Charged(FactoryState state) => state.Sites.Keys.Where(site => state.GangsAt(site).Any());

    private static SiteUse Site(FactoryState state, ImmutableHashSet<string> placed, string name, Dictionary<string, long> held, Dictionary<string, long> drawn)
    {
        var known = state.Fleet?.Sites.GetValueOrDefault(name);
        var racks = known is not null && placed.Contains(name) ? known : null;
        var isOut = !state.IsOpen(name) || state.Outages.Keys.Any(target => FleetPlaces.IsUnder(target, name));
        ImmutableArray<RowUse> rows = racks is null ? [] : Rows(state, racks, held, drawn, isOut);
        ImmutableArray<KindUse> kinds =
        [
            .. HardwareCatalogue.Names.Select(kind => new KindUse(kind, racks is null ? Counted(state, name, kind)
                : Domains(racks, kind).Aggregate(FleetUse.None, (sum, domain) => sum.And(Domain(state, name, domain, held, isOut))))).Where(static kind => kind.Use.Accelerators > 0),
        ];
        var use = kinds.Aggregate(FleetUse.None, static (sum, kind) => sum.And(kind.Use));
        return new SiteUse
        {
            Name = name, Connected = state.IsConnected(name), Placement = known?.Placement, BudgetWatts = known?.Power?.Watts, Kinds = kinds, Rows = rows, Queues = Queues(state.GangsAt(name)),
            Use = known is null ? use : use with { IdleWatts = FleetCapacity.Idle(known), DrawnWatts = FleetCapacity.Idle(known) + FleetCapacity.Drawn(state, name) },
            Out = [.. state.Outages.Values.Where(outage => FleetPlaces.IsUnder(outage.Target, name)).Select(static outage => new PlaceOut(outage.Target, outage.State))],
        };
    }

    /// <summary>What a site that places its own gangs has of a kind: as a whole it is open or not.</summary>
    private static FleetUse Counted(FactoryState state, string site, string kind)
    {
        var busy = FleetCapacity.Held(state, site, kind);
        var all = Math.Max(busy, FleetCapacity.Declared(state, site, kind));
        var free = Math.Max(0, FleetCapacity.Offered(state, site, kind) - busy);
        return Of(all, busy, free, all - busy - free, WhyOut(state, site));
    }

    /// <summary>What there is of a domain at a site that the fleet places.</summary>
    private static FleetUse Domain(FactoryState state, string site, (string Path, int Offers) domain, Dictionary<string, long> held, bool isOut)
    {
        var busy = Math.Min(domain.Offers, held.GetValueOrDefault(domain.Path));
        var free = !isOut ? domain.Offers - busy : state.IsOpen(site) ? Math.Max(0, FleetPlaces.Offered(state, domain.Path) - busy) : 0;
        return Of(domain.Offers, busy, free, domain.Offers - busy - free, isOut ? WhyOut(state, domain.Path) : null);
    }

    private static ImmutableArray<RowUse> Rows(FactoryState state, FleetSite site, Dictionary<string, long> held, Dictionary<string, long> drawn, bool isOut)
    {
        var rows = ImmutableArray.CreateBuilder<RowUse>();
        foreach (var floor in site.Floors)
        {
            foreach (var row in floor.Rows)
            {
                var path = $"{site.Name}/{floor.Name}/{row.Name}";
                var use = row.Racks.SelectMany(rack => Domains($"{path}/{rack.Name}", rack)).Aggregate(FleetUse.None, (sum, domain) => sum.And(Domain(state, site.Name, domain, held, isOut)));
                var idle = row.Racks.Sum(static rack => rack.IdleWatts);
                rows.Add(new RowUse(floor.Name, row.Name, row.Power?.Watts, use with { IdleWatts = idle, DrawnWatts = idle + drawn.GetValueOrDefault(path) }));
            }
        }

        return rows.ToImmutable();
    }

    private static FleetUse Of(long all, long busy, long free, long lost, OutageState? why) => new(
        all, busy, free, why is not null and not OutageState.Failed ? lost : 0, why == OutageState.Failed ? lost : 0, why is null ? lost : 0, 0, 0);

    /// <summary>How a domain, something that it is in, or nodes of it are out of service; null where nothing is, and its site is away if it offers less than it has.</summary>
    private static OutageState? WhyOut(FactoryState state, string path)
    {
        OutageState? why = null;
        foreach (var outage in state.Outages.Values.Where(outage => FleetPlaces.IsUnder(path, outage.Target) || FleetPlaces.IsUnder(outage.Target, path)))
        {
            why = why == OutageState.Failed || (outage.State != OutageState.Failed && why is not null) ? why : outage.State;
        }

        return why;
    }

    private static IEnumerable<(string Path, int Offers)> Domains(FleetSite site, string kind) =>
        from floor in site.Floors
        from row in floor.Rows
        from rack in row.Racks
        where rack.Hardware.Name == kind
        from domain in Domains($"{site.Name}/{floor.Name}/{row.Name}/{rack.Name}", rack)
        select domain;

    private static IEnumerable<(string Path, int Offers)> Domains(string path, FleetRack rack) =>
        rack.Hardware.IsRackScale ? [(path, rack.Schedulable)] : Enumerable.Range(1, rack.Nodes - rack.Spares).Select(node => ($"{path}/n{node}", rack.AcceleratorsPerNode));

    /// <summary>The watts that gangs add in each row.</summary>
    private static Dictionary<string, long> Drawn(FactoryState state)
    {
        var rows = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            foreach (var island in job.Islands.AddRange(job.Strays).Where(static island => island.HoldsSlot))
            {
                foreach (var rack in island.Places.Select(FleetPlaces.RackOf).OfType<string>())
                {
                    var row = rack[..rack.LastIndexOf('/')];
                    rows[row] = rows.GetValueOrDefault(row) + FleetCapacity.Watts(job.Specification, job.HardwareOf(island), job.AcceleratorsOf(island) / island.Places.Length);
                }
            }
        }

        return rows;
    }

    private static ImmutableArray<QueueUse> Queues(IEnumerable<(FactoryJob Job, FactoryIsland Island)> gangs) =>
    [
        .. gangs.GroupBy(static gang => gang.Job.Specification.Queue, StringComparer.Ordinal)
            .Select(static queue => new QueueUse(queue.Key, queue.Sum(static gang => (long)gang.Job.AcceleratorsOf(gang.Island)), [.. queue.Select(static gang => gang.Job.Role?.Job ?? gang.Job.Id).Distinct().Order()]))
            .OrderByDescending(static queue => queue.Accelerators).ThenBy(static queue => queue.Queue, StringComparer.Ordinal),
    ];
}
