using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>With aging a job of a low priority starts though greater ones keep coming; without it the same check finds one that never does.</summary>
public sealed class AgingLawTests
{
    private const int Steps = 400, StepMilliseconds = 10_000, PriorityMax = 3;

    [Fact]
    public void With_aging_a_job_starts_after_finitely_many_later_ones_whatever_their_priority()
    {
        var waited = 0;
        Law.Holds(60, seed =>
        {
            var start = StartOf(seed, aging: 60);
            start.ShouldBeLessThan(Steps, $"seed {seed}");
            waited += start > 1 ? 1 : 0;
        });
        waited.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void Without_aging_the_check_finds_a_job_that_waits_for_ever() => Enumerable.Range(1, 20).ShouldContain(seed => StartOf(seed, aging: 0) == Steps);

    [Fact]
    public void A_step_of_priority_is_worth_as_much_as_having_come_that_much_earlier()
    {
        var (fleet, order) = (World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]"), new List<long>());
        var backlog = new Backlog(new FleetState(fleet, Queues(fleet, 60)));
        GangRequest Job(long job, int priority, long submitted) => new() { Job = job, Queue = "q", AcceleratorsPerIsland = 64, Priority = priority, SubmittedMilliseconds = submitted };
        foreach (var job in new[] { Job(1, 0, 0), Job(2, 1, 59_999), Job(3, 1, 60_001), Job(4, 2, 120_000), Job(5, 0, 1) })
        {
            backlog.Submit(job).ShouldBeNull();
        }

        for (var now = 200_000L; backlog.Step(now) is { Started: { } plan }; now++)
        {
            order.Add(plan.Request.Job);
            backlog.End(plan.Request.Job, now);
        }

        order.ShouldBe([2, 4, 1, 3, 5], "what counts the same goes by priority");
    }

    [Theory]
    [InlineData(59_999, true)]
    [InlineData(60_001, false)]
    public void A_job_that_runs_gives_way_to_none_of_its_queue_that_it_goes_before(long submitted, bool givesWay)
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]");
        var state = new FleetState(fleet, Queues(fleet, 60));
        var scheduler = new Scheduler(state);
        state.Apply(scheduler.Decide(new GangRequest { Job = 1, Queue = "q", AcceleratorsPerIsland = 64 }, 100_000), 100_000);
        var asked = new GangRequest { Job = 2, Queue = "q", AcceleratorsPerIsland = 64, Priority = 1, SubmittedMilliseconds = submitted };
        scheduler.Decide(asked, 100_000).Starts.ShouldBe(givesWay);
        scheduler.Decide(asked with { AcceleratorsPerIsland = 32, Roles = [new RoleRequest { Name = "r", Accelerators = 16 }] }, 100_000).Starts.ShouldBe(givesWay);
    }

    /// <summary>In which step a job of priority 0 starts, while two of greater ones come in each step and one that runs ends; the number of steps where it never does.</summary>
    private static int StartOf(int seed, int aging)
    {
        var world = new World(seed, small: true);
        var state = new FleetState(world.Fleet, Queues(world.Fleet, aging));
        var backlog = new Backlog(state);
        GangRequest? low = null;
        for (var step = 0; step < Steps; step++)
        {
            world.Now += StepMilliseconds;
            for (var job = 0; job < 2; job++)
            {
                var request = world.Request() with { Queue = "q", WanBytesPerSecond = 0, Priority = 1 + world.Next(PriorityMax), SubmittedMilliseconds = world.Now };
                request = low is null && step > 3 ? request with { Priority = 0 } : request;
                low = backlog.Submit(request) is null && request.Priority == 0 ? request : low;
            }

            while (backlog.Step(world.Now) is { IsOver: false } taken)
            {
                if (low is not null && taken.Started?.Request.Job == low.Job)
                {
                    return step;
                }
            }

            if (state.Running.Count > 0)
            {
                backlog.End(state.Running.Values.OrderBy(job => job.StartMilliseconds).ThenBy(job => job.Request.Job).First().Request.Job, world.Now);
            }
        }

        return low is null ? 0 : Steps;
    }

    private static QueueTree Queues(FleetSpecification fleet, int aging) => QueueTree.Create([new QueueSpecification { Name = "q" }], fleet, aging).Value!;
}
