using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Tests.Bridge;

namespace Superfactory.Sync.Tests.Checkpoints;

/// <summary>Checkpoints of whole runs: cut while trainers go on, and gone on from by the same and by other islands.</summary>
public sealed class CheckpointRunTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sf-");
    private readonly ManualTime _time = new();

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task A_diloco_run_goes_on_from_its_checkpoint_as_if_it_had_never_stopped()
    {
        var job = BridgeHarness.Diloco(every: 2, steps: 8);
        float[] expected;
        await using (var whole = new BridgeHarness(job, "wisconsin", "atlanta"))
        {
            using var trainers = await Trainers.JoinAsync(whole);
            await trainers.TrainAsync(rounds: 4);
            expected = trainers.First.Read("merged", 3);
        }

        CheckpointReport written;
        await using (var first = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => Duty(writes: place == 0), _time))
        {
            using var trainers = await Trainers.JoinAsync(first);
            _time.Advance(TimeSpan.FromSeconds(61));
            await trainers.TrainAsync(rounds: 2);
            written = (await first.EventAsync<BridgeEvent.Checkpointed>(0, said => said.Checkpoint.Round == 1)).Checkpoint;
        }

        written.Ledger.ShouldBe(new LedgerTotals(48, 12, 0, 36));
        (written.Island, written.Finished, written.HasTrainer, written.Steps).ShouldBe(("wisconsin", false, false, 4L));
        await using var second = new BridgeHarness(job, ["wisconsin", "atlanta"], null, _ => From(written));
        using var resumed = await Trainers.JoinAsync(second);
        resumed.First.Round.ShouldBe(1);
        resumed.Begins.ShouldAllBe(begin => (bool)begin["load_merged"]!);
        resumed.Deals[0]["samples"]!.ToJsonString().ShouldBe("""{"segment":0,"ranges":[[0,48]],"stride":6,"offset":0,"batch":4,"planned":48}""");
        await resumed.TrainAsync(rounds: 3);
        resumed.First.Read("merged", 3).ShouldBe(expected);
        await resumed.FinishAsync();
        (await second.EventAsync<BridgeEvent.Finished>(1)).Result.Ledger.ShouldBe(new LedgerTotals(48, 48, 0, 0));
    }

    [Theory]
    [InlineData("wisconsin")]
    [InlineData("iowa", "atlanta", "wisconsin")]
    public async Task Another_number_of_islands_goes_on_from_a_checkpoint_and_merges_each_sample_once(params string[] islands)
    {
        var job = BridgeHarness.Diloco(every: 2, steps: 8);
        CheckpointReport written;
        await using (var first = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => Duty(writes: place == 1), _time))
        {
            using var trainers = await Trainers.JoinAsync(first);
            _time.Advance(TimeSpan.FromSeconds(61));
            await trainers.TrainAsync(rounds: 1);
            written = (await first.EventAsync<BridgeEvent.Checkpointed>(1)).Checkpoint;
        }

        // Only the last island has the checkpoint at its site; the others take the state from it.
        await using var second = new BridgeHarness(job, islands, null, place => place == islands.Length - 1 ? From(written) : From(written) with { From = null });
        using var resumed = await Trainers.JoinAsync(second);
        resumed.Deals[0]["samples"]!["ranges"]!.ToJsonString().ShouldBe("[[12,48]]");
        ((int)resumed.Deals[0]["samples"]!["segment"]!).ShouldBe(1);
        while (!resumed.First.IsFinished)
        {
            await resumed.TrainAsync(rounds: 1);
        }

        await resumed.FinishAsync();
        foreach (var place in Enumerable.Range(0, islands.Length))
        {
            (await second.EventAsync<BridgeEvent.Finished>(place)).Result.Ledger.ShouldBe(new LedgerTotals(48, 48, 0, 0));
        }
    }

    [Theory]
    [InlineData("wisconsin", "atlanta")]
    [InlineData("iowa", "atlanta", "wisconsin")]
    public async Task A_streaming_run_goes_on_from_its_checkpoint_and_deals_again_what_was_merged_in_one_fragment_alone(params string[] islands)
    {
        // A step and a fragment a round: 48 samples in two fragments.
        var job = BridgeHarness.Diloco(every: 2, steps: 8);
        job = job with { Sync = job.Sync with { Mode = SyncMode.Streaming, Fragments = 2 } };
        CheckpointReport written;
        await using (var first = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => Duty(writes: place == 0), _time))
        {
            using var trainers = await Trainers.JoinAsync(first);
            _time.Advance(TimeSpan.FromSeconds(61));
            await trainers.TrainAsync(rounds: 2);
            written = (await first.EventAsync<BridgeEvent.Checkpointed>(0, said => said.Checkpoint.Round == 1)).Checkpoint;
        }

        written.Ledger.ShouldBe(new LedgerTotals(96, 0, 0, 96, 6));
        await using var second = new BridgeHarness(job, islands, null, place => islands[place] == "wisconsin" ? From(written) : From(written) with { From = null });
        using var resumed = await Trainers.JoinAsync(second);
        resumed.First.Round.ShouldBe(1);
        while (!resumed.First.IsFinished)
        {
            await resumed.TrainAsync(rounds: 1);
        }

        await resumed.FinishAsync();
        foreach (var place in Enumerable.Range(0, islands.Length))
        {
            (await second.EventAsync<BridgeEvent.Finished>(place)).Result.Ledger.ShouldBe(new LedgerTotals(96, 96, 0, 0, 6));
        }
    }

    [Fact]
    public async Task A_job_that_is_held_saves_each_trainer_s_own_state_at_one_round_and_gives_it_back()
    {
        var job = BridgeHarness.Diloco(every: 2, steps: 8);
        var written = new CheckpointReport[2];
        await using (var first = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => Duty(writes: false, $"site-{place}")))
        {
            using var trainers = await Trainers.JoinAsync(first);
            await trainers.TrainAsync(rounds: 1);
            await trainers.SaveAsync();
            await first.TellAsync(0, new BridgeCommand.Hold());
            await first.EventAsync<BridgeEvent.Checkpointed>(0);

            // The other one is on its way to a merge that its peer no longer takes part in.
            await trainers.SayMergeAsync(1);
            await first.TellAsync(1, new BridgeCommand.Hold());
            foreach (var place in new[] { 0, 1 })
            {
                written[place] = (await first.EventAsync<BridgeEvent.Checkpointed>(place)).Checkpoint;
            }
        }

        written.ShouldAllBe(each => each.Round == 1 && each.Held && each.HasTrainer);
        written[0].StateHash.ShouldBe(written[1].StateHash);
        await using var second = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => From(written[place]));
        using var resumed = await Trainers.JoinAsync(second);
        resumed.States.ShouldBe(["state of wisconsin", "state of atlanta"]);
    }

    [Fact]
    public async Task A_hold_that_could_not_be_written_is_tried_again_and_training_that_goes_on_is_not_harmed()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 8), ["wisconsin"], null, place => Duty(writes: true, "full"), _time);
        using var trainers = await Trainers.JoinAsync(bridges);
        var full = Path.Combine(_root.FullName, "full");
        await File.WriteAllTextAsync(full, "no directory", TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(61));
        await trainers.TrainAsync(rounds: 1);
        (await bridges.EventAsync<BridgeEvent.CheckpointFailed>(0)).Reason.ShouldStartWith("Island wisconsin could not write the checkpoint after round 1:");
        File.Delete(full);

        _time.Advance(CheckpointClerk.RetryAfter);
        await bridges.TellAsync(0, new BridgeCommand.Hold());

        (await bridges.EventAsync<BridgeEvent.Checkpointed>(0)).Checkpoint.Round.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_goes_on_after_all_merges_what_it_held_back()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 8), ["wisconsin", "atlanta"], null, place => Duty(writes: false, $"site-{place}"));
        using var trainers = await Trainers.JoinAsync(bridges);
        await bridges.TellAsync(0, new BridgeCommand.Hold());
        await bridges.EventAsync<BridgeEvent.Checkpointed>(0);
        await trainers.SayMergeAsync(0);
        await trainers.SayMergeAsync(1);

        await bridges.TellAsync(0, new BridgeCommand.GoOn());

        await trainers.ExpectMergedAsync();
        trainers.First.Round.ShouldBe(1);
    }

    [Fact]
    public async Task In_every_step_the_trainer_s_copy_is_taken_before_its_contribution_and_given_to_who_goes_on()
    {
        var job = BridgeHarness.EveryStep(steps: 4);
        CheckpointReport written;
        await using (var first = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => Duty(writes: place == 0), _time))
        {
            using var trainers = await Trainers.JoinAsync(first);
            await trainers.TrainAsync(rounds: 1);
            _time.Advance(TimeSpan.FromSeconds(61));
            await trainers.SayMergeAsync(0);
            await trainers.SayMergeAsync(1);
            await trainers.CopyStateAsync(0);
            await trainers.ExpectMergedAsync();
            written = (await first.EventAsync<BridgeEvent.Checkpointed>(0)).Checkpoint;
        }

        (written.Round, written.HasTrainer, written.Ledger).ShouldBe((1L, true, new LedgerTotals(24, 6, 0, 18)));
        await using var second = new BridgeHarness(job, ["wisconsin", "atlanta"], null, place => From(written));
        using var resumed = await Trainers.JoinAsync(second);
        resumed.States.ShouldBe(["state of wisconsin", "state of wisconsin"]);
        resumed.First.Round.ShouldBe(1);
        await resumed.TrainAsync(rounds: 3);
        await resumed.FinishAsync();
        (await second.EventAsync<BridgeEvent.Finished>(0)).Result.Ledger.ShouldBe(new LedgerTotals(24, 24, 0, 0));
    }

    [Fact]
    public async Task In_every_step_an_island_that_waits_for_one_that_was_held_first_saves_the_same_step()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.EveryStep(steps: 4), ["wisconsin", "atlanta"], null, place => Duty(writes: false, $"site-{place}"));
        using var trainers = await Trainers.JoinAsync(bridges);
        await trainers.TrainAsync(rounds: 1);
        await trainers.SayMergeAsync(1);
        await bridges.EventAsync<BridgeEvent.Progress>(1, progress => progress.Value.Waiting?.Contains("wisconsin to contribute") == true);

        await bridges.TellAsync(0, new BridgeCommand.Hold());
        await bridges.TellAsync(1, new BridgeCommand.Hold());
        await trainers.CopyStateAsync(1);
        await trainers.SayMergeAsync(0);
        await trainers.CopyStateAsync(0);

        foreach (var place in new[] { 0, 1 })
        {
            var written = (await bridges.EventAsync<BridgeEvent.Checkpointed>(place)).Checkpoint;
            (written.Round, written.Held, written.HasTrainer).ShouldBe((1L, true, true));
        }
    }

    [Fact]
    public async Task The_end_of_a_run_is_a_checkpoint_of_its_result_before_the_run_is_said_to_be_over()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.EveryStep(steps: 1), ["wisconsin", "atlanta"], null, place => Duty(writes: place == 0), _time);
        using var trainers = await Trainers.JoinAsync(bridges);
        await trainers.TrainAsync(rounds: 1);
        trainers.First.Write("local", 5, 6, 7);
        await trainers.FinishAsync();
        await bridges.EventAsync<BridgeEvent.Finished>(0);

        var written = bridges.Events(0).OfType<BridgeEvent.Checkpointed>().ShouldHaveSingleItem().Checkpoint;
        written.Finished.ShouldBeTrue();
        CheckpointLoader.Load(written.Directory, written.Seal).Value.ShouldNotBeNull().Parameters.ToArray().ShouldBe([5, 6, 7]);
    }

    [Fact]
    public async Task A_model_of_another_shape_is_refused_by_the_first_tensor_that_differs()
    {
        var written = await WrittenAsync();
        await using var second = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 8), ["wisconsin"], null, _ => From(written));
        using var trainer = await second.ConnectAsync(0);
        await trainer.HelloAsync();
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 4));

        await trainer.SendAsync("""{"type":"start"}""");

        ((string)(await trainer.ExpectAsync("failed"))["reason"]!).ShouldContain("the trainer registers 'w' [4] float32 where the checkpoint registers 'w' [3] float32. Restore it with the model that it was made with.");
        (await second.EventAsync<BridgeEvent.Failed>(0)).Retriable.ShouldBeFalse();
    }

    [Theory]
    [InlineData("wisconsin", "atlanta", 1, "The trainer of wisconsin now draws batches of 4 from 1000 samples of 'other numbers', where before it draws batches of 4 from 1000 samples of 'numbers'")]
    [InlineData("wisconsin", "iowa", 2, "before it was 'numbers' with 1000")]
    public async Task A_dataset_that_is_another_than_before_is_refused_by_both_names(string first, string second, int declaring, string expected)
    {
        var written = await WrittenAsync();
        await using var bridges = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 8), [first, second], null, _ => From(written));
        using var trainers = await Trainers.JoinAsync(bridges, declare: false);

        foreach (var trainer in trainers.All.Take(declaring))
        {
            await trainer.SendAsync("""{"type":"data","count":1000,"batch":4,"dataset":"other numbers"}""");
        }

        (await bridges.EventAsync<BridgeEvent.Failed>(0)).Reason.ShouldContain(expected);
    }

    [Fact]
    public async Task A_run_whose_checkpoint_no_island_has_fails_and_begins_with_nobody_s_own()
    {
        await using var bridges = new BridgeHarness(
            BridgeHarness.Diloco(every: 2, steps: 8), ["wisconsin", "atlanta"], null, _ => Duty(writes: false) with { Restores = true });
        foreach (var place in new[] { 0, 1 })
        {
            var trainer = await bridges.ConnectAsync(place);
            await trainer.HelloAsync();
            await trainer.RegisterAsync(TrainerClient.Parameter("w", 3));
            await trainer.SendAsync("""{"type":"start"}""");
        }

        (await bridges.EventAsync<BridgeEvent.Failed>(0)).Reason.ShouldBe("No island of the run could read its checkpoint.");
    }

    private async Task<CheckpointReport> WrittenAsync()
    {
        await using var bridges = new BridgeHarness(BridgeHarness.Diloco(every: 2, steps: 8), ["wisconsin", "atlanta"], null, place => Duty(writes: place == 0), _time);
        using var trainers = await Trainers.JoinAsync(bridges);
        _time.Advance(TimeSpan.FromSeconds(61));
        await trainers.TrainAsync(rounds: 1);
        return (await bridges.EventAsync<BridgeEvent.Checkpointed>(0)).Checkpoint;
    }

    private CheckpointDuty Duty(bool writes, string site = "site") => new() { Directory = Path.Combine(_root.FullName, site), EverySeconds = 60, Writes = writes };

    private CheckpointDuty From(CheckpointReport written) => Duty(writes: false, "later") with { Restores = true, From = written.Directory, FromSeal = written.Seal };
}
