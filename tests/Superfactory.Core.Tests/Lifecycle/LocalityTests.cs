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
    public void Job_that_reads_nothing_is_placed_as_ever_and_says_nothing_of_it()
    {
        var factory = new TestFactory().Join("texas").SubmitAnywhere(1);
        factory.Journal.OfType<JobStarted>().Single().Reason.ShouldBe("Placed at texas.");
        factory.SubmitAnywhere(1);
        WhyReader.Read(factory.State, 2, factory.Now)!.Inputs.ShouldBeEmpty();
    }

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
