using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Placing;
using Superfactory.Scheduling.Preempting;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>A place that was found before is cleared of those who have something of it.</summary>
public sealed class ClearedPlaceTests
{
    private const long Now = 1_000_000;

    [Fact]
    public void Place_is_cleared_of_the_cheapest_in_it_however_cheap_others_are()
    {
        var (state, search) = Borrowed();

        var plan = Clear(state, search, 8);

        plan.ShouldNotBeNull().Victims.ShouldHaveSingleItem().Job.ShouldBe(2);
        state.Running.Count.ShouldBe(4);
    }

    [Fact]
    public void Place_is_not_cleared_where_those_who_may_be_stopped_have_too_little_of_it()
    {
        var (state, search) = Borrowed();
        state.Lose(0, 0);
        state.Lose(0, 1);
        state.Lose(0, 2);

        Clear(state, search, 64).ShouldBeNull();
        state.Running.Count.ShouldBe(4);
    }

    private static Plan? Clear(FleetState state, VictimSearch search, int accelerators)
    {
        var request = new GangRequest { Job = 5, Queue = "research", Hardware = ["gb200-nvl72"], AcceleratorsPerIsland = accelerators, SubmittedMilliseconds = Now };
        var place = new IslandPlan { Site = "s", Hardware = "gb200-nvl72", Slice = accelerators, Domains = [0], Score = default };
        return search.Clear(new Plan { Request = request, IsOwned = true, Islands = [place] }, state.TypeOf(0), Now, () => state.Domains.Free(0) >= accelerators, static () => { });
    }

    /// <summary>A rack of which three hold 8, 8 and 48, the second at the least cost; and another of one whose stop costs less than theirs.</summary>
    private static (FleetState State, VictimSearch Search) Borrowed()
    {
        var fleet = World.FleetOf("name: f\nsites:\n  - {name: s, rows: [{racks: {hardware: gb200-nvl72, count: 2}}]}\n");
        var state = new FleetState(fleet, QueueTree.Create([new QueueSpecification { Name = "research", Quotas = [new QuotaSpecification("gb200-nvl72", 128)] }, new QueueSpecification { Name = "products" }], fleet).Value!);
        var scheduler = new Scheduler(state);
        (int Accelerators, long StopCost)[] jobs = [(8, 50_000), (8, 10_000), (48, 90_000), (64, 1_000)];
        for (var job = 0; job < jobs.Length; job++)
        {
            var request = new GangRequest { Job = job + 1, Queue = "products", Hardware = ["gb200-nvl72"], AcceleratorsPerIsland = jobs[job].Accelerators, StopCostMilliseconds = jobs[job].StopCost, SubmittedMilliseconds = Now };
            state.Apply(scheduler.Decide(request, Now), Now).ShouldNotBeNull().Slices.ShouldHaveSingleItem().Domain.ShouldBe(job / 3);
        }

        return (state, new VictimSearch(state, new GangSearch(state)));
    }
}
