using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>Jobs whose gangs differ in shape and kind start whole or not at all, and say which role has no place.</summary>
public sealed class RoleTests
{
    private const long Now = 10_000_000;

    [Fact]
    public void Islands_and_all_gangs_of_roles_start_in_one_commit()
    {
        var (state, scheduler) = Fleet();
        var plan = scheduler.Decide(Job(1, gangs: 4), Now);
        plan.Starts.ShouldBeTrue();
        plan.Islands.Select(island => (island.Role, island.Hardware, island.Accelerators)).ShouldBe([(-1, "gb200-nvl72", 64), (-1, "gb200-nvl72", 64), (0, "hgx-h100", 4), (0, "hgx-h100", 4), (0, "hgx-h100", 4), (0, "hgx-h100", 4)]);
        var job = state.Apply(plan, Now)!;
        (job.Accelerators, job.Of(job.Type)).ShouldBe((144, 128));
        (state.Free("gb200-nvl72"), state.Free("hgx-h100")).ShouldBe((0, 0));
        state.Stop(1).ShouldBeTrue();
        (state.Free("gb200-nvl72"), state.Free("hgx-h100")).ShouldBe((128, 16));
    }

    [Fact]
    public void Nothing_starts_where_one_gang_has_no_place_and_the_reason_names_its_role()
    {
        var (state, scheduler) = Fleet();
        state.Apply(scheduler.Decide(new GangRequest { Job = 9, Queue = "team", AcceleratorsPerIsland = 3, Hardware = ["hgx-h100"] }, Now), Now).ShouldNotBeNull();
        var plan = scheduler.Decide(Job(1, gangs: 4), Now);
        plan.Starts.ShouldBeFalse();
        plan.Reason!.ToString().ShouldBe("role rollout needs 3 more free hgx-h100 in a");
        state.Free("gb200-nvl72").ShouldBe(128);
    }

    [Fact]
    public void A_job_that_never_fits_is_refused_with_the_role_named()
    {
        var (_, scheduler) = Fleet();
        scheduler.Refuse(Job(1, gangs: 4)).ShouldBeNull();
        scheduler.Refuse(Job(1, gangs: 5))!.ToString().ShouldBe("role rollout needs 4 more free hgx-h100 in a, even while nothing else runs");
        scheduler.Refuse(Job(1, gangs: 1) with { Roles = [new RoleRequest { Name = "rollout", Accelerators = 100, Hardware = ["hgx-h100"] }] })!.ToString()
            .ShouldBe("role rollout: an island of 100 fits nowhere; one of 8 would, of hgx-h100 at a");
        scheduler.Refuse(Job(1, gangs: 1) with { Roles = [Rollout(1), Rollout(1)] })!.ToString().ShouldBe("roles have names, each another one, not 'rollout'");
        scheduler.Refuse(Job(1, gangs: 0))!.ToString().ShouldBe("a job has at least one gang of each role and 1024 at most");
        scheduler.Refuse(Job(1, gangs: 1) with { Roles = [Rollout(1) with { Hardware = ["abacus"] }] })!.ToString().ShouldBe("role rollout: there is no hardware 'abacus'");
    }

    [Fact]
    public void A_job_with_roles_gives_way_as_a_whole_and_takes_from_others_what_any_of_its_gangs_needs()
    {
        var (state, scheduler) = Fleet();
        state.Apply(scheduler.Decide(Job(1, gangs: 4), Now), Now);

        // A single accelerator of the rollouts' kind is asked for: the learner's islands go with them.
        var small = scheduler.Decide(new GangRequest { Job = 2, Queue = "owner", AcceleratorsPerIsland = 1, Hardware = ["hgx-h100"] }, Now + 1);
        small.Victims.Select(victim => victim.Job).ShouldBe([1]);
        state.Apply(small, Now + 1);
        (state.Free("gb200-nvl72"), state.Free("hgx-h100")).ShouldBe((128, 15));

        state.Stop(2);
        state.Apply(scheduler.Decide(new GangRequest { Job = 3, Queue = "team", AcceleratorsPerIsland = 64, Hardware = ["gb200-nvl72"] }, Now + 2), Now + 2);
        state.Apply(scheduler.Decide(new GangRequest { Job = 4, Queue = "team", AcceleratorsPerIsland = 8, Hardware = ["hgx-h100"] }, Now + 2), Now + 2);
        var whole = scheduler.Decide(Job(5, gangs: 3) with { Queue = "owner" }, Now + 3);
        (whole.IsOwned, string.Join(',', whole.Victims.Select(victim => victim.Job))).ShouldBe((true, "3,4"));
        scheduler.Decide(Job(5, gangs: 2) with { Queue = "owner" }, Now + 3).Victims.Select(victim => victim.Job).ShouldBe([3]);
    }

    [Fact]
    public void A_job_with_roles_is_owned_as_a_whole_or_borrowed_as_a_whole()
    {
        var (state, scheduler) = Fleet();
        scheduler.Decide(Job(1, gangs: 3) with { Queue = "owner" }, Now).IsOwned.ShouldBeTrue();

        // The guarantee has 12 of the rollouts' kind.
        var plan = scheduler.Decide(Job(1, gangs: 4) with { Queue = "owner" }, Now);
        (plan.Starts, plan.IsOwned).ShouldBe((true, false));
        state.Apply(plan, Now);
        state.Quota.Owned(state.Queues.Find("owner"), HardwareCatalogue.Names.IndexOf("gb200-nvl72")).ShouldBe(0);
    }

    [Fact]
    public void A_borrowed_job_with_roles_is_no_victim_once_its_guarantees_have_room_for_all_of_it()
    {
        var (state, scheduler) = Fleet();
        state.Apply(scheduler.Decide(new GangRequest { Job = 1, Queue = "owner", AcceleratorsPerIsland = 64, Hardware = ["gb200-nvl72"] }, Now), Now)!.IsOwned.ShouldBeTrue();
        state.Apply(scheduler.Decide(Job(2, gangs: 3) with { Queue = "owner", IslandsMin = 1, IslandsMax = 1, AcceleratorsPerIsland = 32, Roles = [Rollout(4)] }, Now), Now)!.IsOwned.ShouldBeFalse();
        var job = new GangRequest { Job = 3, Queue = "third", AcceleratorsPerIsland = 4, Hardware = ["hgx-h100"] };
        scheduler.Decide(job, Now + 1).Victims.Select(victim => victim.Job).ShouldBe([2]);

        // Three gangs are within the 12 that are guaranteed; the fourth was one too many.
        state.Stop(2);
        state.Stop(1);
        state.Apply(scheduler.Decide(new GangRequest { Job = 4, Queue = "owner", AcceleratorsPerIsland = 4, Hardware = ["hgx-h100"] }, Now), Now)!.IsOwned.ShouldBeTrue();
        state.Apply(scheduler.Decide(Job(5, gangs: 3) with { Queue = "owner", IslandsMin = 1, IslandsMax = 1 }, Now), Now)!.IsOwned.ShouldBeFalse();
        scheduler.Decide(job, Now + 1).Victims.Select(victim => victim.Job).ShouldBe([5]);
        state.Stop(4);
        state.Apply(scheduler.Decide(new GangRequest { Job = 6, Queue = "team", AcceleratorsPerIsland = 4, Hardware = ["hgx-h100"] }, Now), Now).ShouldNotBeNull();
        scheduler.Decide(job, Now + 1).Victims.Select(victim => victim.Job).ShouldBe([6]);
    }

    [Theory]
    [InlineData("a gang is left out")]
    [InlineData("a gang is cut")]
    [InlineData("an island is left out")]
    public void A_job_that_would_start_in_part_is_found(string bug)
    {
        var (state, scheduler) = Fleet();
        var plan = scheduler.Decide(Job(1, gangs: 2), Now);
        PlanAudit.Check(state, plan, Now).ShouldBeEmpty();
        var planted = plan with
        {
            Islands = bug switch
            {
                "a gang is left out" => plan.Islands.RemoveAt(3),
                "a gang is cut" => plan.Islands.SetItem(3, plan.Islands[3] with { Slice = 2 }),
                _ => plan.Islands.RemoveAt(0),
            },
        };
        PlanAudit.Check(state, planted, Now).ShouldContain(line => line.StartsWith("whole", StringComparison.Ordinal));
        state.Apply(planted, Now);
        FleetAudit.Check(_fleet, state).ShouldContain(line => line.StartsWith("islands", StringComparison.Ordinal));
    }

    private static readonly FleetSpecification _fleet = World.FleetOf(
        "name: f\nsites:\n" + string.Concat(new[] { "a", "b" }.Select(site => $"  - name: {site}\n    floors: [{{rows: [{{racks: {{hardware: gb200-nvl72}}}}, {{racks: {{hardware: hgx-h100, nodes: 1}}}}]}}]\n")));

    private static RoleRequest Rollout(int gangs) => new() { Name = "rollout", Count = gangs, Accelerators = 4, Hardware = ["hgx-h100"] };

    /// <summary>A learner of two islands, and gangs that generate what it trains on.</summary>
    private static GangRequest Job(long job, int gangs) => new()
    {
        Job = job, Queue = "team", AcceleratorsPerIsland = 64, Hardware = ["gb200-nvl72"], IslandsMin = 2, IslandsMax = 2, Roles = [Rollout(gangs)],
    };

    private static (FleetState State, Scheduler Scheduler) Fleet()
    {
        ImmutableArray<QueueSpecification> queues =
        [
            new() { Name = "team" }, new() { Name = "owner", Quotas = [new QuotaSpecification("gb200-nvl72", 128), new QuotaSpecification("hgx-h100", 12)] },
            new() { Name = "third", Quotas = [new QuotaSpecification("hgx-h100", 4)] },
        ];
        var tree = QueueTree.Create(queues, _fleet);
        tree.Problems.ShouldBeEmpty();
        var state = new FleetState(_fleet, tree.Value!);
        return (state, new Scheduler(state));
    }
}
