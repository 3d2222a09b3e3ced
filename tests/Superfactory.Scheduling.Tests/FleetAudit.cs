using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Tests;

/// <summary>Adds up anew, from nothing but the fleet file and what the running jobs hold, whether every promise is kept. Shares no ledger with the scheduler.</summary>
internal static class FleetAudit
{
    /// <summary>Everything that is broken; empty where nothing is.</summary>
    public static List<string> Check(FleetSpecification fleet, FleetState state)
    {
        List<string> broken = [];
        var jobs = state.Running.Values.OrderBy(job => job.Request.Job).ToList();
        CheckDomains(state, jobs, broken);
        CheckPower(fleet, state, jobs, broken);
        CheckRates(fleet, jobs, broken);
        foreach (var job in jobs)
        {
            CheckIslands(state, job, broken);
        }

        return broken;
    }

    private static void CheckDomains(FleetState state, List<RunningJob> jobs, List<string> broken)
    {
        foreach (var held in jobs.SelectMany(job => job.Slices).GroupBy(slice => slice.Domain))
        {
            var place = state.Layout.Domains[held.Key];
            var pool = state.Layout.Pools[place.Pool];
            var exist = place.Nodes > 0 ? place.Nodes * pool.PerNode : pool.Capacity;
            if (held.Sum(slice => slice.Count) > exist)
            {
                broken.Add($"accelerators: domain {held.Key} has {exist}, {held.Sum(slice => slice.Count)} are held");
            }

            for (var node = 0; node < place.Nodes && place.Nodes > 1; node++)
            {
                if (held.Sum(slice => Capacity.DomainTable.Of(slice.Nodes, node)) > pool.PerNode)
                {
                    broken.Add($"accelerators: node {node} of domain {held.Key} is held twice");
                }
            }

            foreach (var slice in held.Where(_ => place.Nodes > 1))
            {
                if (Enumerable.Range(0, place.Nodes).Sum(node => Capacity.DomainTable.Of(slice.Nodes, node)) != slice.Count)
                {
                    broken.Add($"nodes: the nodes of a slice in domain {held.Key} do not add up to {slice.Count}");
                }
            }
        }
    }

    private static void CheckPower(FleetSpecification fleet, FleetState state, List<RunningJob> jobs, List<string> broken)
    {
        var added = jobs.SelectMany(job => job.Slices.Select(slice => (
            Rack: state.Layout.RackNames[state.Layout.Domains[slice.Domain].Rack],
            Watts: Math.Ceiling(slice.Count * (decimal)state.Layout.Pools[state.Layout.Domains[slice.Domain].Pool].Hardware.AcceleratorWatts * Shapes.Of(job, slice.Island).PeakThousandths / 1000))))
            .GroupBy(entry => entry.Rack).ToDictionary(group => group.Key, group => group.Sum(entry => entry.Watts));
        decimal ofFleet = 0;
        foreach (var site in fleet.Sites)
        {
            decimal ofSite = 0;
            foreach (var floor in site.Floors)
            {
                foreach (var row in floor.Rows)
                {
                    decimal ofRow = 0;
                    foreach (var rack in row.Racks)
                    {
                        var name = $"{site.Name}/{floor.Name}/{row.Name}/{rack.Name}";
                        var drawn = rack.IdleWatts + added.GetValueOrDefault(name);
                        ofRow += drawn;
                        Exceeds(broken, name, drawn, rack.Power.Watts);
                    }

                    ofSite += ofRow;
                    Exceeds(broken, $"{site.Name}/{floor.Name}/{row.Name}", ofRow, row.Power?.Watts);
                }
            }

            // A site that places its own gangs has its jobs counted at the site.
            ofSite += HardwareCatalogue.Names.Sum(kind => added.GetValueOrDefault($"{site.Name}/{kind}"));
            ofFleet += ofSite;
            Exceeds(broken, site.Name, ofSite, site.Power?.Watts);
        }

        Exceeds(broken, "the fleet", ofFleet, fleet.Power?.Watts);
    }

    private static void Exceeds(List<string> broken, string what, decimal drawn, long? budget)
    {
        if (drawn > (budget ?? long.MaxValue))
        {
            broken.Add($"power: {what} draws {drawn} of {budget}");
        }
    }

    private static void CheckRates(FleetSpecification fleet, List<RunningJob> jobs, List<string> broken)
    {
        var rates = new Dictionary<(int, int), long>();
        foreach (var (route, rate) in jobs.SelectMany(job => job.Routes))
        {
            for (var hop = 1; hop < route.Length; hop++)
            {
                rates[(route[hop - 1], route[hop])] = rates.GetValueOrDefault((route[hop - 1], route[hop])) + rate;
            }
        }

        foreach (var ((from, to), rate) in rates)
        {
            var (a, b) = (fleet.Sites[from].Name, fleet.Sites[to].Name);
            var carries = fleet.Links.Where(link => (link.A == a && link.B == b) || (link.A == b && link.B == a)).Sum(link => link.Bandwidth.BitsPerSecond / 8);
            if (rate > carries)
            {
                broken.Add($"rate: {a} to {b} carries {carries}, {rate} is reserved");
            }
        }
    }

    private static void CheckIslands(FleetState state, RunningJob job, List<string> broken)
    {
        var request = job.Request;
        var islands = job.Slices.GroupBy(slice => slice.Island).ToList();
        var own = Shapes.OwnIslands(job);
        if (own < request.IslandsMin || own > request.IslandsMax)
        {
            broken.Add($"islands: job {request.Job} has {islands.Count}, {request.Roles.Sum(role => role.Count)} of roles, not {request.IslandsMin} to {request.IslandsMax} beside these");
        }

        foreach (var island in islands)
        {
            var shape = Shapes.Of(job, island.Key);
            var has = island.Sum(slice => slice.Count);
            if (has < shape.Least || has > shape.Accelerators)
            {
                broken.Add($"islands: island {island.Key} of job {request.Job} has {has} of {(shape.Least == shape.Accelerators ? string.Empty : $"{shape.Least} to ")}{shape.Accelerators}");
            }

            if (!shape.Hardware.IsEmpty && island.Any(slice => !shape.Hardware.Contains(HardwareCatalogue.All[state.TypeOf(slice.Domain)].Name)))
            {
                broken.Add($"islands: island {island.Key} of job {request.Job} is on hardware that it does not accept");
            }

            if (!shape.Sites.IsEmpty && island.Any(slice => !shape.Sites.Contains(state.Layout.SiteNames[state.Layout.Racks[state.Layout.Domains[slice.Domain].Rack].Site])))
            {
                broken.Add($"islands: island {island.Key} of job {request.Job} is at a site that it did not name");
            }

            var racks = island.Select(slice => state.Layout.Domains[slice.Domain].Rack).ToList();
            var rows = racks.Select(rack => state.Layout.Racks[rack].Row).ToList();
            var shared = shape.Within switch
            {
                Within.Rack => racks.Distinct().Count(),
                Within.Row => rows.Distinct().Count(),
                Within.Floor => rows.Select(row => state.Layout.Rows[row].Floor).Distinct().Count(),
                _ => racks.Select(rack => state.Layout.Racks[rack].Site).Distinct().Count(),
            };
            if (shape.Within != Within.Site && island.Any(slice => state.Layout.Pools[state.Layout.Domains[slice.Domain].Pool].IsCounted))
            {
                broken.Add($"islands: island {island.Key} of job {request.Job} is to be in one {shape.Within}, which nobody knows at its site");
            }

            if (shared != 1 || island.Select(slice => slice.Count).Distinct().Count() != 1)
            {
                broken.Add($"islands: island {island.Key} of job {request.Job} is not in one {shape.Within}, or its slices differ");
            }
        }

        var sites = islands.Where(island => island.Key < own).Select(island => state.Layout.Racks[state.Layout.Domains[island.First().Domain].Rack].Site).ToList();
        var expectedRoutes = request.WanBytesPerSecond == 0 ? 0 : sites.Count * (sites.Count - 1);
        if (sites.Distinct().Count() != sites.Count || job.Routes.Length != expectedRoutes)
        {
            broken.Add($"islands: the islands of job {request.Job} share a site, or {job.Routes.Length} routes are reserved instead of {expectedRoutes}");
        }
    }
}
