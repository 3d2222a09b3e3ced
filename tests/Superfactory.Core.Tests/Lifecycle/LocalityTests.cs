using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Jobs are placed where what they read lies, as long as there is room.</summary>
public sealed class LocalityTests
{
    [Fact]
    public void Requeued_job_goes_back_to_where_its_checkpoint_is_though_others_have_as_much_room()
    {
        var factory = GaveWayAtTexas();
        factory.Do(new SetPaused("default", Paused: true));
        factory.Join("atlanta").Report("texas", TestFactory.Gang(2, GangState.Finished));

        WhyReader.Read(factory.State, 1, factory.Now)!.Inputs.ShouldHaveSingleItem().ShouldBe(new InputView("checkpoint 1", 3_100_000_000, ["texas"], []), Inputs.Same);
        factory.Do(new SetPaused("default", Paused: false));

        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldBe("Placed at texas. Checkpoint 1 lies at texas.");
        factory.State.Copies.ShouldBeEmpty("nothing crosses the network");
    }

    [Fact]
    public void Requeued_job_whose_checkpoint_is_at_a_full_site_goes_elsewhere_at_once()
    {
        var factory = GaveWayAtTexas().Join("atlanta");

        factory.State.Copies.Values.ShouldHaveSingleItem().Destination.Site.ShouldBe("atlanta");
        factory.ReasonOf(1).ShouldBe("It gave way to job 2. Waits for checkpoint 1 to be copied to atlanta.");
        factory.Arrive();
        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("atlanta");
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldBe("Placed at atlanta. Checkpoint 1 lies at atlanta.");
    }

    [Fact]
    public void Of_the_sites_that_have_the_checkpoint_the_fullest_is_taken()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4).Join("texas", slots: 2).Join("iowa").SubmitAnywhere(1).Run(1, "iowa");
        factory.Do(new CancelJob(1));
        factory.Report("iowa");
        var saved = TestFactory.Checkpoint(1, 4, "iowa");
        factory.Lie("atlanta", saved).Lie("texas", saved);

        factory.Do(new RestoreJob(1, null, [], 1));
        factory.Job(2).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
    }

    [Fact]
    public void Islands_go_first_to_sites_that_have_the_checkpoint_after_those_that_are_preferred()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4).Join("iowa", slots: 4).Join("wisconsin", slots: 4).Submit("wisconsin").Run(1, "wisconsin");
        factory.Do(new CancelJob(1));
        factory.Report("wisconsin").Lie("wisconsin", TestFactory.Checkpoint(1, 4, "wisconsin") with { Bytes = 3_100_000_000 });

        factory.Do(new RestoreJob(1, null, [], 2));
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldBe("Placed at atlanta and wisconsin. Checkpoint 1 of job 1 lies at wisconsin; 3.1 GB have to be copied to atlanta.");

        factory.Do(new RestoreJob(1, null, [], 3));
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldEndWith("Checkpoint 1 of job 1 lies at wisconsin; 3.1 GB have to be copied to atlanta and iowa each.");
    }

    [Fact]
    public void Preferred_sites_come_before_the_one_that_has_the_checkpoint()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4).Join("texas", slots: 4).Join("iowa", slots: 4);
        factory.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, PreferredSites = ["iowa"], Checkpoint = new CheckpointSpecification { Copies = 1 } }));
        factory.Run(1, "iowa").Do(new CancelJob(1));
        factory.Report("iowa").Lie("texas", TestFactory.Checkpoint(1, 4, "iowa"));

        factory.Do(new RestoreJob(1, null, [], 1));
        factory.State.Copies.Values.ShouldHaveSingleItem().Destination.Site.ShouldBe("iowa");
        factory.Arrive();
        factory.Job(2).Islands.ShouldHaveSingleItem().Site.ShouldBe("iowa");
    }

    [Fact]
    public void Job_that_names_a_corpus_goes_to_a_site_that_has_it_and_elsewhere_at_once_where_that_is_full()
    {
        var factory = Listed();
        var job = TestFactory.Specification() with { SiteCount = 1, Data = new DataSpecification { Corpus = "docs" } };
        var (plan, _) = PlanReader.Read(factory.State, new SubmitJob(job), factory.Now);
        (plan!.Outcome, plan.Reason).ShouldBe((PlanOutcome.Starts, "Placed at texas. Corpus docs lies at texas."));
        plan.Inputs.ShouldHaveSingleItem().ShouldBe(new InputView("corpus docs", 1_200_000, ["texas"], []), Inputs.Same);

        factory.Do(new SubmitJob(job));
        factory.Job(1).Islands.ShouldHaveSingleItem().Site.ShouldBe("texas");
        factory.Do(new SubmitJob(job));
        factory.Job(2).Islands.ShouldHaveSingleItem().Site.ShouldBe("atlanta");
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldBe("Placed at atlanta. Corpus docs lies at texas; 1.2 MB have to be copied to atlanta.");
        factory.Do(new SubmitJob(job with { Data = new DataSpecification { Corpus = "unheard-of" } }));
        factory.Journal.OfType<JobStarted>().Last().Reason.ShouldBe("Placed at iowa.");
    }

    [Fact]
    public void Corpora_of_a_site_are_a_record_when_they_change_and_outlive_its_agent()
    {
        var factory = Listed();
        var before = factory.Journal.Count;
        factory.Hold("texas", Docs('a')).Report("texas");
        factory.Journal.Count.ShouldBe(before, "nothing new was said");

        factory.Hold("texas", new CorpusReport("../docs", new string('a', 64), 1), new CorpusReport("short", "a", 1), new CorpusReport("less", new string('a', 64), -1), Docs('b'), Docs('c'), Docs('d') with { Name = "abc" });
        factory.State.Sites["texas"].Corpora.ShouldBe([Docs('d') with { Name = "abc" }, Docs('b')]);
        factory.Do(new LeaveSite("texas", "s1"));
        factory.Join("texas", "s2").State.Sites["texas"].Corpora.Length.ShouldBe(2, "until the new agent says otherwise");
        FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore().Sites["texas"].Corpora.ShouldBe(factory.State.Sites["texas"].Corpora);

        factory.Hold("texas", [.. Enumerable.Range(0, FactoryLimits.CorporaMax + 1).Select(static number => Docs('a') with { Name = $"c{number:D4}" })]);
        factory.State.Sites["texas"].Corpora.Length.ShouldBe(FactoryLimits.CorporaMax);
    }

    [Fact]
    public void Of_contents_by_one_name_that_of_the_most_sites_counts_and_for_a_run_that_of_the_sites_that_trained_on_it()
    {
        var factory = new TestFactory().Join("atlanta").Join("iowa").Join("texas").Join("wisconsin").Hold("atlanta", Docs('a')).Hold("iowa", Docs('b')).Hold("texas", Docs('c')).Hold("wisconsin", Docs('c'));
        var job = TestFactory.Specification() with { SiteCount = 2, Data = new DataSpecification { Corpus = "docs" } };
        factory.Do(new SubmitJob(job));
        factory.Job(1).Islands.Select(static island => island.Site).ShouldBe(["texas", "wisconsin"]);

        // It trained at iowa, and its checkpoint lies at wisconsin, which has another content: the smaller has to be copied.
        factory.Do(new CancelJob(1));
        factory.Report("texas").Report("wisconsin").Lie("wisconsin", TestFactory.Checkpoint(1, 4, "iowa") with { Islands = ["iowa"], Bytes = 1_000 });
        factory.Do(new RestoreJob(1, null, [], 1));
        factory.Arrive();
        factory.Job(2).Islands.ShouldHaveSingleItem().Site.ShouldBe("iowa");
    }

    [Fact]
    public void Job_that_reads_nothing_is_placed_as_ever_and_says_nothing_of_it()
    {
        var factory = new TestFactory().Join("texas").SubmitAnywhere(1);
        factory.Journal.OfType<JobStarted>().Single().Reason.ShouldBe("Placed at texas.");
        factory.SubmitAnywhere(1);
        WhyReader.Read(factory.State, 2, factory.Now)!.Inputs.ShouldBeEmpty();
    }

    /// <summary>Three sites, of which the last has a corpus.</summary>
    internal static TestFactory Listed() => new TestFactory().Join("atlanta").Join("iowa").Join("texas").Hold("texas", Docs('a'));

    private static CorpusReport Docs(char content) => new("docs", new string(content, 64), 1_200_000);

    /// <summary>Job 1 ran at texas, the only site, and saved and stopped for job 2, which runs there.</summary>
    private static TestFactory GaveWayAtTexas()
    {
        var factory = new TestFactory().Join("texas");
        factory.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, Checkpoint = new CheckpointSpecification { Copies = 1 } }));
        factory.Run(1, "texas");
        factory.Do(new SubmitJob(TestFactory.Specification("texas") with { Priority = 1 }));
        factory.Lie("texas", TestFactory.Checkpoint(1, 4, "texas", held: true) with { Bytes = 3_100_000_000 }).Report("texas");
        return factory;
    }

    private sealed class Inputs : IEqualityComparer<InputView>
    {
        public static readonly Inputs Same = new();

        public bool Equals(InputView? x, InputView? y) => x is not null && y is not null && (x.Name, x.Bytes) == (y.Name, y.Bytes) && x.Sites.SequenceEqual(y.Sites) && x.Lacking.SequenceEqual(y.Lacking);

        public int GetHashCode(InputView obj) => obj.Name.GetHashCode(StringComparison.Ordinal);
    }
}
