using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Whose turn it is between queues: what each has used counts, half of it forgotten in a week, and takes nothing from anybody.</summary>
public sealed class QueueShareTests
{
    private const long Hour = 3_600_000, Week = 7 * 24 * Hour;

    [Fact]
    public void Of_two_queues_that_hold_nothing_the_one_goes_first_that_has_used_less()
    {
        // Queue a is named first and would win a draw.
        var factory = Used("a", Hour).SubmitTo("a").SubmitTo("b");
        factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished));

        factory.StateOf(3).ShouldBe(JobState.Starting);
        factory.StateOf(2).ShouldBe(JobState.Queued);
    }

    [Fact]
    public void What_was_used_long_ago_counts_less_than_a_little_that_was_used_lately()
    {
        var factory = Used("a", Hour).Report("atlanta", TestFactory.Gang(1, GangState.Finished)).After(8 * Week);
        factory.SubmitTo("b").Run(2, "atlanta").After(Hour / 60).SubmitTo("b").SubmitTo("a");
        factory.Report("atlanta", TestFactory.Gang(2, GangState.Finished));

        factory.StateOf(4).ShouldBe(JobState.Starting, "of an hour eight weeks ago 14 seconds are left, and b has just used a minute");
        factory.StateOf(3).ShouldBe(JobState.Queued);
    }

    [Fact]
    public void A_queue_that_has_used_less_takes_nothing_from_one_that_has_used_more()
    {
        var factory = Used("a", 4 * Week).SubmitTo("b");

        factory.Job(1).HoldRequested.ShouldBeFalse();
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.Journal.OfType<JobGivesWay>().ShouldBeEmpty();
    }

    [Fact]
    public void With_aging_who_came_earlier_by_enough_goes_before_a_greater_priority()
    {
        foreach (var (aging, first) in new[] { (0, 3), (60, 2) })
        {
            var factory = new TestFactory().Join("atlanta");
            factory.Do(new ApplyQueues(QueueSet.Default with { Aging = aging }));
            factory.Submit("atlanta").Run(1, "atlanta").Submit("atlanta").After(61_000).Do(new SubmitJob(TestFactory.Specification("atlanta") with { Priority = 1, MinimumRun = 0 }));
            factory.Job(1).GaveWayTo.ShouldBe(aging == 0 ? 3 : 0, "behind job 2, job 3 takes nobody's place");
            factory.Report("atlanta", TestFactory.Gang(1, GangState.Finished));

            factory.StateOf(first).ShouldBe(JobState.Starting, $"aging {aging}");
            FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore().Queues.Aging.ShouldBe(aging);
        }
    }

    [Fact]
    public void A_snapshot_keeps_what_queues_have_used_and_the_journal_amounts_to_the_same()
    {
        var factory = Used("a", Hour).After(Hour).SubmitTo("b").Report("atlanta", TestFactory.Gang(1, GangState.Finished)).After(77).SubmitTo("a");
        var kept = FactorySnapshot.FromJson(FactorySnapshot.Of(factory.State).ToJson()).Restore();

        kept.Usage.ShouldBe(factory.State.Usage);
        factory.State.Usage["a"].Used.ShouldBe((UInt128)(2 * Hour));
        factory.State.Usage["a"].Held.ShouldBe(0);
        factory.State.Usage["b"].Held.ShouldBe(1);
        factory.Journal.Aggregate(FactoryState.Empty, Factory.Apply).Usage.ShouldBe(factory.State.Usage);
    }

    [Fact]
    public void Submissions_that_come_together_are_placed_as_if_each_had_come_alone_and_refused_each_by_itself()
    {
        var factory = new TestFactory().Join("atlanta", slots: 2);
        SubmitJob[] together =
        [
            new(TestFactory.Specification("atlanta")), new(TestFactory.Specification("atlanta") with { Queue = "none" }),
            new(TestFactory.Specification("atlanta")), new(TestFactory.Specification("atlanta")),
        ];
        var decisions = Factory.AcceptAll(factory.State, together, factory.Now);

        decisions.Select(decision => decision.Refusal is null).ShouldBe([true, false, true, true]);
        decisions.SelectMany(decision => decision.Records).OfType<JobSubmitted>().Select(record => record.Job).ShouldBe([1, 2, 3]);
        decisions[0].Records.ShouldHaveSingleItem();
        decisions.SelectMany(decision => decision.Records).OfType<JobStarted>().Select(record => record.Job).ShouldBe([1, 2]);
    }

    /// <summary>A site of one slot, two queues, and a job of one of them that has run for so long.</summary>
    private static TestFactory Used(string queue, long milliseconds)
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default" }, new QueueSpecification { Name = "a" }, new QueueSpecification { Name = "b" }])));
        return factory.SubmitTo(queue).Run(1, "atlanta").After(milliseconds);
    }
}
