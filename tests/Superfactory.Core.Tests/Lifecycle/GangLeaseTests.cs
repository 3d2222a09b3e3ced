using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What is away stays charged until its gangs' lease is over, where its site gives them one.</summary>
public sealed class GangLeaseTests
{
    [Fact]
    public void Gang_of_a_lost_site_stays_charged_until_its_lease_is_over_and_is_free_then_with_the_reason()
    {
        var factory = Stray(leaseSeconds: 120);
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(1);
        factory.After(3_600_000).Tick();
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(1, "it is the host that measures the lease");

        factory.Do(Over("atlanta")).OfType<GangLeaseEnded>().ShouldHaveSingleItem().Reason.ShouldBe("The agent of site atlanta has not been heard for longer than the 2 min that its gangs go on without it.");
        factory.State.AcceleratorsHeld("atlanta").ShouldBe(0);
        factory.Job(1).Strays.ShouldBeEmpty();
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
        factory.Do(Over("atlanta")).ShouldBeEmpty("it is told once");
    }

    [Fact]
    public void Site_without_a_lease_or_one_that_is_heard_keeps_what_its_gangs_hold()
    {
        Stray(leaseSeconds: 0).Do(Over("atlanta")).ShouldBeEmpty();

        var heard = Joined(leaseSeconds: 60).Submit("atlanta").Run(1, "atlanta");
        heard.Do(Over("atlanta")).ShouldBeEmpty();
        heard.StateOf(1).ShouldBe(JobState.Running);
    }

    [Fact]
    public void Job_whose_only_island_ended_with_its_lease_starts_again_when_the_site_is_back_and_its_old_gang_is_told_to_stop()
    {
        var factory = Joined(leaseSeconds: 60).Submit("atlanta").Run(1, "atlanta").Lose("atlanta");
        factory.Do(Over("atlanta"));
        factory.Job(1).Islands.ShouldAllBe(static island => island.Standing == IslandStanding.Gone);

        factory.Do(new ReportGangs("atlanta", "s1", [TestFactory.Gang(1, GangState.Stopped)]));
        var gang = InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem();
        gang.Incarnation.ShouldBe(2);
        factory.State.Sites["atlanta"].GangLeaseEnded.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Site_that_is_back_after_its_gangs_lease_is_given_nothing_before_its_agent_says_that_none_of_them_runs(bool helloFirst)
    {
        var factory = Joined(leaseSeconds: 60).Submit("atlanta").Run(1, "atlanta").Submit("atlanta").Lose("atlanta");
        factory.Do(Over("atlanta"));
        factory.Do(new CancelJob(1));
        if (helloFirst)
        {
            factory.Do(new JoinSite("atlanta", TestFactory.Hello("s1") with { GangLeaseSeconds = 60, ProcessId = 78 }));
            InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty("its agent has not said yet what runs there");
        }

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Running));
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty("the slot is taken by a gang that did not end");
        factory.ReasonOf(2).ShouldBe("Waits for site atlanta: its agent has not said yet that the gangs have ended whose lease is over.");

        factory.Report("atlanta", TestFactory.Gang(1, GangState.Stopped));
        factory.Journal.OfType<SiteCleared>().ShouldHaveSingleItem().Session.ShouldBe("s1");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Job.ShouldBe(2);
        factory.Report("atlanta").Journal.OfType<SiteCleared>().ShouldHaveSingleItem("it is told once");
    }

    [Fact]
    public void Job_whose_islands_sites_are_connected_and_give_no_gangs_says_why_and_not_that_slots_are_taken()
    {
        var clearing = Joined(leaseSeconds: 60).Submit("atlanta").Run(1, "atlanta").Lose("atlanta");
        clearing.Do(Over("atlanta"));
        clearing.Report("atlanta", TestFactory.Gang(1, GangState.Running));
        clearing.ReasonOf(1).ShouldStartWith("Waits for site atlanta: its agent has not said yet that the gangs have ended whose lease is over.");

        var failed = Joined(leaseSeconds: 60).Submit("atlanta").Run(1, "atlanta").Lose("atlanta");
        failed.Do(Over("atlanta"));
        failed.Do(new TakeOut("atlanta", OutageState.Failed, null, "smoke"));
        failed.Do(new JoinSite("atlanta", TestFactory.Hello("s2") with { GangLeaseSeconds = 60 }));
        failed.Report("atlanta");
        failed.ReasonOf(1).ShouldStartWith("Waits for site atlanta: it is said to have failed, smoke.");
    }

    [Fact]
    public void Site_that_is_lost_again_before_it_is_clear_and_then_started_anew_is_clear()
    {
        var factory = Over().Report("atlanta", TestFactory.Gang(1, GangState.Running)).Lose("atlanta");
        factory.State.Sites["atlanta"].ClearingAwaited.ShouldBeTrue();
        factory.Do(Over("atlanta")).OfType<GangLeaseEnded>().ShouldHaveSingleItem();

        factory.Join("atlanta", "s2");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Job.ShouldBe(1, "whatever an earlier process ran is dead");
    }

    [Fact]
    public void Journal_of_a_version_that_waited_for_no_clearing_is_read_as_it_was_meant()
    {
        var old = Over().Journal.Select(static record => record is GangLeaseEnded ended ? ended with { ClearingAwaited = false } : record).Aggregate(FactoryState.Empty, Factory.Apply);

        Factory.Accept(old, new ReportGangs("atlanta", "s1", []), 9_000_000).Records.OfType<JobStarted>().ShouldHaveSingleItem().Sites.ShouldBe(["atlanta"]);
    }

    [Fact]
    public void Job_whose_gang_ends_by_its_lease_again_and_again_goes_on_and_says_why_each_time()
    {
        var factory = Joined(leaseSeconds: 60).Submit("atlanta").Run(1, "atlanta");
        for (var incarnation = 1; incarnation <= FactoryLimits.IslandRestartsMax + 2; incarnation++)
        {
            factory.Report("atlanta", TestFactory.Gang(1, GangState.Stopped, incarnation, "Its lease was over.") with { LeaseEnded = true });
            factory.Job(1).Islands.ShouldHaveSingleItem().Incarnation.ShouldBe(incarnation + 1);
            factory.Journal.OfType<IslandRestarted>().Last().Reason.ShouldContain("its lease was over.");
        }

        factory.Job(1).End.ShouldBeNull();
        factory.State.Faults.ShouldBeEmpty();
    }

    [Fact]
    public void Rate_between_lost_gangs_is_somebody_elses_when_one_of_their_leases_is_over_and_not_before()
    {
        var factory = new TestFactory();
        foreach (var site in (ReadOnlySpan<string>)["atlanta", "texas"])
        {
            factory.Do(new JoinSite(site, TestFactory.Hello("s1") with { EmulatedWan = "100mbit,14ms", GangLeaseSeconds = 60 }));
        }

        factory.Do(new SubmitJob(TestFactory.Specification("atlanta", "texas") with { ReplaceWithin = 60, Wan = new WanSpecification { Rate = new Bandwidth(80_000_000) } }));
        factory.Run(1, "atlanta", "texas").Lose("atlanta", "texas").After(60_000).Tick();
        FleetRates.All(factory.State).Count().ShouldBe(2);

        factory.Do(Over("atlanta"));
        FleetRates.All(factory.State).ShouldBeEmpty("nobody is left whom the other could send to");
        factory.Job(1).Strays.ShouldHaveSingleItem().Site.ShouldBe("texas", "its lease is another");
    }

    [Theory]
    [InlineData(600, 60, 600)]
    [InlineData(60, 600, 600)]
    [InlineData(0, 60, 0)]
    [InlineData(60, 0, 0)]
    public void Agent_that_takes_over_gangs_of_another_lease_keeps_the_longer_one_until_it_has_none_of_them(int before, int after, int kept)
    {
        var factory = Joined(before);
        factory.Do(new JoinSite("atlanta", TestFactory.Hello("s1") with { GangLeaseSeconds = after, ProcessId = 78 }));
        factory.State.Sites["atlanta"].GangLeaseSeconds.ShouldBe(kept);
        factory.Do(new JoinSite("atlanta", TestFactory.Hello("s1") with { GangLeaseSeconds = after, ProcessId = 78 })).ShouldBeEmpty();

        factory.Lose("atlanta").Do(new JoinSite("atlanta", TestFactory.Hello("s2") with { GangLeaseSeconds = after }));
        factory.State.Sites["atlanta"].GangLeaseSeconds.ShouldBe(after);
    }

    [Fact]
    public void Lease_that_is_out_of_range_is_refused()
    {
        new TestFactory().Try(new JoinSite("atlanta", TestFactory.Hello("s1") with { GangLeaseSeconds = -1 })).Refusal!.Problems[0].Field.ShouldBe("gang_lease_seconds");
        new TestFactory().Try(new JoinSite("atlanta", TestFactory.Hello("s1") with { GangLeaseSeconds = 86_401 })).Refusal.ShouldNotBeNull();
    }

    [Fact]
    public void State_is_the_same_after_a_snapshot_and_from_the_journal()
    {
        var factory = Over().Report("atlanta", TestFactory.Gang(1, GangState.Running));

        var json = FactorySnapshot.Of(factory.State).ToJson();
        FactorySnapshot.Of(FactorySnapshot.FromJson(json).Restore()).ToJson().ShouldBe(json);
        FactorySnapshot.Of(factory.Journal.Select(static record => JournalRecord.FromJson(record.ToJson())).Aggregate(FactoryState.Empty, Factory.Apply)).ToJson().ShouldBe(json);
    }

    /// <summary>A factory in which the lease of a lost site's gangs was over, and whose agent then said that none of them runs.</summary>
    internal static TestFactory Cleared() => Over().Report("atlanta");

    private static TestFactory Over()
    {
        var factory = Stray(leaseSeconds: 60);
        factory.Do(Over("atlanta"));
        return factory;
    }

    private static Tick Over(string site) => new(ImmutableSortedDictionary<string, long>.Empty) { LeasesOver = [site] };

    private static TestFactory Joined(int leaseSeconds)
    {
        var factory = new TestFactory();
        factory.Do(new JoinSite("atlanta", TestFactory.Hello("s1") with { GangLeaseSeconds = leaseSeconds }));
        return factory;
    }

    /// <summary>A job that was placed anew while its old island cannot say that it has stopped.</summary>
    private static TestFactory Stray(int leaseSeconds)
    {
        var factory = Joined(leaseSeconds).Join("texas");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { ReplaceWithin = 60 }));
        factory.Run(1, "atlanta").Lose("atlanta").After(60_000).Tick();
        factory.Job(1).Strays.ShouldHaveSingleItem();
        return factory;
    }
}
