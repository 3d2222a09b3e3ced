using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What is drained, fails, is quarantined and returns, and what becomes of those who run there.</summary>
public sealed class OutageTests
{
    private const int Notice = FactoryLimits.DrainNoticeMilliseconds;

    [Fact]
    public void Site_that_is_drained_keeps_its_job_until_shortly_before_then_the_job_saves_moves_and_the_site_is_drained()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").SubmitAnywhere(1).Run(1, "atlanta");
        factory.Do(new TakeOut("atlanta", OutageState.Draining, factory.Now + Notice + 60_000, "new switches"));

        var move = OutageReader.Read(factory.State).ShouldHaveSingleItem().Moves.ShouldHaveSingleItem();
        (move.Job, move.Kind, move.AtUnixMilliseconds).ShouldBe((1, OutageMoveKind.Moves, factory.Now + 60_000));
        factory.After(59_999).Tick().Job(1).HoldRequested.ShouldBeFalse();
        factory.After(1).Tick();
        factory.ReasonOf(1).ShouldBe("Moves: waits for atlanta to save. Atlanta is being drained: new switches.");
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 20, "atlanta", held: true) with { Islands = ["atlanta"] });
        factory.ReasonOf(1).ShouldBe("It moves, has saved, and is being stopped. Atlanta is being drained: new switches.");
        factory.State.Outages["atlanta"].State.ShouldBe(OutageState.Draining, "its gang may still run");
        factory.Report("atlanta");

        factory.State.Outages["atlanta"].State.ShouldBe(OutageState.Drained);
        factory.Arrive().Lie("texas", TestFactory.Checkpoint(1, 20, "atlanta", held: true) with { Islands = ["atlanta"] });
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
    }

    [Fact]
    public void Site_that_is_out_of_service_is_given_nothing_and_jobs_that_name_it_say_why()
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new TakeOut("atlanta", OutageState.Draining, null, "new switches"));
        factory.State.Outages["atlanta"].State.ShouldBe(OutageState.Drained, "nothing ran there");
        factory.Submit("atlanta");

        factory.StateOf(1).ShouldBe(JobState.Queued);
        factory.ReasonOf(1).ShouldBe("Waits for site atlanta: it is drained, new switches.");
        factory.Do(new ReturnTarget("atlanta"));
        factory.StateOf(1).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_can_go_on_without_the_island_at_a_drained_site_does()
    {
        var factory = Elastic();
        factory.Do(new TakeOut("atlanta", OutageState.Draining));

        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.Job(1).FindIsland("atlanta")!.Standing.ShouldBe(IslandStanding.Stopping);
        factory.Job(1).Epoch!.Sealed.ShouldBeTrue();
        factory.Promise(1, "wisconsin", 7).Report("atlanta");
        factory.ReasonOf(1).ShouldStartWith("Trains at wisconsin. Island atlanta waits for room: atlanta is being drained: somebody drains it.");
        factory.State.Outages["atlanta"].State.ShouldBe(OutageState.Drained);
        factory.Job(1).FindIsland("atlanta")!.Standing.ShouldBe(IslandStanding.Gone);
        factory.Do(new ReturnTarget("atlanta"));
        factory.Job(1).FindIsland("atlanta")!.Standing.ShouldBe(IslandStanding.Wanted);
    }

    [Fact]
    public void Job_at_a_site_that_failed_is_stopped_there_stays_charged_and_goes_on_elsewhere_from_its_checkpoint()
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").SubmitAnywhere(1).Run(1, "atlanta");
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 9, "atlanta") with { Islands = ["atlanta"] }).Arrive();
        factory.Do(new TakeOut("atlanta", OutageState.Failed, null, "smoke"));

        factory.Job(1).HoldRequested.ShouldBeFalse("there is nobody left who could save");
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1], "it may still run");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
        factory.Report("atlanta");
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
        factory.Job(1).Resume.ShouldNotBeNull().Checkpoint.ShouldBe(1);
    }

    [Fact]
    public void Site_where_gangs_of_several_jobs_fail_is_quarantined_and_one_job_alone_is_no_proof()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Submit("atlanta").Submit("atlanta");
        Fail(factory, 1, 1);
        Fail(factory, 1, 2);
        Fail(factory, 1, 3);
        factory.State.Outages.ShouldBeEmpty("they may all be the job's own faults");
        Fail(factory, 2, 1);

        var outage = factory.State.Outages["atlanta"];
        (outage.State, outage.Reason).ShouldBe((OutageState.Quarantined, "4 faults within 60 min, of jobs 1 and 2."));
        factory.Job(1).Islands.Concat(factory.Job(2).Islands).ShouldNotContain(island => island.Standing == IslandStanding.Wanted && !factory.Job(1).HoldRequested && !factory.Job(2).HoldRequested);
        factory.Do(new ReturnTarget("atlanta"));
        factory.State.Outages.ShouldBeEmpty("who lets it in again begins to count anew");
    }

    [Fact]
    public void Site_that_is_said_to_have_failed_three_times_within_an_hour_is_quarantined_when_it_returns()
    {
        var factory = new TestFactory().Join("atlanta");
        for (var fault = 0; fault < FactoryLimits.FaultsMax; fault++)
        {
            factory.State.Outages.ShouldBeEmpty();
            factory.Do(new TakeOut("atlanta", OutageState.Failed));
            factory.Do(new ReturnTarget("atlanta"));
        }

        factory.State.Outages["atlanta"].Reason.ShouldBe("3 faults within 60 min.");
    }

    [Fact]
    public void Faults_of_more_than_an_hour_ago_do_not_count()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Submit("atlanta").Submit("atlanta");
        Fail(factory, 1, 1);
        Fail(factory, 1, 2);
        factory.After(FactoryLimits.FaultWindowMilliseconds);
        Fail(factory, 2, 1);

        factory.State.Outages.ShouldBeEmpty();
    }

    [Fact]
    public void What_cannot_be_is_refused_with_what_was_expected()
    {
        var factory = new TestFactory().Join("atlanta");

        Problem(new TakeOut("atlenta", OutageState.Failed)).ShouldBe("There is no site 'atlenta'; expected one of atlanta.");
        Problem(new TakeOut("atlanta", OutageState.Drained)).ShouldStartWith("Expected draining, failed or quarantined");
        Problem(new TakeOut("atlanta", OutageState.Failed, 2_000_000)).ShouldStartWith("Only what is drained takes a time");
        Problem(new TakeOut("atlanta", OutageState.Draining, -1)).ShouldBe("Expected a time from 1970 to 9999.");
        Problem(new TakeOut("atlanta", OutageState.Draining, long.MaxValue)).ShouldBe("Expected a time from 1970 to 9999.");
        Problem(new TakeOut("atlanta", OutageState.Draining, factory.Now - 3_000)).ShouldBe("The time by which it is to be drained has passed, 3 s ago.");
        Problem(new ReturnTarget("atlanta")).ShouldBe("'atlanta' is not out of service; nothing is.");
        factory.Do(new TakeOut("atlanta", OutageState.Quarantined, null, "odd noises"));
        Problem(new TakeOut("atlanta", OutageState.Draining)).ShouldBe("Atlanta is quarantined already: odd noises.");
        factory.Do(new TakeOut("atlanta", OutageState.Failed));

        string Problem(FactoryCommand command) => factory.Try(command).Refusal.ShouldNotBeNull().Problems[0].Message;
    }

    [Fact]
    public void Job_that_gives_way_is_held_afterwards_where_somebody_asks_for_that_meanwhile()
    {
        var factory = FleetLifecycleTests.GivingWay();
        factory.Do(new HoldJob(1));
        factory.Try(new HoldJob(1)).Refusal!.Kind.ShouldBe(RefusalKind.Conflict);
        foreach (var site in new[] { "atlanta", "wisconsin" })
        {
            factory.Lie(site, TestFactory.Checkpoint(1, 20, site, held: true));
        }

        factory.Report("atlanta").Report("wisconsin").Report("atlanta", TestFactory.Gang(2, GangState.Finished));
        factory.StateOf(1).ShouldBe(JobState.Held);
        factory.Do(new ReleaseJob(1));
        factory.StateOf(1).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_has_saved_to_give_way_and_is_held_before_its_gangs_have_stopped_does_not_start_again()
    {
        var factory = FleetLifecycleTests.GivingWay();
        foreach (var site in new[] { "atlanta", "wisconsin" })
        {
            factory.Lie(site, TestFactory.Checkpoint(1, 20, site, held: true));
        }

        factory.Do(new HoldJob(1));
        factory.Report("atlanta").Report("wisconsin").Report("atlanta", TestFactory.Gang(2, GangState.Finished));
        factory.StateOf(1).ShouldBe(JobState.Held);
    }

    /// <summary>A job at two sites that goes on with one.</summary>
    internal static TestFactory Elastic()
    {
        var factory = new TestFactory().Join("atlanta").Join("wisconsin");
        factory.Do(new SubmitJob(TestFactory.Specification("wisconsin", "atlanta") with { IslandsMin = 1 }));
        return factory.Run(1, "atlanta", "wisconsin");
    }

    private static void Fail(TestFactory factory, long job, int incarnation) => factory.Report("atlanta", [.. factory.State.JobsHoldingSlots("atlanta").Select(id =>
        id == job ? TestFactory.Gang(job, GangState.Failed, incarnation, "The bridge was lost.", retriable: true) : factory.Present(id, "atlanta"))]);
}
