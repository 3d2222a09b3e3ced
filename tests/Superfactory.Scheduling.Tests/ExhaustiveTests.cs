using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Tests;

/// <summary>Small instances, against trying everything: at most 8 racks, or 10 nodes, a site and 12 jobs. The same comparison finds schedulers that do worse.</summary>
public sealed class ExhaustiveTests
{
    private const int Worlds = 400;
    private const int JobsMax = 12;
    private const int DomainsMax = 10;

    [Fact]
    public void A_gang_starts_exactly_where_some_choice_of_domains_has_room()
    {
        var (wrong, compared, started) = Placements(static (world, request) => world.Scheduler.Decide(request, world.Now), Worlds);

        wrong.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(500);
        started.ShouldBeInRange(compared / 10, compared * 9 / 10);
    }

    [Fact]
    public void A_scheduler_that_looks_at_one_site_alone_is_found() =>
        Placements(static (world, request) => world.Scheduler.Decide(request with { Sites = [world.Fleet.Sites[0].Name] }, world.Now) with { Request = request }, 60).Wrong.ShouldNotBeEmpty();

    [Fact]
    public void A_scheduler_that_cuts_no_gang_over_several_racks_is_found() =>
        Placements(static (world, request) => world.Scheduler.Decide(request with { Within = Within.Rack }, world.Now) with { Request = request }, 60).Wrong.ShouldNotBeEmpty();

    [Fact]
    public void A_scheduler_that_takes_the_emptiest_domains_whatever_rows_they_are_in_is_found() =>
        Placements(static (world, request) => Emptiest(world.State, world.Scheduler.Decide(request, world.Now)), Worlds).Wrong.ShouldContain(static line => line.EndsWith("rows", StringComparison.Ordinal));

    [Fact]
    public void Victims_are_found_exactly_where_some_set_of_those_allowed_makes_room_and_cost_little_more_than_the_cheapest()
    {
        var (wrong, compared, found, equal) = Reclaims(static (world, request) => world.Scheduler.Decide(request, world.Now), Worlds);

        wrong.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(200);
        found.ShouldBeGreaterThan(50);
        TestContext.Current.SendDiagnosticMessage($"{compared} compared, {found} with victims, {equal} of them the cheapest set there is");
        equal.ShouldBeGreaterThan(found * 3 / 4);
    }

    [Fact]
    public void A_scheduler_that_takes_from_nobody_of_its_own_queue_is_found() =>
        Reclaims(static (world, request) => world.Scheduler.Decide(request with { Priority = 0 }, world.Now) with { Request = request }, 60).Wrong.ShouldNotBeEmpty();

    [Fact]
    public void A_scheduler_that_stops_all_whom_it_may_is_found()
    {
        var (_, _, found, equal) = Reclaims(
            static (world, request) => world.Scheduler.Decide(request, world.Now) is { Starts: true } plan
                ? plan with { Victims = [.. Allowed(world, request).Select(job => new Victim(job.Request.Job, job.IsOwned, job.Loss(world.Now)))] } : new Plan { Request = request },
            60);
        found.ShouldBeGreaterThan(10);
        equal.ShouldBeLessThanOrEqualTo(found * 3 / 4);
    }

    /// <summary>Where a scheduler starts a gang otherwise than the best of all choices of domains; with how many were compared, and how many of them started.</summary>
    private static (List<string> Wrong, int Compared, int Started) Placements(Func<World, GangRequest, Plan> decide, int worlds)
    {
        var (wrong, compared, started) = (new List<string>(), 0, 0);
        for (var seed = 1; seed <= worlds; seed++)
        {
            var world = Filled(seed);
            for (var more = 0; more < 5; more++)
            {
                // No queue's limits and no victims: what is compared is placement.
                var request = world.Request() with { Queue = "guest", IslandsMin = 1, IslandsMax = 1, WanBytesPerSecond = 0, Priority = 0, PreferredSites = [] };
                if (world.State.Layout.Pools.Any(pool => pool.Count > DomainsMax))
                {
                    continue;
                }

                var plan = decide(world, request);
                if (plan.Reason is PendingReason.Quota or PendingReason.Lending)
                {
                    continue;
                }

                var best = Enumerable.Range(0, world.State.Layout.Pools.Length).Select(pool => BestAt(world.State, pool, request)).Where(found => found is not null).DefaultIfEmpty(null).Min();
                compared++;
                started += plan.Starts ? 1 : 0;
                if (plan.Starts != (best is not null))
                {
                    wrong.Add($"seed {seed}: {request}: starts {plan.Starts}: {plan.Reason}");
                }
                else if (plan.Starts && !world.Fleet.Sites.Any(site => site.Floors.Any(floor => floor.Rows.Any(row => row.Power is not null))))
                {
                    // Rows without budgets of their own: then the fewest floors and rows are exact.
                    var island = plan.Islands[0];
                    if ((island.Domains.Length, island.Score.Floors, island.Score.Rows) != BestAt(world.State, island.Pool, request))
                    {
                        wrong.Add($"seed {seed}: {request}: {island.Domains.Length} slices in {island.Score.Floors} floors and {island.Score.Rows} rows");
                    }
                }
            }
        }

        return (wrong, compared, started);
    }

    /// <summary>Where a scheduler starts a job for which others give way and no set of them makes room, or the other way round; with how many were compared, how many started, and how many of those cost the least that is possible.</summary>
    private static (List<string> Wrong, int Compared, int Found, int Equal) Reclaims(Func<World, GangRequest, Plan> decide, int worlds)
    {
        var (wrong, compared, found, equal) = (new List<string>(), 0, 0, 0);
        for (var seed = 1; seed <= worlds; seed++)
        {
            var world = Filled(seed);
            for (var more = 0; more < 5; more++)
            {
                var request = world.Request() with { Queue = "other", IslandsMin = 1, IslandsMax = 1, Priority = 2 };
                if (world.Scheduler.Decide(request, world.Now) is { Starts: true, Victims.IsEmpty: true })
                {
                    continue;
                }

                var (plan, cheapest) = (decide(world, request), CheapestSet(world, request));
                if (plan.Starts != (cheapest is not null))
                {
                    wrong.Add($"seed {seed}: {request}: starts {plan.Starts}: {plan.Reason}");
                }

                compared++;
                found += plan.Starts ? 1 : 0;
                equal += plan.Starts && plan.Victims.Sum(victim => victim.LossAcceleratorMilliseconds) == cheapest ? 1 : 0;
            }
        }

        return (wrong, compared, found, equal);
    }

    /// <summary>The same plan in the emptiest domains of its pool.</summary>
    private static Plan Emptiest(FleetState state, Plan plan)
    {
        if (!plan.Starts)
        {
            return plan;
        }

        var (island, layout) = (plan.Islands[0], state.Layout);
        var place = layout.Pools[island.Pool];
        var domains = Enumerable.Range(place.First, place.Count).OrderByDescending(state.Domains.Free).ThenBy(static domain => domain).Take(island.Domains.Length).ToImmutableArray();
        var rows = domains.Select(domain => layout.Racks[layout.Domains[domain].Rack].Row).Distinct().ToList();
        return plan with { Islands = [island with { Domains = domains, Score = island.Score with { Rows = rows.Count, Floors = rows.Select(row => layout.Rows[row].Floor).Distinct().Count() } }] };
    }

    private static World Filled(int seed)
    {
        var world = new World(seed, small: true);
        for (var job = 0; job < JobsMax; job++)
        {
            world.Now += 100;
            world.State.Apply(world.Scheduler.Decide(world.Request(), world.Now), world.Now);
        }

        return world;
    }

    /// <summary>The fewest slices, floors and rows of all choices of domains in a pool; null where none has room.</summary>
    internal static (int Slices, int Floors, int Rows)? BestAt(FleetState state, int pool, GangRequest request)
    {
        var layout = state.Layout;
        var place = layout.Pools[pool];
        (int, int, int)? best = null;
        for (var set = place.IsCounted && request.Within != Within.Site ? int.MaxValue : 1; set < 1 << place.Count; set++)
        {
            var domains = Enumerable.Range(0, place.Count).Where(index => (set & (1 << index)) != 0).Select(index => place.First + index).ToList();
            if (request.AcceleratorsPerIsland % domains.Count != 0 || (best is { } known && domains.Count > known.Item1))
            {
                continue;
            }

            var slice = request.AcceleratorsPerIsland / domains.Count;
            var watts = FleetState.Watts(place.Hardware, slice, request.PeakThousandths);
            var racks = domains.Select(domain => layout.Domains[domain].Rack).ToList();
            var rows = racks.Select(rack => layout.Racks[rack].Row).ToList();
            var floors = rows.Select(row => layout.Rows[row].Floor).Distinct().Count();
            var shared = request.Within switch { Within.Rack => racks.Distinct().Count(), Within.Row => rows.Distinct().Count(), Within.Floor => floors, _ => 1 };
            var fits = shared == 1 && domains.All(domain => state.Domains.Free(domain) >= slice)
                && racks.GroupBy(rack => rack).All(group => group.Count() * watts <= state.Power.Left(PowerLevel.Rack, group.Key))
                && rows.GroupBy(row => row).All(group => group.Count() * watts <= state.Power.Left(PowerLevel.Row, group.Key))
                && domains.Count * watts <= state.Power.Left(PowerLevel.Site, place.Site) && domains.Count * watts <= state.Power.Left(PowerLevel.Fleet, 0);
            var score = (domains.Count, floors, rows.Distinct().Count());
            if (fits && (best is null || score.CompareTo(best.Value) < 0))
            {
                best = score;
            }
        }

        return best;
    }

    /// <summary>What is lost with the cheapest set of allowed victims that lets the request start; null where no set does. Tries all sets.</summary>
    private static long? CheapestSet(World world, GangRequest request)
    {
        var allowed = Allowed(world, request);
        long? cheapest = null;
        for (var set = 1; set < 1 << allowed.Count; set++)
        {
            var chosen = allowed.Where((_, index) => (set & (1 << index)) != 0).ToList();
            var loss = chosen.Sum(job => job.Loss(world.Now));
            if (loss >= cheapest)
            {
                continue;
            }

            chosen.ForEach(world.State.Detach);

            // Without anybody that could give way what remains is placement, which the other comparison checks.
            var plan = new Placing.GangSearch(world.State).Find(request, guaranteedOnly: false, 1);
            var starts = plan.Starts && (plan.IsOwned || chosen.All(job => !job.IsOwned));
            chosen.ForEach(world.State.Restore);
            cheapest = starts ? loss : cheapest;
        }

        return cheapest;
    }

    private static List<RunningJob> Allowed(World world, GangRequest request) => [.. world.State.Running.Values.OrderBy(job => job.Request.Job).Where(job => IsAllowed(world, job, request))];

    private static bool IsAllowed(World world, RunningJob job, GangRequest request)
    {
        if (world.Now - job.StartMilliseconds < job.Request.MinimumRunMilliseconds)
        {
            return false;
        }

        var outranked = job.Request.Queue == request.Queue && job.Request.Priority < request.Priority;
        if (job.IsOwned)
        {
            return outranked;
        }

        if (job.Request.Queue == request.Queue && !outranked)
        {
            return false;
        }

        var queue = world.Queues.Queues.ToList().FindIndex(queue => queue.Name == request.Queue);
        return (outranked || world.State.Quota.IsWithinGuarantee(queue, job.Type, request.AcceleratorsPerIsland)) && !IsSpared(world, job);
    }

    /// <summary>Whether the job is among those that its queue's guarantee has room for, the longest running first.</summary>
    private static bool IsSpared(World world, RunningJob job)
    {
        var left = world.State.Quota.Own(job.Queue, job.Type) - world.State.Quota.Owned(job.Queue, job.Type);
        foreach (var other in world.State.Running.Values.Where(other => other.Queue == job.Queue && !other.IsOwned && other.Accelerators <= left)
            .OrderBy(other => other.StartMilliseconds).ThenBy(other => other.Request.Job).ToList())
        {
            if (other.Accelerators <= left)
            {
                left -= other.Accelerators;
                if (other == job)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
