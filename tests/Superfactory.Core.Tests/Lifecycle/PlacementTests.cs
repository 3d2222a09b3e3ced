using Superfactory.Core.Commands;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

public sealed class PlacementTests
{
    [Fact]
    public void Count_of_sites_takes_the_first_by_name_that_have_a_free_slot()
    {
        var factory = new TestFactory().Join("texas").Join("atlanta").Join("wisconsin").Submit("texas");

        factory.SubmitAnywhere(2);

        factory.Job(2).Islands.Select(island => island.Site).ShouldBe(["atlanta", "wisconsin"]);
        InstructionsReader.Read(factory.State, "atlanta").Gangs[0].Specification.Sites.ShouldBe(["atlanta", "wisconsin"]);
    }

    [Fact]
    public void Preferred_sites_are_taken_first_and_others_where_these_have_no_room()
    {
        var factory = new TestFactory().Join("texas").Join("atlanta").Join("wisconsin");
        factory.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, PreferredSites = ["wisconsin"] }));
        factory.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, PreferredSites = ["wisconsin", "texas"] }));
        factory.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, PreferredSites = ["wisconsin", "texas"] }));

        factory.State.Jobs.Values.Select(job => job.Islands.Single().Site).ShouldBe(["wisconsin", "texas", "atlanta"]);
        factory.Try(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, PreferredSites = ["texs"] })).Refusal!.Problems.ShouldHaveSingleItem().ToString()
            .ShouldBe("preferred_sites: There is no site 'texs'; expected one of atlanta, texas, wisconsin. Did you mean 'texas'?");
    }

    [Fact]
    public void Job_that_goes_on_from_a_checkpoint_is_placed_where_that_lies()
    {
        var factory = new TestFactory().Join("texas").SubmitAnywhere(1).Run(1, "texas");
        factory.Do(new HoldJob(1));
        factory.Lie("texas", TestFactory.Checkpoint(1, 4, "texas", held: true)).Report("texas");
        factory.StateOf(1).ShouldBe(JobState.Held);

        // Of two sites with room atlanta is the first by name, and all of the checkpoint is at texas.
        factory.Join("atlanta").Do(new ReleaseJob(1));
        factory.Job(1).Islands.Single().Site.ShouldBe("texas");
    }

    [Fact]
    public void Job_that_wants_more_sites_than_are_connected_says_how_many_there_are()
    {
        var factory = new TestFactory().Join("atlanta").SubmitAnywhere(3);

        factory.ReasonOf(1).ShouldBe("Waits for 3 sites with slots: 1 is connected (atlanta).");
        factory.Join("texas").Join("wisconsin").StateOf(1).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_for_a_site_that_is_away_lets_later_jobs_by_and_says_why_it_waits()
    {
        var factory = new TestFactory().Join("wisconsin").Join("atlanta").Lose("atlanta");

        factory.Submit("wisconsin", "atlanta").Submit("wisconsin");

        factory.ReasonOf(1).ShouldBe("Waits for site atlanta: its agent was last heard 5 s ago.");
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_whose_checkpoint_nobody_can_bring_lets_later_jobs_by_and_starts_when_somebody_can()
    {
        var factory = new TestFactory().Join("texas").Join("iowa");
        factory.Do(new SubmitJob(TestFactory.Specification("texas") with { Checkpoint = new CheckpointSpecification { Copies = 1 } }));
        factory.Run(1, "texas").Lie("texas", TestFactory.Checkpoint(1, 4, "texas") with { Islands = ["texas"] });
        factory.Lose("texas").Do(new RestoreJob(1, null, ["iowa"], 0));

        factory.ReasonOf(2).ShouldBe("Waits for checkpoint 1 of job 1, which lies at texas. Waits for site texas: its agent was last heard 5 s ago.");
        WhyReader.Read(factory.State, 2, factory.Now)!.Needs.ShouldBe([new WhyNeed(WhyKind.Sites) { At = "texas", Missing = 1 }]);
        factory.Submit("iowa").StateOf(3).ShouldBe(JobState.Starting, "what job 2 cannot use is not kept for it");

        factory.Report("iowa", TestFactory.Gang(3, GangState.Finished)).Join("texas", "s2").Arrive();
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void Job_that_waits_for_slots_is_not_overtaken()
    {
        var factory = new TestFactory().Join("wisconsin").Join("atlanta").Submit("wisconsin");
        factory.Submit("wisconsin", "atlanta").Submit("atlanta");

        factory.ReasonOf(2).ShouldBe("Waits for a free slot at wisconsin: job 1 comes first.");
        factory.ReasonOf(3).ShouldBe("Waits for a free slot at atlanta: job 2 comes first.");

        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Finished));

        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.StateOf(3).ShouldBe(JobState.Queued);
    }

    [Fact]
    public void Site_with_two_slots_runs_two_jobs()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Submit("atlanta").Submit("atlanta").Submit("atlanta");

        InstructionsReader.Read(factory.State, "atlanta").Gangs.Select(gang => gang.Job).ShouldBe([1L, 2L]);
        factory.ReasonOf(3).ShouldBe("Waits for a free slot at atlanta: jobs 1 and 2 come first.");
    }

    [Fact]
    public void Site_without_slots_is_never_taken_and_the_job_says_so()
    {
        var factory = new TestFactory().Join("atlanta", slots: 0).Submit("atlanta").SubmitAnywhere(1);

        factory.ReasonOf(1).ShouldBe("Waits for a slot at atlanta, which offers none.");
        factory.ReasonOf(2).ShouldBe("Waits for 1 sites with slots: none is connected.");
    }

    [Fact]
    public void Island_that_has_no_slot_after_its_agent_came_back_with_fewer_waits_for_one()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2).Submit("atlanta").Submit("atlanta").Run(1, "atlanta").Run(2, "atlanta");

        factory.Lose("atlanta").Join("atlanta", "s2", slots: 1);

        factory.StateOf(2).ShouldBe(JobState.Waiting);
        factory.ReasonOf(2).ShouldBe("Waits for a free slot at atlanta. The agent of site atlanta was started anew.");
        factory.Do(new CancelJob(1));
        factory.Report("atlanta");
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Job.ShouldBe(2);
    }
}
