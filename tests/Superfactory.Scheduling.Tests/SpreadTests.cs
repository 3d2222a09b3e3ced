namespace Superfactory.Scheduling.Tests;

/// <summary>Packed and spread gangs, against looking at every domain.</summary>
public sealed class SpreadTests
{
    [Fact]
    public void One_slice_takes_a_fullest_domain_that_has_room_or_an_emptiest_one()
    {
        var compared = new int[2];
        for (var seed = 1; seed <= 300; seed++)
        {
            var world = new World(seed, small: true);
            world.Live(12, static _ => { });
            for (var more = 0; more < 4; more++)
            {
                var asked = world.Request() with { Queue = "guest", IslandsMin = 1, IslandsMax = 1, WanBytesPerSecond = 0, Priority = 0, PreferredSites = [], PeakThousandths = 1 };
                foreach (var spread in new[] { false, true })
                {
                    var plan = world.Scheduler.Decide(asked with { Spread = spread }, world.Now);
                    if (!plan.Starts || !plan.Victims.IsEmpty || plan.Islands[0].Domains.Length > 1)
                    {
                        continue;
                    }

                    var place = world.State.Layout.Pools[plan.Islands[0].Pool];
                    var free = world.State.Domains.Free(plan.Islands[0].Domains[0]);
                    var others = Enumerable.Range(place.First, place.Count).Select(world.State.Domains.Free).Where(each => each >= asked.AcceleratorsPerIsland).ToList();
                    free.ShouldBe(spread ? others.Max() : others.Min(), $"seed {seed}: {asked}");
                    compared[spread ? 1 : 0] += others.Max() > others.Min() ? 1 : 0;
                }
            }
        }

        compared.Min().ShouldBeGreaterThan(50);
    }

    [Fact]
    public void Of_sites_the_one_with_the_most_free_is_taken_and_of_a_rows_domains_the_emptiest()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: a, placement: site, racks: {hardware: cpu, slots: 8}}, {name: b, placement: site, racks: {hardware: cpu, slots: 16}}]");
        var state = new FleetState(fleet, Quotas.QueueTree.Create([new Model.Fleet.QueueSpecification { Name = "q" }], fleet).Value!);
        var request = new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 4, Hardware = ["cpu"] };
        Site(state, request).ShouldBe("a");
        Site(state, request with { Spread = true }).ShouldBe("b");

        fleet = World.FleetOf("name: f\nsites: [{name: a, racks: {hardware: gb200-nvl72, count: 4}}]");
        state = new FleetState(fleet, Quotas.QueueTree.Create([new Model.Fleet.QueueSpecification { Name = "q" }], fleet).Value!);
        request = new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 4 };
        state.Apply(new Scheduler(state).Decide(request, 0), 0);
        state.Apply(new Scheduler(state).Decide(request with { Job = 2, AcceleratorsPerIsland = 8, Spread = true }, 0), 0);
        var pair = request with { Job = 3, AcceleratorsPerIsland = 72 };
        new Scheduler(state).Decide(pair, 0).Islands[0].Domains.ShouldBe([0, 1]);
        new Scheduler(state).Decide(pair with { Spread = true }, 0).Islands[0].Domains.ShouldBe([2, 3]);
    }

    private static string Site(FleetState state, GangRequest request) => new Scheduler(state).Decide(request, 0).Islands[0].Site;
}
