using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Rates between islands: reserved with the slots, on routes that are named, and kept within what links carry.</summary>
public sealed class WanRateTests
{
    private const string Triangle = "links: [{between: [atlanta, texas], bandwidth: 100mbit, rtt: 10ms}, {between: [atlanta, wisconsin], bandwidth: 50mbit, rtt: 10ms}, {between: [texas, wisconsin], bandwidth: 50mbit, rtt: 10ms}]";

    private static readonly string[] _sites = ["atlanta", "texas", "wisconsin"];

    [Fact]
    public void Job_starts_with_its_rate_each_way_on_the_shortest_route_that_has_room_or_says_what_it_lacks()
    {
        var factory = Applied(Triangle);
        Submit(factory, "80mbit", "atlanta", "texas");
        Submit(factory, "40mbit", "atlanta", "texas");
        Submit(factory, "20mbit", "atlanta", "texas");

        Routes(factory, 1).ShouldBe(["80mbit atlanta–texas", "80mbit texas–atlanta"]);
        Routes(factory, 2).ShouldBe(["40mbit atlanta–wisconsin–texas", "40mbit texas–wisconsin–atlanta"], "the direct link has 20 Mbit/s left");
        Routes(factory, 3).ShouldBe(["20mbit atlanta–texas", "20mbit texas–atlanta"]);
        Submit(factory, "20mbit", "atlanta", "texas");
        factory.ReasonOf(4).ShouldBe("It needs 20mbit from atlanta to texas on a route that has room.");
        var why = WhyReader.Read(factory.State, 4, factory.Now)!;
        why.Needs.Select(static need => (need.Lacks, need.Missing, need.At)).ShouldBe([(WhyKind.Rate, 2_500_000, "atlanta to texas"), (WhyKind.Rate, 2_500_000, "texas to atlanta")]);
        Audit(factory);
    }

    [Fact]
    public void Rate_is_free_again_when_the_gangs_have_stopped_and_not_before()
    {
        var factory = Applied(Triangle);
        Submit(factory, "80mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas");
        Submit(factory, "80mbit", "atlanta", "texas");
        factory.Do(new CancelJob(1));

        factory.StateOf(2).ShouldBe(JobState.Queued, "both ends may still send");
        factory.Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting, "nobody is left whom the other could send to");
        Audit(factory);
    }

    [Fact]
    public void Later_job_of_the_queue_does_not_take_the_rate_that_an_earlier_one_waits_for()
    {
        var factory = Applied(Triangle);
        Submit(factory, "90mbit", "atlanta", "texas");
        Submit(factory, "60mbit", "atlanta", "texas");
        Submit(factory, "10mbit", "texas", "wisconsin");
        factory.Submit("wisconsin");

        factory.State.Jobs.Keys.Select(factory.StateOf).ShouldBe([JobState.Starting, JobState.Queued, JobState.Queued, JobState.Starting]);
        factory.ReasonOf(3).ShouldBe("It waits behind 1 of its queue, the first of them job 2.", "there are slots: what lacks is job 2's rate");
        WhyReader.Read(factory.State, 3, factory.Now)!.Needs.Select(static need => (need.Lacks, need.Missing)).ShouldBe([(WhyKind.Jobs, 1)]);
        factory.Do(new CancelJob(2));
        factory.StateOf(3).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Rate_that_no_route_can_ever_carry_is_refused_with_the_most_that_would_fit()
    {
        var factory = Applied(Triangle);

        // Beside the 100 Mbit/s of the direct link there is the way over Wisconsin, but a rate goes one way.
        Refused(factory, "101mbit", "atlanta", "texas").ToString().ShouldBe("job.yaml: wan.rate: No route from atlanta to texas can ever carry 101mbit beside the job's other rates; 100mbit would fit.");
        Refused(factory, "51mbit", "atlanta", "texas", "wisconsin").Message.ShouldEndWith("50mbit would fit.");
        Refused(new TestFactory().Join("atlanta").Join("texas"), "1mbit", "atlanta", "texas").ToString()
            .ShouldBe("job.yaml: wan.rate: No link that is known joins atlanta and texas, so that no rate can be reserved. Apply a fleet file with links: 'superfactory fleet apply'.");
        factory.State.Jobs.ShouldBeEmpty();
    }

    [Fact]
    public void Job_that_goes_on_with_fewer_islands_starts_with_those_that_have_rates()
    {
        var factory = Applied("links: [{between: [atlanta, texas], bandwidth: 100mbit, rtt: 10ms}]");
        factory.Do(new SubmitJob(Job("60mbit") with { SiteCount = 3, IslandsMin = 2 }));

        factory.Job(1).Islands.Where(static island => island.Withheld is null).Select(static island => island.Site).ShouldBe(["atlanta", "texas"]);
        Routes(factory, 1).ShouldBe(["60mbit atlanta–texas", "60mbit texas–atlanta"]);
        factory.Run(1, "atlanta", "texas").Do(new ApplyFleet(Text(Triangle), null));
        factory.Job(1).Islands.ShouldAllBe(static island => island.Withheld != null || island.Site != "wisconsin");
        factory.Do(new ApplyFleet(Text(Triangle.Replace("50mbit", "60mbit", StringComparison.Ordinal)), null));
        factory.Job(1).FindIsland("wisconsin")!.Standing.ShouldBe(IslandStanding.Wanted);
        Routes(factory, 1).ShouldContain("60mbit wisconsin–atlanta");
        factory.Job(1).Rates.Length.ShouldBe(6);
        Audit(factory);
    }

    [Fact]
    public void Link_that_is_cut_has_its_rates_routed_anew_and_they_stay_there_when_it_is_back()
    {
        var factory = Cut();

        Routes(factory, 1).ShouldBe(["40mbit atlanta–wisconsin–texas", "40mbit texas–wisconsin–atlanta"]);
        factory.Journal.OfType<RatesRouted>().ShouldHaveSingleItem().Reason.ShouldBe("The link between atlanta and texas is cut: a digger. It goes atlanta–wisconsin–texas now.");
        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.Do(new ChangeLink("atlanta", "texas", null));
        factory.State.Links.ShouldBeEmpty();
        Routes(factory, 1)[0].ShouldBe("40mbit atlanta–wisconsin–texas");
        Audit(factory);
    }

    [Fact]
    public void Job_without_another_route_saves_stops_and_waits_until_there_is_one()
    {
        var factory = Applied("links: [{between: [atlanta, texas], bandwidth: 100mbit, rtt: 10ms}]");
        Submit(factory, "40mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas").Do(new ChangeLink("atlanta", "texas", 30_000_000));

        factory.ReasonOf(1).ShouldBe("Moves: waits for atlanta and texas to save. The link between atlanta and texas carries 30mbit: somebody said that it carries 30mbit. No other route has room for 40mbit from atlanta to texas.");
        Audit(factory);
        Save(factory, "atlanta", "texas");
        factory.StateOf(1).ShouldBe(JobState.Queued);
        factory.ReasonOf(1).ShouldEndWith("It needs 40mbit from atlanta to texas on a route that has room.");
        factory.Do(new ChangeLink("atlanta", "texas", 40_000_000));
        factory.Arrive().StateOf(1).ShouldBe(JobState.Starting);
        factory.Job(1).Resume.ShouldNotBeNull().Checkpoint.ShouldBe(1);
        Audit(factory);
    }

    [Fact]
    public void Of_two_on_a_link_that_carries_less_the_later_one_goes_another_way()
    {
        var factory = Applied(Triangle);
        Submit(factory, "40mbit", "atlanta", "texas");
        Submit(factory, "45mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas").Run(2, "atlanta", "texas").Do(new ChangeLink("atlanta", "texas", 50_000_000));

        Routes(factory, 1)[0].ShouldBe("40mbit atlanta–texas");
        Routes(factory, 2)[0].ShouldBe("45mbit atlanta–wisconsin–texas");
        Audit(factory);
    }

    [Fact]
    public void Fleet_file_without_the_link_is_as_if_it_were_cut()
    {
        var factory = Applied(Triangle);
        Submit(factory, "40mbit", "atlanta", "texas");
        factory.Do(new ApplyFleet(Text(Triangle.Replace("{between: [atlanta, texas], bandwidth: 100mbit, rtt: 10ms}, ", string.Empty, StringComparison.Ordinal)), null));

        Routes(factory, 1)[0].ShouldBe("40mbit atlanta–wisconsin–texas");
        factory.Journal.OfType<RatesRouted>().Single().Reason.ShouldStartWith("There is no link between atlanta and texas any more.");
    }

    [Fact]
    public void Link_that_its_gateways_find_cut_has_its_rates_routed_anew_with_their_reason_and_is_whole_again_when_they_find_that()
    {
        var factory = Applied(Triangle);
        Submit(factory, "40mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas").Do(new MeasureLink("texas", "atlanta", 0, "The gateways at both its ends have had no connection for 15 s."));

        factory.Journal.OfType<LinkChanged>().ShouldHaveSingleItem().Measured.ShouldBeTrue();
        factory.Journal.OfType<RatesRouted>().Single().Reason.ShouldBe("The link between atlanta and texas is cut: the gateways at both its ends have had no connection for 15 s. It goes atlanta–wisconsin–texas now.");
        RateReader.Read(factory.State)[0].Reason.ShouldBe("The gateways at both its ends have had no connection for 15 s.");
        factory.Do(new MeasureLink("atlanta", "texas", 0, "Again.")).ShouldBeEmpty("it is known");
        factory.Do(new MeasureLink("atlanta", "texas", null, "The gateways at both its ends have had a connection for 10 s."));
        factory.State.MeasuredLinks.ShouldBeEmpty();
        factory.Do(new MeasureLink("atlanta", "mars", 0, "Nobody knows it.")).ShouldBeEmpty("it is no link");
        Audit(factory);
    }

    [Fact]
    public void What_somebody_says_of_a_link_is_gone_by_until_he_takes_it_back_whatever_gateways_find()
    {
        var factory = Applied(Triangle);
        factory.Do(new ChangeLink("atlanta", "texas", 30_000_000, "A digger")).ShouldNotBeEmpty();
        factory.Do(new MeasureLink("atlanta", "texas", 0, "It is down."));
        Carries(factory).ShouldBe((30_000_000, "A digger."));
        factory.Do(new MeasureLink("atlanta", "texas", null, "It is up."));
        Carries(factory).ShouldBe((30_000_000, "A digger."));
        factory.Do(new MeasureLink("atlanta", "texas", 0, "It is down."));
        factory.Do(new ChangeLink("atlanta", "texas", 100_000_000, "They measure nonsense"));
        Carries(factory).ShouldBe((100_000_000, "They measure nonsense."));

        factory.Do(new ChangeLink("atlanta", "texas", null));
        Carries(factory).ShouldBe((0, "It is down."));
        factory.Do(new MeasureLink("atlanta", "texas", null, "It is up."));
        Carries(factory).ShouldBe((100_000_000, null));
        factory.Do(new MeasureLink("atlanta", "texas", 5, "It crawls."));
        var json = FactorySnapshot.Of(factory.State).ToJson();
        FactorySnapshot.Of(FactorySnapshot.FromJson(json).Restore()).ToJson().ShouldBe(json);

        static (long, string?) Carries(TestFactory factory) => (RateReader.Read(factory.State)[0].BitsPerSecond, RateReader.Read(factory.State)[0].Reason);
    }

    [Fact]
    public void Job_that_was_stopped_for_a_link_that_gateways_found_cut_goes_on_when_they_find_it_whole()
    {
        var factory = Applied("links: [{between: [atlanta, texas], bandwidth: 100mbit, rtt: 10ms}]");
        Submit(factory, "40mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas").Do(new MeasureLink("atlanta", "texas", 0, "It is down."));
        factory.ReasonOf(1).ShouldBe("Moves: waits for atlanta and texas to save. The link between atlanta and texas is cut: it is down. No other route has room for 40mbit from atlanta to texas.");
        Save(factory, "atlanta", "texas");
        factory.StateOf(1).ShouldBe(JobState.Queued);

        factory.Do(new MeasureLink("atlanta", "texas", null, "It is up."));
        factory.Arrive().StateOf(1).ShouldBe(JobState.Starting);
        Audit(factory);
    }

    [Fact]
    public void Job_that_others_give_way_for_has_its_rate_when_it_starts_or_is_placed_anew()
    {
        var factory = Applied(Triangle);
        Submit(factory, "80mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas");
        factory.Do(new SubmitJob(Job("90mbit") with { Sites = ["atlanta", "texas"], Priority = 5 }));

        factory.Job(1).GaveWayTo.ShouldBe(2);
        factory.Job(2).Planned!.Rates.Length.ShouldBe(2);
        factory.Do(new ChangeLink("atlanta", "texas", 85_000_000));
        factory.Job(2).Planned.ShouldBeNull("no link carries its rate any more");
        factory.Do(new ChangeLink("atlanta", "texas", null));
        Save(factory, "atlanta", "texas");
        Routes(factory, 2)[0].ShouldBe("90mbit atlanta–texas");
        Audit(factory);
    }

    [Fact]
    public void Islands_that_cannot_say_that_they_stopped_keep_the_rate_between_them()
    {
        var factory = Applied(Triangle);
        factory.Do(new SubmitJob(Job("80mbit") with { Sites = ["atlanta", "texas"], ReplaceWithin = 60 }));
        factory.Run(1, "atlanta", "texas").Lose("atlanta", "texas").After(60_000).Tick();
        factory.Job(1).Strays.Length.ShouldBe(2);
        factory.Job(1).StrayRates.Length.ShouldBe(2);
        FleetRates.All(factory.State).Count().ShouldBe(2);
        FleetRates.HasRoom(factory.State, [new(["atlanta", "texas"], 10_000_000)], 9, planned: true).ShouldBeFalse();

        factory.Join("texas", session: "s2");
        FleetRates.All(factory.State).ShouldNotContain(static each => each.Rate.BytesPerSecond == 0);
        Audit(factory);
    }

    [Fact]
    public void Rate_is_computed_at_submission_and_recorded()
    {
        var factory = Applied(Triangle);
        var job = Job(null) with { Sites = ["atlanta", "texas"], Wan = new WanSpecification { Parameters = 1, Step = 0.5 } };
        factory.Do(new SubmitJob(job));

        // 2 MB in bf16 each 15 s, of which 2 % more may pass, less the round trip of 10 ms.
        var rate = factory.Job(1).Specification.Wan!.Rate!.Value;
        (2e6 * 8 / rate.BitsPerSecond).ShouldBe((15 * ((1 / 0.98) - 1)) - 0.010, 0.0001);
        factory.Job(1).Rates[0].BytesPerSecond.ShouldBe(factory.Job(1).Specification.Wan!.BytesPerSecond);
        var everyStep = job with { Wan = new WanSpecification { Parameters = 1, Step = 0.25 }, Sync = new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1 } };
        factory.Try(new SubmitJob(everyStep, "job.yaml")).Refusal!.Problems[0].ToString().ShouldStartWith("job.yaml: wan: At a round trip of 10 ms no rate lets every-step keep 98 % of the compute-only rate.");
    }

    [Fact]
    public void Gateways_that_emulate_their_links_say_what_these_carry()
    {
        var factory = new TestFactory();
        foreach (var site in (ReadOnlySpan<string>)["atlanta", "texas"])
        {
            factory.Do(new JoinSite(site, TestFactory.Hello("s1", 4) with { EmulatedWan = "100mbit,14ms" }));
        }

        Submit(factory, "60mbit", "atlanta", "texas");
        Submit(factory, "60mbit", "atlanta", "texas");
        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.StateOf(2).ShouldBe(JobState.Queued);
        Refused(factory, "101mbit", "atlanta", "texas").Message.ShouldEndWith("100mbit would fit.");
    }

    [Fact]
    public void Link_that_is_not_known_is_no_link()
    {
        var factory = Applied(Triangle);

        factory.Try(new ChangeLink("atlanta", "mars", 0)).Refusal!.Problems[0].Message.ShouldBe("There is no link between 'atlanta' and 'mars'; expected one of atlanta texas, atlanta wisconsin and texas wisconsin.");
        factory.Try(new ChangeLink("atlanta", "texas", -1)).Refusal!.Kind.ShouldBe(RefusalKind.Invalid);
        factory.Do(new ChangeLink("atlanta", "texas", 200_000_000)).ShouldBeEmpty("it carries what it is declared to");
    }

    [Fact]
    public void Plan_says_which_rates_would_be_reserved_and_the_links_whose_they_are()
    {
        var factory = Cut();
        var plan = PlanReader.Read(factory.State, new SubmitJob(Job("10mbit") with { Sites = ["atlanta", "texas"] }), factory.Now).Plan!;

        plan.Outcome.ShouldBe(PlanOutcome.Starts);
        plan.Rates.Select(static rate => (string.Join(' ', rate.Route), rate.BitsPerSecond)).ShouldBe([("atlanta wisconsin texas", 10_000_000), ("texas wisconsin atlanta", 10_000_000)]);
        var links = RateReader.Read(factory.State);
        links.Select(static link => (link.From, link.To, link.BitsPerSecond, link.ReservedBitsPerSecond)).ShouldBe(
        [
            ("atlanta", "texas", 0, 0), ("atlanta", "wisconsin", 50_000_000, 40_000_000), ("texas", "atlanta", 0, 0),
            ("texas", "wisconsin", 50_000_000, 40_000_000), ("wisconsin", "atlanta", 50_000_000, 40_000_000), ("wisconsin", "texas", 50_000_000, 40_000_000),
        ]);
        links[0].Reason.ShouldBe("A digger.");
        WhyReader.Read(factory.State, 1, factory.Now)!.Rates.Length.ShouldBe(2);
    }

    [Fact]
    public void State_is_the_same_after_a_snapshot_and_from_the_journal()
    {
        var factory = Applied(Triangle);
        Submit(factory, "80mbit", "atlanta", "texas");
        Submit(factory, "40mbit", "atlanta", "texas");
        factory.Do(new ChangeLink("atlanta", "texas", 60_000_000));

        var json = FactorySnapshot.Of(factory.State).ToJson();
        FactorySnapshot.Of(FactorySnapshot.FromJson(json).Restore()).ToJson().ShouldBe(json);
        var folded = factory.Journal.Select(static record => JournalRecord.FromJson(record.ToJson())).Aggregate(FactoryState.Empty, Factory.Apply);
        FactorySnapshot.Of(folded).ToJson().ShouldBe(json);
    }

    /// <summary>A job whose rates go another way since a link was cut.</summary>
    internal static TestFactory Cut()
    {
        var factory = Applied(Triangle);
        Submit(factory, "40mbit", "atlanta", "texas");
        factory.Run(1, "atlanta", "texas").Do(new ChangeLink("texas", "atlanta", 0, "a digger"));
        return factory;
    }

    /// <summary>No direction of a link is promised more than it carries.</summary>
    private static void Audit(TestFactory factory)
    {
        var ledger = FleetRates.Ledger(factory.State);
        foreach (var (job, rate) in FleetRates.All(factory.State))
        {
            ledger.TryTake(rate).ShouldBeTrue($"job {job.Id}: {rate}");
        }
    }

    private static ImmutableArray<string> Routes(TestFactory factory, long job) => [.. factory.Job(job).Rates.Select(static rate => rate.ToString())];

    private static void Save(TestFactory factory, params string[] sites)
    {
        foreach (var site in sites)
        {
            factory.Lie(site, TestFactory.Checkpoint(1, 20, site, held: true) with { Islands = [.. sites] });
        }

        foreach (var site in sites)
        {
            factory.Report(site);
        }
    }

    private static JobSpecification Job(string? rate) => TestFactory.Specification() with
    {
        Wan = rate is null ? null : new WanSpecification { Rate = Bandwidth.TryParse(rate, out var parsed, out _) ? parsed : throw new ArgumentException(rate) },
    };

    private static void Submit(TestFactory factory, string rate, params string[] sites) => factory.Do(new SubmitJob(Job(rate) with { Sites = [.. sites] }));

    private static Problem Refused(TestFactory factory, string rate, params string[] sites) => factory.Try(new SubmitJob(Job(rate) with { Sites = [.. sites] }, "job.yaml")).Refusal!.Problems.ShouldHaveSingleItem();

    private static string Text(string links) => $"name: f\nsites: [{string.Join(", ", _sites.Select(static site => $"{{name: {site}, racks: {{hardware: cpu, slots: 8}}}}"))}]\n{links}";

    private static TestFactory Applied(string links)
    {
        var factory = new TestFactory().Join("atlanta").Join("texas").Join("wisconsin");
        factory.Do(new ApplyFleet(Text(links), "f.yaml"));
        return factory;
    }
}
