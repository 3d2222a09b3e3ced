using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
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

    /// <summary>Research is guaranteed all four slots, and products borrow three of them for ten minutes at the least.</summary>
    private static TestFactory Borrowed()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4);
        factory.Do(Queues());
        Submit(factory, "products", accelerators: 3, minimum: 600);
        return factory.Run(1, "atlanta");
    }

    private static ApplyQueues Queues(int products = 0) => new(new QueueSet([
        new QueueSpecification { Name = "products", Quotas = [new QuotaSpecification("cpu", products)] }, new QueueSpecification { Name = "research", Quotas = [new QuotaSpecification("cpu", 4 - products)] }]));

    private static void Submit(TestFactory factory, string queue, int accelerators, int minimum = 0) =>
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Queue = queue, Accelerators = accelerators, MinimumRun = minimum }));
}
