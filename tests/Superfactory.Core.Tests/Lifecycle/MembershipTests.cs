using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Who is a member of a run when islands are lost, cut off and come back.</summary>
public sealed class MembershipTests
{
    [Fact]
    public void Lost_island_has_its_epoch_sealed_and_the_next_one_starts_from_the_newest_promise_without_it()
    {
        var factory = Running("a", "b", "c");

        Fail(factory, "c");

        factory.Job(1).Epoch!.Sealed.ShouldBeTrue();
        factory.Promise(1, "a", 4);
        factory.Job(1).Epoch!.Number.ShouldBe(1, "b has not promised");
        factory.Promise(1, "b", 5);
        Members(factory).ShouldBe(["a.1", "b.1"]);
        factory.Job(1).Epoch!.Start.ShouldBe(5);
        factory.Job(1).Epoch!.Learners.ShouldBe([new RunMember("c", 2)]);
    }

    [Fact]
    public void Learner_that_is_level_becomes_a_member_and_an_older_incarnation_or_epoch_of_it_does_not()
    {
        var factory = Running("a", "b");
        Fail(factory, "b");
        factory.Promise(1, "a", 4);

        factory.Do(new ReportGangs("b", "s1", [TestFactory.Gang(1, GangState.Running, 1) with { LevelIn = 2 }])).ShouldBeEmpty("that incarnation is dead");
        factory.Do(new ReportGangs("b", "s1", [TestFactory.Gang(1, GangState.Running, 2) with { LevelIn = 1 }])).OfType<IslandLevel>().ShouldBeEmpty();
        factory.Level(1, "b").Promise(1, "a", 6);

        Members(factory).ShouldBe(["a.1", "b.2"]);
        factory.Job(1).Epoch!.Start.ShouldBe(6);
    }

    [Fact]
    public void Hung_island_is_left_out_when_it_does_not_promise_in_time_and_comes_back_in_its_incarnation()
    {
        var factory = Running("a", "b").Miss(1, "a", "b").Promise(1, "a", 3).After(FactoryLimits.PromiseMillisecondsMax - 1).Tick();
        Members(factory).ShouldBe(["a.1", "b.1"]);

        factory.Miss(1, "a", "b").After(1).Tick();

        Members(factory).ShouldBe(["a.1"]);
        factory.Job(1).Epoch!.Learners.ShouldBeEmpty("it has not been heard");
        factory.Run(1, "b");
        factory.Job(1).Epoch!.Learners.ShouldBe([new RunMember("b", 1)]);
    }

    [Fact]
    public void Island_that_most_of_the_others_reject_is_set_aside_whatever_its_incarnation_until_the_job_is_placed_anew()
    {
        var factory = Running("a", "b", "c").Reject(1, "a", "c");
        factory.Job(1).Epoch!.Sealed.ShouldBeFalse("one of two others is not most of them");

        factory.Reject(1, "b", "c");
        factory.Job(1).Epoch!.Sealed.ShouldBeTrue();
        factory.Reject(1, "a", "c").Promise(1, "a", 4).Promise(1, "b", 4);

        Members(factory).ShouldBe(["a.1", "b.1"]);
        factory.Job(1).Epoch!.Learners.ShouldBeEmpty();
        factory.ReasonOf(1).ShouldContain("Island c is set aside: 3 of its contributions in a row were refused.");
        Fail(factory, "c");
        factory.Run(1, "c");
        factory.Job(1).Epoch!.Learners.ShouldBeEmpty("its new incarnation is set aside too");
        factory.StateOf(1).ShouldBe(JobState.Running);
    }

    [Fact]
    public void Island_that_rejects_all_others_sets_nobody_aside()
    {
        var factory = Running("a", "b", "c");

        factory.Report("a", factory.Present(1, "a") with { Rejected = [new IslandRejection("b", "why"), new IslandRejection("c", "why")], Progress = new RunProgress { Epoch = 1 } });

        factory.Job(1).Epoch!.Sealed.ShouldBeFalse();
        factory.Job(1).Islands.ShouldAllBe(island => island.SetAside == null);
    }

    [Fact]
    public void Of_two_islands_the_one_that_is_rejected_is_set_aside_and_the_run_ends_with_the_other()
    {
        var factory = Running("a", "b").Reject(1, "a", "b").Promise(1, "a", 7);

        Members(factory).ShouldBe(["a.1"]);
        factory.Report("a", TestFactory.Gang(1, GangState.Finished));

        factory.StateOf(1).ShouldBe(JobState.Completed);
        factory.ReasonOf(1).ShouldContain("B was set aside before the end");
    }

    [Fact]
    public void Member_that_nobody_misses_may_take_a_whole_lease_to_promise()
    {
        var factory = Running("a", "b", "c");
        Fail(factory, "c");
        factory.Promise(1, "a", 3).After(FactoryLimits.PromiseMillisecondsMax).Tick();
        Members(factory).Length.ShouldBe(3);

        factory.After(FactoryLimits.LeaseMilliseconds).Tick();

        Members(factory).ShouldBe(["a.1"]);
    }

    [Theory]
    [InlineData("b", "c", "a.1 b.1")]
    [InlineData("a", "b", "a.1 c.1")]
    public void Cut_between_two_islands_that_both_promise_leaves_out_the_later_one(string one, string other, string members)
    {
        var factory = Running("a", "b", "c").Miss(1, one, other);
        foreach (var site in new[] { "a", "b", "c" })
        {
            factory.Report(site, factory.Present(1, site) with { Promise = new SealPromise(1, 2), Missing = site == one ? [other] : [] });
        }

        Members(factory).ShouldBe(members.Split(' '));
    }

    [Fact]
    public void Job_that_would_rather_wait_keeps_its_members_through_a_cut()
    {
        var factory = Running(PartitionPolicy.Wait, "a", "b").Miss(1, "a", "b").Miss(1, "b", "a").After(10_000).Tick();

        factory.Job(1).Epoch!.Number.ShouldBe(1);
        factory.Job(1).Epoch!.Sealed.ShouldBeFalse();
        factory.StateOf(1).ShouldBe(JobState.Waiting);
        factory.ReasonOf(1).ShouldBe("Waits for the link between a and b, which do not hear each other: with sync.partition: wait nobody goes on alone.");
    }

    [Fact]
    public void Loss_during_a_seal_is_part_of_the_same_change()
    {
        var factory = Running("a", "b", "c");
        Fail(factory, "c");
        factory.Promise(1, "a", 3);

        Fail(factory, "b");

        Members(factory).ShouldBe(["a.1"]);
        factory.Job(1).Epoch!.Number.ShouldBe(2);
    }

    [Fact]
    public void Members_that_hold_no_state_wait_for_one_that_may_and_begin_again_only_when_it_is_dead()
    {
        var factory = Running("a", "b");
        Fail(factory, "b");
        factory.Promise(1, "a", 4).Level(1, "b").Promise(1, "a", 6).Miss(1, "b", "a").Promise(1, "b", -1);
        factory.After(10_000).Tick();
        Members(factory).ShouldBe(["a.1", "b.2"], "only a holds what was final");

        Fail(factory, "a");

        factory.Job(1).Beginnings.ShouldBe(2);
        Members(factory).ShouldBe(["a.2", "b.2"]);
        factory.Job(1).Epoch!.Start.ShouldBe(-1);
    }

    [Theory]
    [InlineData(-1, -1, 2)]
    [InlineData(5, 5, 1)]
    public void Island_that_alone_may_hold_the_run_s_state_and_hangs_is_waited_for_a_minute_and_started_again(long held, long start, int beginnings)
    {
        var factory = Running("a", "b");
        Fail(factory, "b");
        factory.Promise(1, "a", 4).Level(1, "b").Promise(1, "a", 6).Miss(1, "b", "a").Promise(1, "b", held);
        factory.After(FactoryLimits.HolderMillisecondsMax - 1).Tick();
        Members(factory).ShouldBe(["a.1", "b.2"], "only a holds what was final");

        factory.After(1).Tick();

        factory.Job(1).FindIsland("a")!.Incarnation.ShouldBe(2);
        factory.Job(1).Beginnings.ShouldBe(beginnings);
        factory.Job(1).Epoch!.Start.ShouldBe(start);
        Members(factory).ShouldBe(held < 0 ? ["a.2", "b.2"] : ["b.2"]);
    }

    [Fact]
    public void Member_that_waits_for_one_that_has_finished_is_left_behind_and_the_job_ends()
    {
        var factory = Running("a", "b").Report("a", TestFactory.Gang(1, GangState.Finished));
        factory.StateOf(1).ShouldBe(JobState.Running, "b may end by itself");

        factory.Miss(1, "b", "a");

        factory.StateOf(1).ShouldBe(JobState.Completed);
        factory.ReasonOf(1).ShouldBe("Everything planned is merged. B was lost before the end, so its own result is not known.");
    }

    [Fact]
    public void Member_that_waits_for_one_that_was_lost_after_a_third_finished_is_left_behind_and_one_that_waits_for_a_living_one_is_not()
    {
        var factory = Running("a", "b", "c").Report("a", TestFactory.Gang(1, GangState.Finished)).Miss(1, "b", "c");
        factory.StateOf(1).ShouldBe(JobState.Running, "c may be heard again");

        Fail(factory, "c");

        factory.StateOf(1).ShouldBe(JobState.Completed);
    }

    [Fact]
    public void Island_that_hangs_before_another_has_the_state_that_a_run_began_with_is_waited_for_a_minute_and_started_again()
    {
        var factory = Running("a", "b").Miss(1, "b", "a").Promise(1, "b", -1).After(FactoryLimits.HolderMillisecondsMax - 1).Tick();
        factory.Job(1).FindIsland("a")!.Incarnation.ShouldBe(1);

        factory.After(1).Tick();

        factory.Job(1).FindIsland("a")!.Incarnation.ShouldBe(2);
        factory.Job(1).Beginnings.ShouldBe(2);
    }

    [Fact]
    public void Island_that_alone_may_hold_the_run_s_state_is_waited_for_while_its_site_is_not_heard()
    {
        var factory = Running("a", "b");
        Fail(factory, "b");
        factory.Promise(1, "a", 4).Level(1, "b").Promise(1, "a", 6).Miss(1, "b", "a").Promise(1, "b", -1).Lose("a").After(2 * FactoryLimits.HolderMillisecondsMax).Tick();

        Members(factory).ShouldBe(["a.1", "b.2"]);
    }

    [Fact]
    public void Nothing_changes_where_every_member_is_silent_and_none_is_known_to_be_dead()
    {
        var factory = Running("a", "b").Miss(1, "a", "b").Lose("a", "b").After(60_000).Tick();

        Members(factory).ShouldBe(["a.1", "b.1"]);
    }

    private static TestFactory Running(params string[] sites) => Running(PartitionPolicy.Continue, sites);

    private static TestFactory Running(PartitionPolicy partition, params string[] sites)
    {
        var factory = new TestFactory();
        Array.ForEach(sites, site => factory.Join(site));
        var specification = TestFactory.Specification(sites);
        factory.Do(new SubmitJob(specification with { Sync = specification.Sync with { Partition = partition } }));
        return factory.Run(1, sites);
    }

    private static void Fail(TestFactory factory, string site) =>
        factory.Report(site, factory.Present(1, site) with { State = GangState.Failed, Reason = "The bridge was lost.", Retriable = true });

    private static string[] Members(TestFactory factory) => [.. factory.Job(1).Epoch!.Members.Select(member => $"{member.Island}.{member.Incarnation}")];
}
