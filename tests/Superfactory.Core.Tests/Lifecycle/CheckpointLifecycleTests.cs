using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What becomes of checkpoints, and of runs that go back to them.</summary>
public sealed class CheckpointLifecycleTests
{
    [Fact]
    public void Checkpoint_that_a_bridge_wrote_is_sealed_numbered_and_copied_to_the_other_island_s_site()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin"));

        var copy = factory.State.Copies.Values.ShouldHaveSingleItem();
        copy.Source.ToString().ShouldBe("wisconsin:/checkpoints/1/round-00000010-shared");
        copy.Destination.ToString().ShouldBe("atlanta:/checkpoints/1/round-00000010-shared");
        factory.Arrive();
        var sealed1 = factory.Job(1).Checkpoints.ShouldHaveSingleItem();
        (sealed1.Number, sealed1.Round, sealed1.WholeCopies).ShouldBe((1L, 10L, 2));
        factory.State.Copies.Count.ShouldBe(1, "two copies were asked for");
    }

    [Fact]
    public void Newest_are_kept_and_the_rest_is_deleted_where_it_lies_until_it_is_gone()
    {
        var factory = Running();
        for (var round = 1; round <= 4; round++)
        {
            factory.Lie("wisconsin", [.. Enumerable.Range(1, round).Select(each => TestFactory.Checkpoint(1, each, "wisconsin"))]).Arrive();
        }

        var first = factory.Job(1).FindCheckpoint(1).ShouldNotBeNull();
        first.Expired.ShouldBe("The job keeps the newest 3.");
        InstructionsReader.Read(factory.State, "atlanta").Checkpoints.ShouldContain(each => each.Name == "round-00000001-shared" && each.Remove);
        factory.Lie("wisconsin", [.. Enumerable.Range(2, 3).Select(each => TestFactory.Checkpoint(1, each, "wisconsin"))]);
        factory.Lie("atlanta", [.. Enumerable.Range(2, 3).Select(each => TestFactory.Checkpoint(1, each, "wisconsin"))]);
        factory.Job(1).FindCheckpoint(1).ShouldBeNull();
    }

    [Fact]
    public void Damaged_checkpoints_take_no_place_of_one_that_a_run_can_go_back_to()
    {
        var factory = Running(copies: 1).Lie("wisconsin", TestFactory.Checkpoint(1, 1, "wisconsin"));
        for (var round = 2; round <= 5; round++)
        {
            factory.Lie("wisconsin", [TestFactory.Checkpoint(1, 1, "wisconsin"), .. Enumerable.Range(2, round - 2).Select(Torn), TestFactory.Checkpoint(1, round, "wisconsin")]);
            factory.Lie("wisconsin", [TestFactory.Checkpoint(1, 1, "wisconsin"), .. Enumerable.Range(2, round - 1).Select(Torn)]);
        }

        factory.Job(1).Checkpoints.Where(checkpoint => checkpoint.Expired is null).Select(checkpoint => (checkpoint.Number, checkpoint.IsUsable)).ShouldBe([(1, true), (3, false), (4, false), (5, false)]);
        factory.Lose("atlanta", "wisconsin").Join("wisconsin", "s2").Join("atlanta", "s2");
        factory.Job(1).Resume.ShouldBe(new ResumePoint(1, 1));

        static CheckpointReport Torn(int round) => TestFactory.Checkpoint(1, round, "wisconsin", problem: "The checkpoint's part history.bin was altered.");
    }

    [Fact]
    public void Damaged_checkpoint_is_not_kept_longer_than_a_whole_one_would_be()
    {
        var factory = Running(copies: 1).Lie("wisconsin", TestFactory.Checkpoint(1, 1, "wisconsin")).Lie("wisconsin", TestFactory.Checkpoint(1, 1, "wisconsin", problem: "cut short"));
        for (var round = 2; round <= 4; round++)
        {
            factory.Job(1).FindCheckpoint(1)!.Expired.ShouldBeNull();
            factory.Lie("wisconsin", [TestFactory.Checkpoint(1, 1, "wisconsin", problem: "cut short"), .. Enumerable.Range(2, round - 1).Select(each => TestFactory.Checkpoint(1, each, "wisconsin"))]);
        }

        factory.Job(1).FindCheckpoint(1)!.Expired.ShouldBe("The job keeps the newest 3.");
    }

    [Fact]
    public void Checkpoint_of_the_most_rounds_is_kept_also_where_those_of_fewer_are_heard_of_after_it()
    {
        // Atlanta was cut off, and tells late of what it wrote before: more than are kept.
        var factory = Running(copies: 1).Lie("wisconsin", TestFactory.Checkpoint(1, 20, "wisconsin"));

        factory.Lie("atlanta", [.. Enumerable.Range(11, 4).Select(round => TestFactory.Checkpoint(1, round, "atlanta"))]);

        factory.Job(1).FindCheckpoint(1)!.Expired.ShouldBeNull("a run that goes back goes back to it");
        factory.Job(1).Checkpoints.Count(checkpoint => checkpoint.Expired is null).ShouldBe(4);
    }

    [Fact]
    public void Copy_that_arrived_is_whole_although_its_site_had_listed_what_lies_there_before_it_came()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive();

        // The agent's table tells of the copy when it was asked for it by name; this list is of something else that changed there.
        factory.Lie("atlanta");
        factory.Job(1).Checkpoints[0].WholeCopies.ShouldBe(2);
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 10, "wisconsin"));
        factory.Job(1).Checkpoints[0].WholeCopies.ShouldBe(2);

        factory.Lie("atlanta");
        factory.Job(1).Checkpoints[0].At("atlanta")!.Problem.ShouldBe("The copy at site atlanta is no longer there.", "it was listed, and is no more");
    }

    [Fact]
    public void Copy_that_arrived_and_that_the_list_of_an_agent_started_anew_lacks_is_gone_though_no_list_had_it_before()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive();
        factory.Lose("atlanta").Join("atlanta", "s2");
        factory.Job(1).Checkpoints[0].WholeCopies.ShouldBe(2);

        factory.Lie("atlanta");
        factory.Job(1).Checkpoints[0].At("atlanta")!.Problem.ShouldBe("The copy at site atlanta is no longer there.");
    }

    [Fact]
    public void Age_alone_takes_what_an_ended_job_kept()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive();
        factory.Do(new CancelJob(1));

        factory.After(8L * 24 * 60 * 60 * 1000).Do(new Tick(System.Collections.Immutable.ImmutableSortedDictionary<string, long>.Empty));

        factory.Job(1).FindCheckpoint(1)!.Expired.ShouldBe("It is older than the job keeps checkpoints for.");
    }

    [Fact]
    public void Run_whose_every_island_was_lost_goes_back_to_its_newest_checkpoint_and_says_so()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive()
            .Lose("atlanta", "wisconsin").Join("wisconsin", "s2").Join("atlanta", "s2");

        factory.Journal.OfType<RunRestarted>().ShouldHaveSingleItem().Checkpoint.ShouldBe(1);
        factory.ReasonOf(1).ShouldContain("it goes back to checkpoint 1, after 10 rounds.");
        foreach (var site in new[] { "wisconsin", "atlanta" })
        {
            var told = InstructionsReader.Read(factory.State, site).Gangs.ShouldHaveSingleItem().Checkpoints.ShouldNotBeNull();
            (told.Restores, told.From?.Name, told.Writes).ShouldBe((true, "round-00000010-shared", site == "wisconsin"));
        }
    }

    [Fact]
    public void Islands_that_fail_now_and_then_are_started_again_as_long_as_checkpoints_show_that_they_get_on()
    {
        var factory = Running();
        for (var beginning = 1; beginning <= 2 * FactoryLimits.IslandRestartsMax; beginning++)
        {
            var epoch = factory.Job(1).Epoch!.Number;
            factory.Lie("wisconsin", TestFactory.Checkpoint(1, 10 * beginning, "wisconsin", epoch)).Arrive();
            foreach (var site in new[] { "wisconsin", "atlanta" })
            {
                factory.Report(site, TestFactory.Gang(1, GangState.Failed, factory.Present(1, site).Incarnation, "The bridge was lost.", retriable: true));
            }

            factory.Run(1, "wisconsin", "atlanta");
            factory.Job(1).End.ShouldBeNull($"beginning {beginning}");
        }

        factory.Journal.OfType<RunRestarted>().Count().ShouldBe(2 * FactoryLimits.IslandRestartsMax);
    }

    [Fact]
    public void Islands_that_fail_again_and_again_before_they_get_on_end_their_job()
    {
        var factory = Running();
        for (var beginning = 0; beginning <= FactoryLimits.IslandRestartsMax; beginning++)
        {
            factory.Job(1).End.ShouldBeNull();
            factory.Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin", 1)).Arrive();
            foreach (var site in new[] { "wisconsin", "atlanta" })
            {
                if (factory.Job(1).End is null)
                {
                    factory.Report(site, TestFactory.Gang(1, GangState.Failed, factory.Present(1, site).Incarnation, "The bridge was lost.", retriable: true));
                }
            }
        }

        factory.Job(1).End!.Reason.ShouldContain("failed each time");
    }

    [Fact]
    public void Island_that_was_started_to_learn_before_the_last_member_was_lost_is_started_again_from_the_checkpoint()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive().Lose("atlanta", "wisconsin").Join("wisconsin", "s2");
        var learns = InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldHaveSingleItem();
        (learns.Incarnation, learns.Checkpoints!.Restores).ShouldBe((2, false), "atlanta may still hold the run's state");

        factory.Join("atlanta", "s2");

        var restores = InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldHaveSingleItem();
        (restores.Incarnation, restores.Checkpoints!.Restores).ShouldBe((3, true), "what a gang goes on from is told at its start alone");
        factory.Job(1).Epoch!.Members.ShouldBe([new RunMember("wisconsin", 3), new RunMember("atlanta", 2)]);
    }

    [Fact]
    public void Damaged_checkpoint_gives_way_to_the_one_before_it()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive()
            .Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin"), TestFactory.Checkpoint(1, 20, "wisconsin"))
            .Lose("atlanta", "wisconsin").Join("wisconsin", "s2").Join("atlanta", "s2");
        factory.Job(1).Resume.ShouldBe(new ResumePoint(1, 2));

        factory.Do(new ReportGangs("wisconsin", "s2", [TestFactory.Gang(1, GangState.Failed, 3, "altered", retriable: true)])
        {
            Checkpoints = [TestFactory.Checkpoint(1, 10, "wisconsin"), TestFactory.Checkpoint(1, 20, "wisconsin", problem: "The checkpoint's part history.bin was altered.")],
        });

        factory.Job(1).Resume.ShouldBe(new ResumePoint(1, 2), "atlanta may have begun from it");
        factory.Promise(1, "atlanta", -1);
        factory.Job(1).Resume.ShouldBe(new ResumePoint(1, 1));
        factory.Job(1).FindCheckpoint(2)!.Copies.ShouldContain(copy => copy.Problem == "The checkpoint's part history.bin was altered.");
    }

    [Fact]
    public void Island_that_was_started_before_the_run_went_back_is_started_anew_and_told_of_the_checkpoint()
    {
        // Wisconsin's agent is back first: while atlanta may still hold the state, its island is started to learn from there.
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive().Lose("atlanta", "wisconsin").Join("wisconsin", "s2");
        InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldHaveSingleItem().Checkpoints!.Restores.ShouldBeFalse();
        var before = factory.Job(1).Islands.Single(island => island.Site == "wisconsin").Incarnation;

        factory.Join("atlanta", "s2");

        var told = InstructionsReader.Read(factory.State, "wisconsin").Gangs.ShouldHaveSingleItem();
        (told.Incarnation, told.Checkpoints!.Restores, told.Checkpoints.From?.Name).ShouldBe((before + 1, true, "round-00000010-shared"));
        factory.Job(1).Islands.ShouldAllBe(island => island.Failures == 0, "a start for no fault of its own counts against nobody");
    }

    [Fact]
    public void Run_of_which_nobody_said_that_it_had_begun_goes_back_all_the_same()
    {
        var factory = new TestFactory().Join("wisconsin").Join("atlanta").Submit("wisconsin", "atlanta")
            .Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin"))
            .Lose("atlanta", "wisconsin").Join("wisconsin", "s2").Join("atlanta", "s2");

        factory.Job(1).Resume.ShouldBe(new ResumePoint(1, 1));
        factory.Job(1).LineageEpoch.ShouldBe(2, "a checkpoint of the first epoch that is heard of later is not in the history");
    }

    [Fact]
    public void Job_that_goes_on_at_another_site_waits_until_the_checkpoint_is_there()
    {
        var factory = Running().Join("iowa").Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive();

        factory.Do(new RestoreJob(1, null, ["iowa"], 0));

        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.ReasonOf(2).ShouldBe("Waits for checkpoint 1 of job 1 to be copied to iowa.");
        factory.Arrive();
        var gang = InstructionsReader.Read(factory.State, "iowa").Gangs.ShouldHaveSingleItem();
        (gang.Job, gang.Checkpoints!.From!.Job, gang.Specification.Sites.Length).ShouldBe((2L, 1L, 1));
        factory.Job(1).Islands.ShouldAllBe(island => island.Standing == IslandStanding.Wanted, "the job itself goes its own way");
    }

    [Fact]
    public void Rollback_starts_every_island_anew_and_leaves_what_came_after_behind()
    {
        var factory = Running()
            .Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive()
            .Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin"), TestFactory.Checkpoint(1, 20, "wisconsin"));

        factory.Do(new RollBackJob(1, 1)).Select(record => record.GetType().Name).ShouldBe(["JobRolledBack", "SealOrdered", "IslandRestarted", "IslandRestarted", "EpochDecided"]);

        factory.Job(1).FindCheckpoint(2)!.Abandoned.ShouldBeTrue();
        factory.Job(1).Islands.Select(island => island.Incarnation).ShouldBe([2, 2]);

        // What was written before and is heard of now is not in the history any more.
        factory.Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin"), TestFactory.Checkpoint(1, 20, "wisconsin"), TestFactory.Checkpoint(1, 30, "wisconsin"));
        factory.Job(1).FindCheckpoint(3)!.Abandoned.ShouldBeTrue();
        factory.Lose("atlanta", "wisconsin").Join("wisconsin", "s2").Join("atlanta", "s2");
        factory.Job(1).Resume.ShouldBe(new ResumePoint(1, 1));
    }

    [Fact]
    public void Rollback_of_a_job_that_has_ended_places_it_again_with_higher_incarnations()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive();
        factory.Do(new CancelJob(1));
        factory.Try(new RollBackJob(1, 1)).Refusal!.Problems[0].Message.ShouldBe("Job 1 is still being stopped.");
        factory.Report("wisconsin").Report("atlanta");

        factory.Do(new RollBackJob(1, 1));

        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.Job(1).Islands.Select(island => island.Incarnation).ShouldBe([2, 2]);
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldHaveSingleItem().Checkpoints!.From!.Name.ShouldBe("round-00000010-shared");
    }

    [Fact]
    public void Held_job_stops_when_every_island_has_saved_the_same_round_and_gives_its_slots_back()
    {
        var factory = Running();
        factory.Do(new HoldJob(1));
        InstructionsReader.Read(factory.State, "atlanta").Gangs[0].Checkpoints!.Hold.ShouldBeTrue();
        factory.Lie("wisconsin", TestFactory.Checkpoint(1, 7, "wisconsin", held: true));
        factory.ReasonOf(1).ShouldBe("Is being held: waits for atlanta to save.");

        factory.Lie("atlanta", TestFactory.Checkpoint(1, 7, "atlanta", held: true));

        factory.StateOf(1).ShouldBe(JobState.Held);
        InstructionsReader.Read(factory.State, "atlanta").Gangs.ShouldBeEmpty();
        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1], "until the site says that the gang stopped");
        factory.Submit("wisconsin", "atlanta");
        factory.Report("wisconsin").Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting, "another job has the slots");

        factory.Do(new ReleaseJob(1));
        factory.StateOf(1).ShouldBe(JobState.Queued);
        factory.Do(new CancelJob(2));
        factory.Report("wisconsin").Report("atlanta");
        factory.StateOf(1).ShouldBe(JobState.Starting);
        InstructionsReader.Read(factory.State, "atlanta").Gangs[0].Checkpoints!.From!.Name.ShouldBe("round-00000007-atlanta", "each trainer gets its own state back");
    }

    [Fact]
    public void Hold_that_is_taken_back_lets_the_islands_go_on()
    {
        var factory = Running();
        factory.Do(new HoldJob(1));

        factory.Do(new ReleaseJob(1));

        InstructionsReader.Read(factory.State, "atlanta").Gangs[0].Checkpoints!.Hold.ShouldBeFalse();
        factory.Lie("wisconsin", TestFactory.Checkpoint(1, 7, "wisconsin", held: true)).Lie("atlanta", TestFactory.Checkpoint(1, 7, "atlanta", held: true));
        factory.StateOf(1).ShouldBe(JobState.Running, "what was saved for a hold that was taken back stops nothing");
    }

    [Fact]
    public void Island_that_cannot_write_gives_the_task_to_the_next()
    {
        var factory = Running();

        factory.Report("wisconsin", TestFactory.Gang(1, GangState.Running) with { CheckpointFailures = 1, CheckpointFailure = "The disk is full." });

        InstructionsReader.Read(factory.State, "wisconsin").Gangs[0].Checkpoints!.Writes.ShouldBeFalse();
        InstructionsReader.Read(factory.State, "atlanta").Gangs[0].Checkpoints!.Writes.ShouldBeTrue();
    }

    [Fact]
    public void What_was_verified_is_noted_and_what_is_wrong_is_named()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin")).Arrive();
        factory.Do(new VerifyCheckpoints(1));
        InstructionsReader.Read(factory.State, "atlanta").Checkpoints.ShouldHaveSingleItem().Verify.ShouldBe(1);

        factory.Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin", verified: 1));
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 10, "wisconsin", problem: "cut short", verified: 1));

        factory.Job(1).Checkpoints[0].At("wisconsin")!.VerifiedAt.ShouldBe(factory.Now);
        factory.Job(1).Checkpoints[0].At("atlanta").ShouldBe(factory.Job(1).Checkpoints[0].At("atlanta")! with { Standing = CheckpointStanding.Damaged, Problem = "cut short", Verified = 1 });
    }

    [Theory]
    [InlineData(9, "There is no job 9.")]
    [InlineData(1, "Job 1 has no checkpoint 5; it has 1.")]
    public void What_is_not_there_is_refused(long job, string expected)
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin"));

        factory.Try(new RollBackJob(job, 5)).Refusal!.Problems[0].Message.ShouldBe(expected);
        factory.Try(new RestoreJob(job, 5, [], 0)).Refusal!.Problems[0].Message.ShouldBe(expected);
    }

    [Fact]
    public void End_of_a_run_cannot_be_gone_on_from_in_a_new_job()
    {
        var factory = Running().Lie("wisconsin", TestFactory.Checkpoint(1, 10, "wisconsin", finished: true));

        factory.Try(new RestoreJob(1, 1, [], 0)).Refusal!.Problems[0].Message.ShouldBe("Checkpoint 1 of job 1 is of its end: everything planned is merged in it.");
    }

    private static TestFactory Running() => new TestFactory().Join("wisconsin").Join("atlanta").Submit("wisconsin", "atlanta").Run(1, "wisconsin", "atlanta");

    private static TestFactory Running(int copies)
    {
        var (factory, specification) = (new TestFactory().Join("wisconsin").Join("atlanta"), TestFactory.Specification("wisconsin", "atlanta"));
        factory.Do(new SubmitJob(specification with { Checkpoint = specification.Checkpoint with { Copies = copies } }));
        return factory.Run(1, "wisconsin", "atlanta");
    }
}
