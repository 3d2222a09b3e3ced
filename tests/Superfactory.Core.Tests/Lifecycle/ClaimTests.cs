using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What is kept for a queue that takes back what it is guaranteed, until those that borrow it have run the minimum.</summary>
public sealed class ClaimTests
{
    [Fact]
    public void Owner_waits_for_one_minimum_whoever_comes_meanwhile_and_is_told_until_when()
    {
        var factory = Borrowed();
        var until = factory.Job(1).PlacedAt + 600_000;
        Submit(factory, "research", accelerators: 4);

        var claim = factory.Job(2).Reserved.ShouldNotBeNull();
        (claim.At, claim.ClaimedAt, claim.Owned).ShouldBe((until, factory.Now, true));
        factory.ReasonOf(2).ShouldEndWith("What it is guaranteed is kept for it at atlanta, and taken back at 1970-01-01 00:26:40Z at the latest.");
        WhyReader.Read(factory.State, 2, factory.Now)!.StartsUnixMilliseconds.ShouldBe(until);
        Submit(factory.After(60_000), "products", accelerators: 1, minimum: 900);

        factory.StateOf(3).ShouldBe(JobState.Queued, "it would run its minimum on what the claim keeps");
        factory.ReasonOf(3).ShouldStartWith("It would run into what is reserved for job 2 from 1970-01-01 00:26:40Z on.");
        factory.After(539_999).Tick().Job(1).GaveWayTo.ShouldBe(0);
        factory.After(1).Tick().Job(1).GaveWayTo.ShouldBe(2);
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 4, "atlanta", held: true)).Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.Job(2).Islands.ShouldHaveSingleItem().IsOwned.ShouldBeTrue();
    }

    [Fact]
    public void Claim_survives_a_snapshot_and_lasts_while_others_come_and_end()
    {
        var factory = Borrowed();
        Submit(factory, "research", accelerators: 4);
        var claim = factory.Job(2).Reserved!;
        FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore().Jobs[2].Reserved!.ClaimedAt.ShouldBe(claim.ClaimedAt);

        for (var second = 0; second < 5; second++)
        {
            Submit(factory.After(10_000), "products", accelerators: 1, minimum: 900);
        }

        factory.Job(2).Reserved!.ShouldBe(claim);
        factory.Journal.OfType<StartReserved>().Count(static record => record.Job == 2).ShouldBe(1);
    }

    [Fact]
    public void Owners_are_placed_before_borrowers_that_came_earlier()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4);
        factory.Do(Queues());
        factory.Lose("atlanta");
        Submit(factory, "products", accelerators: 4, minimum: 900);
        Submit(factory, "research", accelerators: 4);

        factory.Join("atlanta", "s2", slots: 4);

        factory.StateOf(2).ShouldBe(JobState.Starting);
        factory.StateOf(1).ShouldBe(JobState.Queued);
    }

    [Fact]
    public void Claim_is_left_to_a_greater_priority_of_its_own_queue()
    {
        var factory = Borrowed();
        Submit(factory, "research", accelerators: 4);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = "research", Accelerators = 4, Priority = 1 }));

        factory.Job(3).Reserved.ShouldNotBeNull().ClaimedAt.ShouldNotBeNull();
        factory.Job(2).Reserved?.ClaimedAt.ShouldBeNull();
        factory.After(600_000).Tick().Job(1).GaveWayTo.ShouldBe(3);
    }

    [Fact]
    public void Where_nobody_gives_way_in_the_end_the_claim_is_given_up_with_its_cause()
    {
        var factory = Borrowed();
        Submit(factory, "research", accelerators: 4);

        factory.Do(Queues(products: 3));

        factory.Job(2).Reserved.ShouldBeNull("job 1 is within what its queue is guaranteed by now");
        factory.Journal.OfType<StartReserved>().Last(static record => record.Job == 2).Start.ShouldBeNull();
    }

    [Fact]
    public void Checkpoint_is_brought_to_where_a_claim_is_before_anybody_gives_way_and_the_claim_is_kept_until_it_is_there()
    {
        var factory = Moved();
        var claim = factory.Job(2).Reserved.ShouldNotBeNull();
        (claim.Sites.Single(), claim.ClaimedAt).ShouldBe(("atlanta", factory.Now));
        factory.State.OpenCopies.Count.ShouldBe(1, "it is brought while minimums run");

        factory.After(600_000).Tick();
        factory.Now.ShouldBeGreaterThanOrEqualTo(claim.At);
        Submit(factory, "products", accelerators: 1, minimum: 900);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta", "texas") with { Queue = "products", IslandsMin = 1 }));
        factory.Run(4, "texas").After(60_000).Tick();

        factory.Journal.ShouldNotContain(record => record is JobGivesWay, "nobody is told to leave for a checkpoint that is not there");
        factory.StateOf(3).ShouldBe(JobState.Queued, "what is free of the place is kept though its time has come");
        factory.Job(4).FindIsland("atlanta")!.Withheld.ShouldNotBeNull("and nobody grows into it");

        factory.Arrive();
        factory.Journal.OfType<JobGivesWay>().Select(static record => (record.Job, record.To)).ShouldBe([(1, 2)]);
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 4, "atlanta", held: true) with { Islands = ["atlanta"] }).Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void What_is_free_of_an_owner_s_place_is_kept_while_its_checkpoint_is_on_its_way_though_all_have_run_the_minimum()
    {
        var factory = Moved(minimum: 0);
        factory.State.OpenCopies.Count.ShouldBe(1);
        factory.Job(2).Reserved.ShouldBeNull("it waits for nobody's minimum");

        Submit(factory, "products", accelerators: 1, minimum: 900);
        factory.StateOf(3).ShouldBe(JobState.Queued);
        factory.Arrive().Journal.OfType<JobGivesWay>().Select(static record => (record.Job, record.To)).ShouldBe([(1, 2)]);
    }

    [Fact]
    public void Claim_is_given_up_while_nobody_can_bring_the_checkpoint_and_made_again_when_somebody_can()
    {
        var factory = Moved();
        factory.Lose("wisconsin");

        factory.Journal.OfType<StartReserved>().Last(static record => record.Job == 2).Reason.ShouldBe("Checkpoint 1 cannot be brought there. No time is known for its start any more.");
        factory.ReasonOf(2).ShouldContain("Waits for checkpoint 1 to be copied to atlanta. Waits for site wisconsin: its agent was last heard");
        WhyReader.Read(factory.State, 2, factory.Now)!.Needs.ShouldHaveSingleItem().ShouldBe(new WhyNeed(WhyKind.Sites) { At = "wisconsin", Missing = 1 });
        Submit(factory, "products", accelerators: 1);
        factory.StateOf(3).ShouldBe(JobState.Starting, "nothing is kept for whom it is no use to");

        factory.Join("wisconsin", "s2", slots: 4);
        factory.Job(2).Reserved.ShouldNotBeNull().ClaimedAt.ShouldNotBeNull();
    }

    /// <summary>Job 2 of research has left wisconsin, where its checkpoint is, and is to have atlanta, three slots of which products borrow.</summary>
    private static TestFactory Moved(int minimum = 600)
    {
        var factory = Borrowed(minimum).Join("wisconsin", slots: 4).Join("texas");
        factory.Do(new SubmitJob(TestFactory.Specification() with { Queue = "research", Accelerators = 4, SiteCount = 1, Checkpoint = new CheckpointSpecification { Copies = 1 } }));
        factory.Run(2, "wisconsin").Do(new TakeOut("wisconsin", OutageState.Draining, null));
        return factory.Lie("wisconsin", TestFactory.Checkpoint(2, 20, "wisconsin", held: true) with { Islands = ["wisconsin"] }).Report("wisconsin");
    }

    /// <summary>Research is guaranteed all four slots, and products borrow three of them, for ten minutes at the least where nothing else is said.</summary>
    private static TestFactory Borrowed(int minimum = 600)
    {
        var factory = new TestFactory().Join("atlanta", slots: 4);
        factory.Do(Queues());
        Submit(factory, "products", accelerators: 3, minimum);
        return factory.Run(1, "atlanta");
    }

    private static ApplyQueues Queues(int products = 0) => new(new QueueSet([
        new QueueSpecification { Name = "products", Quotas = [new QuotaSpecification("cpu", products)] }, new QueueSpecification { Name = "research", Quotas = [new QuotaSpecification("cpu", 4 - products)] }]));

    private static void Submit(TestFactory factory, string queue, int accelerators, int minimum = 0) =>
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = queue, Accelerators = accelerators, MinimumRun = minimum }));
}
