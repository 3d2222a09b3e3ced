using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

public sealed class SiteLifecycleTests
{
    [Fact]
    public void Site_is_lost_after_a_whole_lease_and_not_before()
    {
        var factory = Running();
        var heard = factory.Now;
        var tick = new Tick(ImmutableSortedDictionary<string, long>.Empty.Add("atlanta", heard));

        factory.After(FactoryLimits.LeaseMilliseconds - 1).Do(tick).ShouldBeEmpty();
        factory.After(1).Do(tick).ShouldHaveSingleItem().ShouldBeOfType<SiteLost>().HeardAt.ShouldBe(heard);
        factory.After(1).Do(tick).ShouldBeEmpty();
    }

    [Fact]
    public void Job_of_a_lost_site_waits_and_says_how_long_ago_it_was_heard()
    {
        var factory = Running().Lose("atlanta").After(1_000);

        factory.StateOf(1).ShouldBe(JobState.Waiting);
        factory.ReasonOf(1).ShouldBe("Waits for site atlanta: its agent was last heard 6 s ago.");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem("it may still be running there");
    }

    [Fact]
    public void Site_that_returns_in_its_session_goes_on_with_its_gang()
    {
        var factory = Running().Lose("atlanta");

        var records = factory.Do(new ReportGangs("atlanta", "s1", [TestFactory.Gang(1, GangState.Running)]));

        records.ShouldHaveSingleItem().ShouldBeOfType<SiteReturned>();
        factory.StateOf(1).ShouldBe(JobState.Running);
        factory.Job(1).Epoch!.Number.ShouldBe(1);
    }

    [Fact]
    public void Site_that_returns_anew_gets_a_new_incarnation_and_the_others_only_a_new_epoch()
    {
        var factory = Running().Lose("atlanta");
        var before = InstructionsReader.Read(factory.State, "wisconsin");

        var records = factory.Do(new JoinSite("atlanta", TestFactory.Hello("s2")));

        records.Select(record => record.GetType().Name).ShouldBe(["SiteJoined", "SealOrdered", "IslandRestarted"]);
        factory.Promise(1, "wisconsin", 7);
        var wisconsin = InstructionsReader.Read(factory.State, "wisconsin");
        wisconsin.Revision.ShouldBeGreaterThan(before.Revision);
        wisconsin.Gangs[0].Incarnation.ShouldBe(1);
        wisconsin.Gangs[0].Epoch.Members.ShouldBe([new RunMember("wisconsin", 1)]);
        wisconsin.Gangs[0].Epoch.Learners.ShouldBe([new RunMember("atlanta", 2)]);
        wisconsin.Gangs[0].Epoch.Start.ShouldBe(7);
        InstructionsReader.Read(factory.State, "atlanta").Gangs[0].Incarnation.ShouldBe(2);
        factory.ReasonOf(1).ShouldBe("Trains at wisconsin. Island atlanta is about to become a member again. "
            + "Island atlanta is lost: the agent of site atlanta was started anew.");
        factory.Level(1, "atlanta").Promise(1, "wisconsin", 9);
        factory.Job(1).Epoch!.Members.ShouldBe([new RunMember("wisconsin", 1), new RunMember("atlanta", 2)]);
        factory.ReasonOf(1).ShouldBe("Trains at wisconsin and atlanta. Island atlanta is level with the others.");
    }

    [Fact]
    public void Run_whose_every_island_lost_its_memory_starts_from_its_beginning_and_says_so()
    {
        var factory = Running().Lose("atlanta", "wisconsin");
        factory.Join("wisconsin", "s2");
        factory.Job(1).Beginnings.ShouldBe(1, "atlanta may still hold the state");

        var records = factory.Do(new JoinSite("atlanta", TestFactory.Hello("s2")));

        records.Select(record => record.GetType().Name).ShouldBe(["SiteJoined", "RunRestarted", "IslandRestarted", "EpochDecided"]);
        factory.Job(1).Beginnings.ShouldBe(2);
        factory.Job(1).Epoch!.Members.ShouldBe([new RunMember("wisconsin", 2), new RunMember("atlanta", 2)]);
        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.ReasonOf(1).ShouldContain("No island holds the state of the run any more, so it starts from its beginning.");
    }

    [Fact]
    public void Island_that_took_the_state_over_can_give_it_back()
    {
        var factory = Running().Lose("atlanta").Join("atlanta", "s2").Run(1, "atlanta").Promise(1, "wisconsin", 3).Level(1, "atlanta").Promise(1, "wisconsin", 3);

        var records = factory.Lose("wisconsin").Do(new JoinSite("wisconsin", TestFactory.Hello("s2")));

        records.OfType<RunRestarted>().ShouldBeEmpty();
        factory.Job(1).Islands.Select(island => island.Incarnation).ShouldBe([2, 2]);
    }

    [Fact]
    public void Island_lost_after_another_finished_leaves_the_job_completed()
    {
        var factory = Running();
        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Finished));

        factory.Lose("atlanta").Join("atlanta", "s2");

        factory.StateOf(1).ShouldBe(JobState.Completed);
        factory.ReasonOf(1).ShouldBe("Everything planned is merged. Atlanta was lost before the end, so its own result is not known.");
    }

    [Fact]
    public void Site_that_left_is_waited_for_and_is_no_peer()
    {
        var factory = Running();

        factory.Do(new LeaveSite("atlanta", "s1"));

        factory.After(3 * 60_000).ReasonOf(1).ShouldBe("Waits for site atlanta: its agent left 3 min ago.");
        InstructionsReader.Read(factory.State, "wisconsin").Peers.ShouldBeEmpty();
        factory.Try(new ReportGangs("atlanta", "s1", [])).Refusal!.Kind.ShouldBe(RefusalKind.SessionUnknown);
        factory.Join("atlanta", "s2").Job(1).Islands[1].Incarnation.ShouldBe(2);
    }

    [Fact]
    public void Second_live_agent_of_a_name_is_refused_and_the_first_is_not_harmed()
    {
        var factory = Running();

        var refusal = factory.Try(new JoinSite("atlanta", TestFactory.Hello("s2"))).Refusal!;

        refusal.Kind.ShouldBe(RefusalKind.Conflict);
        refusal.Problems[0].Message.ShouldBe("Another agent named 'atlanta' is connected: process 77 on host machine.");
        factory.StateOf(1).ShouldBe(JobState.Running);
    }

    [Fact]
    public void Hello_of_the_same_process_with_another_gateway_keeps_its_gang()
    {
        var factory = Running().Join("atlanta", gateway: "127.0.0.1:9777");

        factory.StateOf(1).ShouldBe(JobState.Running);
        InstructionsReader.Read(factory.State, "wisconsin").Peers.ShouldBe([new PeerGateway("atlanta", "127.0.0.1:9777")]);
    }

    [Fact]
    public void Gang_at_a_site_that_is_lost_while_it_stops_is_freed_when_the_agent_comes_anew()
    {
        var factory = Running();
        factory.Do(new CancelJob(1));
        factory.Lose("atlanta");
        factory.State.StoppingJobs.ShouldBe([1L]);

        factory.Report("wisconsin").Join("atlanta", "s2");

        factory.State.StoppingJobs.ShouldBeEmpty();
    }

    private static TestFactory Running()
        => new TestFactory().Join("wisconsin").Join("atlanta").Submit("wisconsin", "atlanta").Run(1, "wisconsin", "atlanta");
}
