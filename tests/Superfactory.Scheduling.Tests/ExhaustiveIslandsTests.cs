using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>Jobs of several islands with rates between them, against trying every set of sites and every choice of domains: at most 8 racks or nodes a site and 12 jobs. The same comparison finds schedulers that do worse.</summary>
public sealed class ExhaustiveIslandsTests
{
    private const int Worlds = 600, WorldsOfBugs = 120;
    private const int JobsMax = 12;
    private const int DomainsMax = 8;

    [Fact]
    public void A_job_starts_exactly_where_some_set_of_sites_has_room_and_with_as_many_islands_as_any_set_has_room_for()
    {
        var (wrong, compared, several, fewer) = Compared(static (state, request, now) => new Scheduler(state).Decide(request, now), Worlds);

        wrong.ShouldBeEmpty();
        TestContext.Current.SendDiagnosticMessage($"{compared} compared, {several} with several islands, {fewer} with fewer than they may have");
        compared.ShouldBeGreaterThan(500);
        several.ShouldBeGreaterThan(100);
        fewer.ShouldBeGreaterThan(50);
    }

    [Fact]
    public void A_scheduler_that_tries_one_set_of_sites_is_found() =>
        Compared(static (state, request, now) => new Scheduler(state).Decide(request with { Sites = [.. state.Layout.SiteNames.Take(request.IslandsMax)] }, now), WorldsOfBugs).Wrong.ShouldNotBeEmpty();

    [Fact]
    public void A_scheduler_that_starts_all_islands_or_none_is_found() =>
        Compared(static (state, request, now) => new Scheduler(state).Decide(request with { IslandsMin = request.IslandsMax }, now), WorldsOfBugs).Wrong.ShouldNotBeEmpty();

    [Fact]
    public void A_scheduler_that_forgets_rates_is_found() =>
        Compared(static (state, request, now) => new Scheduler(state).Decide(request with { WanBytesPerSecond = 0 }, now), WorldsOfBugs).Wrong.ShouldNotBeEmpty();

    /// <summary>Where a scheduler starts another number of islands than the most that are possible; with how many were compared, how many have several islands, and how many fewer than they may have.</summary>
    private static (List<string> Wrong, int Compared, int Several, int Fewer) Compared(Func<FleetState, GangRequest, long, Plan> decide, int worlds)
    {
        var (wrong, compared, several, fewer) = (new List<string>(), 0, 0, 0);
        for (var seed = 1; seed <= worlds; seed++)
        {
            var world = new World(seed);
            if (world.Fleet.Sites.Length == 1 || world.State.Layout.Pools.Any(static pool => pool.Count > DomainsMax))
            {
                continue;
            }

            // One queue without limits and one priority: nobody gives way, and what is compared is placement.
            var state = new FleetState(world.Fleet, QueueTree.Create([new QueueSpecification { Name = "q" }], world.Fleet).Value!);
            var scheduler = new Scheduler(state);
            for (var jobs = world.Next(JobsMax + 1); jobs > 0; jobs--)
            {
                state.Apply(scheduler.Decide(Request(world), world.Now), world.Now);
            }

            for (var more = 0; more < 5; more++)
            {
                var request = Request(world);
                var (islands, most) = (decide(state, request, world.Now).Islands.Length, Most(world.Fleet, state, request));
                if (islands != most)
                {
                    wrong.Add($"seed {seed}: {request}: {islands} islands, {most} are possible");
                }

                compared++;
                several += islands > 1 ? 1 : 0;
                fewer += islands > 0 && islands < request.IslandsMax ? 1 : 0;
            }
        }

        return (wrong, compared, several, fewer);
    }

    private static GangRequest Request(World world) => world.Request() with { Queue = "q", Priority = 0, PreferredSites = [] };

    /// <summary>The most islands of all sets of sites that have room for one each, with the rates between them; 0 where no set has the fewest that are needed.</summary>
    private static int Most(FleetSpecification fleet, FleetState state, GangRequest request)
    {
        var watts = new Dictionary<int, long>();
        for (var pool = 0; pool < state.Layout.Pools.Length; pool++)
        {
            if (ExhaustiveTests.BestAt(state, pool, request) is (var slices, _, _))
            {
                var place = state.Layout.Pools[pool];
                watts.Add(place.Site, slices * FleetState.Watts(place.Hardware, request.AcceleratorsPerIsland / slices, request.PeakThousandths));
            }
        }

        var sites = watts.Keys.Order().ToList();
        return Enumerable.Range(1, (1 << sites.Count) - 1).Select(set => sites.Where((_, index) => (set & (1 << index)) != 0).ToList())
            .Where(set => set.Count >= request.IslandsMin && set.Count <= request.IslandsMax && set.Sum(site => watts[site]) <= state.Power.Left(PowerLevel.Fleet, 0) && HasRates(fleet, state, set, request.WanBytesPerSecond))
            .Select(static set => set.Count).DefaultIfEmpty(0).Max();
    }

    /// <summary>Whether links have room for a rate from each of these sites to each other one. Links of random fleets form a tree: there is one route between two sites.</summary>
    private static bool HasRates(FleetSpecification fleet, FleetState state, List<int> sites, long rate)
    {
        var added = new Dictionary<(int From, int To), long>();
        foreach (var (from, to) in sites.SelectMany(from => sites.Where(to => to != from).Select(to => (from, to))))
        {
            foreach (var hop in Route(fleet, from, to, before: -1)!)
            {
                added[hop] = added.GetValueOrDefault(hop) + rate;
            }
        }

        return rate == 0 || added.All(each => state.Wan.Reserved(each.Key.From, each.Key.To) + each.Value
            <= fleet.Links.Single(link => Ends(fleet, link) is var (a, b) && (each.Key == (a, b) || each.Key == (b, a))).Bandwidth.BitsPerSecond / 8);
    }

    private static List<(int From, int To)>? Route(FleetSpecification fleet, int from, int to, int before)
    {
        if (from == to)
        {
            return [];
        }

        foreach (var (a, b) in fleet.Links.Select(link => Ends(fleet, link)))
        {
            var next = a == from ? b : b == from ? a : before;
            if (next != before && Route(fleet, next, to, from) is { } rest)
            {
                return [(from, next), .. rest];
            }
        }

        return null;
    }

    private static (int A, int B) Ends(FleetSpecification fleet, FleetLink link) => (Index(fleet, link.A), Index(fleet, link.B));

    private static int Index(FleetSpecification fleet, string site) => fleet.Sites.ToList().FindIndex(each => each.Name == site);
}
