using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Jobs with roles: the gangs start with the islands or not at all, go with them, and end with them.</summary>
public sealed class RoleTests
{
    [Fact]
    public void Islands_and_gangs_of_roles_start_in_one_decision_and_sites_are_told_which_gang_is_which()
    {
        var factory = Two(slots: 4);
        var records = factory.Do(new SubmitJob(Job(rollouts: 2)));

        records.OfType<JobStarted>().Select(record => (record.Job, string.Join(',', record.Sites))).ShouldBe([(1, "atlanta,wisconsin"), (2, "atlanta"), (3, "atlanta")]);
        factory.State.LastJob.ShouldBe(3);
        var gangs = InstructionsReader.Read(factory.State, "atlanta").Gangs;
        gangs.Select(gang => gang.Role).ShouldBe([null, new RolePlace(1, "rollout", 0, 2), new RolePlace(1, "rollout", 1, 2)]);
        gangs[1].Specification.Command.ShouldBe(["rollout"]);
        FleetCapacity.Held(factory.State, "atlanta", HardwareCatalogue.Cpu).ShouldBe(3);
    }

    [Fact]
    public void Nothing_starts_while_a_gang_has_no_place_and_the_role_is_named()
    {
        var factory = Two(slots: 2);
        factory.Do(new SubmitJob(Job(rollouts: 3)));

        factory.Job(1).Islands.ShouldBeEmpty();
        factory.ReasonOf(1).ShouldBe("Role rollout needs 1 more free cpu in atlanta.");
        factory.ReasonOf(2).ShouldBe("Starts together with job 1, which it is gang 0 of role rollout of.");
        var why = WhyReader.Read(factory.State, 1, factory.Now)!;
        why.Needs.Select(static need => (need.Lacks, need.Missing, need.At, need.Role)).ShouldBe([(WhyKind.Accelerators, 1, "atlanta", "rollout")]);

        // One that came later takes nothing of what it waits for.
        factory.Submit("atlanta");
        factory.StateOf(5).ShouldBe(JobState.Queued);
        factory.Join("chicago", slots: 1);
        factory.Journal.OfType<JobStarted>().Select(record => record.Job).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public void A_plan_says_where_gangs_would_start_and_commits_nothing()
    {
        var factory = Two(slots: 4);
        var (plan, refusal) = PlanReader.Read(factory.State, new SubmitJob(Job(rollouts: 2)), factory.Now);

        refusal.ShouldBeNull();
        (plan!.Outcome, plan.Accelerators).ShouldBe((PlanOutcome.Starts, 4));
        plan.Gangs.ShouldBe([new PlanGang("rollout", 0, "atlanta"), new PlanGang("rollout", 1, "atlanta")]);
        factory.State.Jobs.ShouldBeEmpty();
    }

    [Fact]
    public void When_the_job_ends_its_gangs_end_as_it_did()
    {
        var factory = Running(rollouts: 2);
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished), TestFactory.Gang(2, GangState.Running), TestFactory.Gang(3, GangState.Running));
        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Finished));

        factory.State.Jobs.Values.Select(job => job.End?.State).ShouldBe([JobState.Completed, JobState.Completed, JobState.Completed]);
        factory.ReasonOf(2).ShouldBe("Job 1, which it is gang 0 of role rollout of, completed.");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
    }

    [Fact]
    public void A_gang_that_has_done_its_part_leaves_the_job_running_and_one_that_fails_fails_it()
    {
        var factory = Running(rollouts: 2);
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Running), TestFactory.Gang(2, GangState.Finished), TestFactory.Gang(3, GangState.Running));
        (factory.StateOf(1), factory.StateOf(2)).ShouldBe((JobState.Running, JobState.Completed));

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Running), TestFactory.Gang(3, GangState.Failed) with { Reason = "It went wrong." });
        (factory.StateOf(1), factory.StateOf(3)).ShouldBe((JobState.Failed, JobState.Failed));
        factory.ReasonOf(1).ShouldBe("Gang 1 of role rollout failed: It went wrong.");
    }

    [Fact]
    public void A_gang_that_can_be_started_again_is_while_the_job_goes_on()
    {
        var factory = Running(rollouts: 1);
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Running), TestFactory.Gang(2, GangState.Failed) with { Retriable = true, Reason = "Its site went down." });

        factory.Job(2).Islands.Single().Incarnation.ShouldBe(2);
        (factory.StateOf(1), factory.Job(2).Islands.Single().Standing).ShouldBe((JobState.Running, IslandStanding.Wanted));
    }

    [Fact]
    public void The_whole_job_gives_way_and_comes_back_as_a_whole()
    {
        var factory = Running(rollouts: 2);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Priority = 5, Accelerators = 3 }));

        // One that outranks it needs the slots of one site: islands and gangs go together.
        (factory.Job(1).GaveWayTo, factory.Job(2).HoldRequested).ShouldBe((4, false));
        factory.StateOf(4).ShouldBe(JobState.Queued);
        Saved(factory);
        factory.Job(2).GaveWayTo.ShouldBe(FactoryJob.Nobody);
        factory.Report("wisconsin").Report("atlanta");
        factory.State.OpenJobs.Where(id => factory.Job(id).Islands.IsEmpty).ShouldBe([1, 2, 3]);
        factory.StateOf(4).ShouldBe(JobState.Starting);
        factory.Run(4, "atlanta").Report("atlanta", TestFactory.Gang(4, GangState.Finished));
        factory.Arrive();

        factory.State.Jobs.Values.Where(job => job.Id < 4).Select(job => job.Islands.Length).ShouldBe([2, 1, 1]);
        factory.Job(1).Islands[0].Incarnation.ShouldBe(2);
    }

    [Fact]
    public void A_job_with_roles_starts_when_those_have_left_that_it_takes_the_place_of()
    {
        var factory = Two(slots: 2).Submit("atlanta").Run(1, "atlanta").Submit("wisconsin").Run(2, "wisconsin");
        factory.Do(new SubmitJob(Job(rollouts: 2) with { Priority = 3 }));

        factory.Job(3).Planned.ShouldNotBeNull();
        (factory.Job(4).Planned?.Sites[0], factory.Job(5).Planned?.Sites[0]).ShouldBe(("atlanta", "wisconsin"));
        factory.Job(1).GaveWayTo.ShouldBe(3);
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Stopped));
        foreach (var (job, site) in new[] { (1, "atlanta"), (2, "wisconsin") })
        {
            factory.Lie(site, TestFactory.Checkpoint(job, 1, site, held: true)).Report(site);
        }

        factory.State.OpenJobs.Where(id => id > 2).Select(id => factory.Job(id).Islands.Length).ShouldBe([2, 1, 1]);
    }

    [Fact]
    public void A_gang_that_does_not_start_in_time_has_the_whole_job_placed_anew()
    {
        var factory = Two(slots: 4);
        factory.Do(new SubmitJob(Job(rollouts: 1) with { StartTimeout = 60 }));
        factory.Run(1, "atlanta", "wisconsin").After(60_000).Tick();

        (factory.Job(1).HoldRequested, factory.Job(1).GaveWayTo).ShouldBe((true, FactoryJob.Nobody));
        factory.Job(1).MovesBecause.ShouldBe("The gang of role rollout had not started within 60 s.");
    }

    [Fact]
    public void What_is_asked_of_a_gang_is_to_be_asked_of_its_job()
    {
        var factory = Running(rollouts: 2);
        foreach (var command in new FactoryCommand[] { new CancelJob(2), new HoldJob(2), new ReprioritizeJob(3, 4) })
        {
            factory.Try(command).Refusal!.Problems[0].ToString().ShouldContain("and goes with it. Ask it of job 1.");
        }

        factory.Do(new ReprioritizeJob(1, 7));
        factory.State.Jobs.Values.Select(job => job.Specification.Priority).ShouldBe([7, 7, 7]);
        factory.Do(new CancelJob(1));
        factory.State.Jobs.Values.Select(job => job.End?.State).ShouldBe([JobState.Cancelled, JobState.Cancelled, JobState.Cancelled]);
    }

    [Fact]
    public void A_job_that_is_held_stops_its_gangs_once_it_has_saved_and_goes_on_with_them()
    {
        var factory = Running(rollouts: 2);
        factory.Do(new HoldJob(1));
        factory.Job(2).HoldRequested.ShouldBeFalse();
        factory.Try(new ReleaseJob(1)).Refusal!.Problems[0].ToString().ShouldContain("still saving");
        Saved(factory);
        factory.Report("wisconsin").Report("atlanta");

        (factory.StateOf(1), factory.StateOf(2)).ShouldBe((JobState.Held, JobState.Queued));
        factory.Do(new ReleaseJob(1));
        factory.State.Jobs.Values.Select(job => job.Islands.Length).ShouldBe([2, 1, 1]);
    }

    [Fact]
    public void A_site_that_is_drained_moves_the_whole_job()
    {
        var factory = new TestFactory().Join("chicago").Join("wisconsin", gateway: "127.0.0.1:9002").Join("atlanta", slots: 4, gateway: "127.0.0.1:9003");
        factory.Do(new SubmitJob(Job(rollouts: 1) with { Sites = ["chicago", "wisconsin"] }));
        var at = factory.Job(2).Islands.Single().Site;
        at.ShouldBe("atlanta");
        factory.Run(1, "chicago", "wisconsin").Run(2, at);
        factory.Do(new TakeOut(at, OutageState.Draining, factory.Now, "Its cooling is mended."));

        factory.Job(1).GaveWayTo.ShouldBe(FactoryJob.Nobody);
        factory.Job(1).HoldRequested.ShouldBeTrue();
    }

    [Fact]
    public void A_snapshot_keeps_which_gang_is_which()
    {
        var factory = Running(rollouts: 2);
        var kept = FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore();

        kept.Jobs[3].Role.ShouldBe(new RolePlace(1, "rollout", 1, 2));
        kept.Jobs[1].Specification.RoleGangs.ShouldBe(2);
    }

    /// <summary>The islands have saved what they hold.</summary>
    private static void Saved(TestFactory factory)
    {
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 4, "atlanta", held: true));
        factory.Lie("wisconsin", TestFactory.Checkpoint(1, 4, "wisconsin", held: true));
    }

    private static TestFactory Two(int slots) => new TestFactory().Join("atlanta", slots: slots).Join("wisconsin", slots: slots, gateway: "127.0.0.1:9002");

    private static TestFactory Running(int rollouts)
    {
        var factory = Two(slots: rollouts + 1);
        factory.Do(new SubmitJob(Job(rollouts)));
        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Running));
        return factory.Report("atlanta", [.. Enumerable.Range(1, rollouts + 1).Select(job => TestFactory.Gang(job, GangState.Running))]);
    }

    private static JobSpecification Job(int rollouts) => TestFactory.Specification("atlanta", "wisconsin") with
    {
        Roles = ImmutableSortedDictionary<string, RoleSpecification>.Empty.Add("rollout", new RoleSpecification { Count = rollouts, Command = ["rollout"] }),
    };
}
