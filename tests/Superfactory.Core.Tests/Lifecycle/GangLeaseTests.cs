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
        var factory = Over();

        var json = FactorySnapshot.Of(factory.State).ToJson();
        FactorySnapshot.Of(FactorySnapshot.FromJson(json).Restore()).ToJson().ShouldBe(json);
        FactorySnapshot.Of(factory.Journal.Select(static record => JournalRecord.FromJson(record.ToJson())).Aggregate(FactoryState.Empty, Factory.Apply)).ToJson().ShouldBe(json);
    }

    /// <summary>A factory in which the lease of a lost site's gangs is over.</summary>
    internal static TestFactory Over()
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
