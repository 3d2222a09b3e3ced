using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>Jobs that wait for the same as before.</summary>
public sealed class WaitingTests
{
    private const int Tries = 100, Rounds = 20;

    [Fact]
    public void Decision_on_a_job_that_waits_for_the_same_as_before_allocates_nothing()
    {
        var (scheduler, _) = Full();
        var request = Request(2, 32);

        // Another thread's work, such as the compiler's, may be counted for a part of it: the least of several is its own.
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var each = 0; each < Tries; each++)
            {
                scheduler.Decide(request, 0);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        least.ShouldBe(0);
    }

    [Fact]
    public void Job_that_waits_is_told_what_it_lacks_by_now_and_another_of_its_place_among_the_remembered_what_that_lacks()
    {
        var (scheduler, state) = Full();
        scheduler.Decide(Request(2, 32), 0).Reason.ShouldBe(new PendingReason.Accelerators(16, "gb200-nvl72", "s"));
        scheduler.Decide(Request(2 + 4096, 64), 0).Reason.ShouldBe(new PendingReason.Accelerators(48, "gb200-nvl72", "s"));
        scheduler.Decide(Request(2, 64), 0).Request.AcceleratorsPerIsland.ShouldBe(64, "the same number with another request");
        state.Apply(scheduler.Decide(Request(3, 8), 0), 0).ShouldNotBeNull();

        var request = Request(2, 32);
        var plan = scheduler.Decide(request, 0);

        plan.Reason.ShouldBe(new PendingReason.Accelerators(24, "gb200-nvl72", "s"));
        plan.Request.ShouldBeSameAs(request);
    }

    private static GangRequest Request(long job, int accelerators) => new() { Job = job, Queue = "q", Hardware = ["gb200-nvl72"], AcceleratorsPerIsland = accelerators };

    /// <summary>A rack of which 48 of 64 are held.</summary>
    private static (Scheduler Scheduler, FleetState State) Full()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]");
        var state = new FleetState(fleet, QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!);
        var scheduler = new Scheduler(state);
        state.Apply(scheduler.Decide(Request(1, 48), 0), 0).ShouldNotBeNull();
        return (scheduler, state);
    }
}
