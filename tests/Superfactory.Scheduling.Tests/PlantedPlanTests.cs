using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>The checkers of plans and rounds catch what they are there for: each law is broken once by hand.</summary>
public sealed class PlantedPlanTests
{
    private const long Now = 10_000_000;

    [Fact]
    public void Without_a_bug_the_audit_of_plans_finds_nothing()
    {
        var (state, scheduler) = Filled();
        PlanAudit.Check(state, scheduler.Decide(Request(9, "owner", 16), Now), Now).ShouldBeEmpty();
    }

    [Fact]
    public void A_victim_that_has_not_run_its_minimum_is_found() => Caught("minimum", static plan => plan with { Victims = [Taken(2)] });

    [Fact]
    public void A_victim_on_its_own_guarantee_is_found() => Caught("victim", static plan => plan with { Victims = [Taken(3) with { IsOwned = true }] });

    [Fact]
    public void A_borrower_that_takes_from_another_queue_is_found() => Caught("victim", static plan => plan with { IsOwned = false });

    [Fact]
    public void A_victim_that_its_guarantee_has_room_for_is_found() => Caught("spared", static plan => plan with { Victims = [Taken(4)] });

    [Fact]
    public void A_job_beyond_its_guarantee_that_counts_as_owned_is_found() => Caught("owned", static plan => plan with { Islands = [plan.Islands[0] with { Slice = 32 }] });

    [Fact]
    public void A_queue_that_borrows_beyond_its_limit_is_found() =>
        Caught("borrowing", static plan => plan with { Request = plan.Request with { Queue = "guest" }, IsOwned = false, Victims = [], Islands = [plan.Islands[0] with { Slice = 40 }] });

    [Fact]
    public void What_is_taken_of_what_others_do_not_lend_is_found() =>
        Caught("lending", static plan => plan with { Request = plan.Request with { Queue = "guest" }, IsOwned = false, Victims = [] });

    [Fact]
    public void A_job_that_neither_starts_nor_says_why_is_found() => Caught("reason", static plan => plan with { Islands = [] });

    [Fact]
    public void A_job_that_starts_without_some_of_its_islands_or_gangs_of_roles_is_found()
    {
        var (state, scheduler) = Filled();
        state.Stop(1);
        var plan = scheduler.Decide(Request(9, "owner", 4) with { Roles = [new RoleRequest { Name = "r", Count = 2, Accelerators = 4 }] }, Now);
        PlanAudit.Check(state, plan, Now).ShouldBeEmpty();
        PlanAudit.Check(state, plan with { Islands = [.. plan.Islands.Where(island => island.Role >= 0)] }, Now).ShouldBe(["whole: job 9 would start with 0 islands"]);
        PlanAudit.Check(state, plan with { Islands = plan.Islands.RemoveAt(2) }, Now).ShouldBe(["whole: job 9 would start with 1 of 2 gangs of r, or parts of them"]);
        PlanAudit.Check(state, plan with { Islands = plan.Islands.SetItem(2, plan.Islands[2] with { Slice = 3 }) }, Now).ShouldBe(["whole: job 9 would start with 2 of 2 gangs of r, or parts of them"]);
    }

    [Fact]
    public void A_plan_with_islands_out_of_their_range_or_of_several_sizes_is_found()
    {
        var (state, scheduler) = Filled();
        state.Stop(1);
        var plan = scheduler.Decide(Request(9, "owner", 16) with { AcceleratorsMin = 4 }, Now);
        PlanAudit.Check(state, plan, Now).ShouldBeEmpty();
        PlanAudit.Check(state, plan with { Islands = [plan.Islands[0] with { Slice = 2 }] }, Now).ShouldBe(["range: job 9 would start with islands of 2"]);
        PlanAudit.Check(state, plan with { Islands = [plan.Islands[0] with { Slice = 18 }] }, Now).ShouldContain("range: job 9 would start with islands of 18");
        PlanAudit.Check(state, plan with { Request = plan.Request with { IslandsMax = 2 }, Islands = [plan.Islands[0] with { Slice = 8 }, plan.Islands[0] with { Slice = 4 }] }, Now).ShouldContain("range: job 9 would start with islands of 8 and 4");
    }

    [Fact]
    public void A_decision_that_leaves_a_trace_is_found()
    {
        var (state, _) = Filled();
        var before = World.Digest(state);
        state.Detach(state.Running[1]);
        World.Digest(state).ShouldNotBe(before);
        state.Restore(state.Running[1]);
        World.Digest(state).ShouldBe(before);
    }

    [Fact]
    public void A_plan_that_differs_in_a_victim_is_found()
    {
        var (state, scheduler) = Filled();
        var plan = scheduler.Decide(Request(9, "owner", 16), Now);
        World.Digest(plan with { Victims = [Taken(4)] }).ShouldNotBe(World.Digest(plan));
    }

    [Fact]
    public void A_guarantee_that_is_not_given_back_in_time_is_found()
    {
        // Nobody takes a step: what is due stays undone.
        var (state, _) = Filled();
        var claim = Claim.Of(state, Request(9, "owner", 16), Now);
        claim.ShouldNotBeNull();
        claim.IsOverdue(state, claim.Until).ShouldBeTrue();
        claim.IsOverdue(state, Now - 1).ShouldBeFalse();
    }

    private static Victim Taken(long job) => new(job, false, 0);

    private static void Caught(string law, Func<Plan, Plan> plant)
    {
        var (state, scheduler) = Filled();
        var plan = scheduler.Decide(Request(9, "owner", 16), Now);
        plan.Victims.Select(victim => victim.Job).ShouldBe([1]);
        PlanAudit.Check(state, plant(plan), Now).ShouldContain(line => line.StartsWith(law, StringComparison.Ordinal));
    }

    /// <summary>A full rack: job 1 is borrowed, job 2 is borrowed and young, job 3 is owned, and the guarantee of job 4's queue has room for it by now.</summary>
    private static (FleetState State, Scheduler Scheduler) Filled()
    {
        var fleet = World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]");
        ImmutableArray<QueueSpecification> queues =
        [
            Queue("owner", 24), Queue("guest", 0) with { Quotas = [new QuotaSpecification("gb200-nvl72", 0, 60)] },
            Queue("keeper", 16) with { Quotas = [new QuotaSpecification("gb200-nvl72", 16, null, 8)] }, Queue("other", 16),
        ];
        var state = new FleetState(fleet, QueueTree.Create(queues, fleet).Value!);
        var scheduler = new Scheduler(state);
        void Start(long job, string queue, int accelerators, long at, long minimum = 0) =>
            state.Apply(scheduler.Decide(Request(job, queue, accelerators) with { MinimumRunMilliseconds = minimum }, at), at).ShouldNotBeNull();
        Start(3, "owner", 8, 1);
        Start(5, "other", 16, 2);
        Start(4, "other", 8, 3);
        state.Stop(5);
        Start(1, "guest", 24, 4);
        Start(2, "guest", 16, Now - 1, minimum: 60_000);
        return (state, scheduler);
    }

    private static QueueSpecification Queue(string name, long guaranteed) => new() { Name = name, Quotas = [new QuotaSpecification("gb200-nvl72", guaranteed)] };

    private static GangRequest Request(long job, string queue, int accelerators) => new() { Job = job, Queue = queue, AcceleratorsPerIsland = accelerators };
}
