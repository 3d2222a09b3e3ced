using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Tests;

/// <summary>Nodes that fail, are drained and return.</summary>
public sealed class NodeTests
{
    [Fact]
    public void A_spare_takes_the_place_of_a_lost_node_with_its_jobs()
    {
        var (state, scheduler) = Rack("gb200-nvl72");
        Start(state, scheduler, 1, 64);
        state.Lose(0, 3).ShouldNotBeNull().Moved.ShouldBe([1]);
        state.Running[1].Slices[0].Nodes.ShouldBe(((UInt128)1 << 68) / 15 * 4 - ((UInt128)4 << 12));
        state.Free("gb200-nvl72").ShouldBe(0);
        FleetAuditOf(state);
    }

    [Fact]
    public void Without_a_spare_a_lost_node_stays_charged_until_its_job_is_stopped_and_is_used_again_once_it_is_back()
    {
        var (state, scheduler) = Rack("gb200-nvl72, spares: 0");
        Start(state, scheduler, 1, 72);
        state.Lose(0, 17).ShouldNotBeNull().Held.ShouldBe([1]);
        state.Stop(1).ShouldBeTrue();
        state.Free("gb200-nvl72").ShouldBe(68);
        scheduler.Decide(Request(2, 72), 0).Reason.ShouldBeOfType<PendingReason.Accelerators>();
        state.Return(0, 17).ShouldBeTrue();
        Start(state, scheduler, 3, 72);
    }

    [Fact]
    public void A_drained_node_keeps_its_jobs_and_takes_no_more()
    {
        var (state, scheduler) = Rack("hgx-h100, nodes: 2");
        Start(state, scheduler, 1, 4);
        state.Drain(0, 0).ShouldNotBeNull().Held.ShouldBe([1]);
        state.Free("hgx-h100").ShouldBe(8);
        state.NameOf(Start(state, scheduler, 2, 4).Slices[0].Domain).ShouldBe("s/f1/r1/k1/n2");
        state.Stop(1);
        state.Free("hgx-h100").ShouldBe(4);
        state.Return(0, 0).ShouldBeTrue();
        state.Free("hgx-h100").ShouldBe(12);
    }

    [Fact]
    public void A_node_that_is_back_while_its_job_still_holds_it_is_given_to_nobody_else()
    {
        var (state, scheduler) = Rack("hgx-h100, nodes: 1");
        Start(state, scheduler, 1, 6);
        state.Lose(0, 0).ShouldNotBeNull().Held.ShouldBe([1]);
        state.Return(0, 0).ShouldBeTrue();
        state.Return(0, 0).ShouldBeFalse();
        state.Free("hgx-h100").ShouldBe(2);
    }

    [Fact]
    public void There_is_no_node_where_there_is_none()
    {
        var (state, _) = Rack("hgx-h100");
        state.Lose(0, 1).ShouldBeNull();
        state.Lose(4, 0).ShouldBeNull();
        state.Lose(-1, 0).ShouldBeNull();
        state.Return(0, 0).ShouldBeFalse();
    }

    private static (FleetState State, Scheduler Scheduler) Rack(string hardware)
    {
        var fleet = World.FleetOf($"name: f\nsites: [{{name: s, racks: {{hardware: {hardware}}}}}]");
        var state = new FleetState(fleet, Quotas.QueueTree.Create([new QueueSpecification { Name = "q" }], fleet).Value!);
        return (state, new Scheduler(state));
    }

    private static GangRequest Request(long job, int accelerators) => new() { Job = job, Queue = "q", AcceleratorsPerIsland = accelerators };

    private static RunningJob Start(FleetState state, Scheduler scheduler, long job, int accelerators) =>
        state.Apply(scheduler.Decide(Request(job, accelerators), 0), 0).ShouldNotBeNull();

    private static void FleetAuditOf(FleetState state) =>
        FleetAudit.Check(World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]"), state).ShouldBeEmpty();
}
