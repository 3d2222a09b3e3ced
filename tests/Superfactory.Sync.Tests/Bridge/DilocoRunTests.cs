using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Whole runs of two bridges in diloco mode, with trainers that only speak the protocol.</summary>
public sealed class DilocoRunTests : IAsyncLifetime
{
    private static readonly string HashOfModel = new('a', 64);

    private readonly BridgeHarness _bridges = new(BridgeHarness.Diloco(every: 2, steps: 4), "wisconsin", "atlanta");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bridges.DisposeAsync();

    [Fact]
    public async Task Two_islands_merge_by_the_formula_and_finish_together()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using var atlanta = await JoinAsync(1, [9, 9, 9]);
        var begins = await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());

        ((bool)begins[0]["load_merged"]!).ShouldBeFalse();
        ((bool)begins[1]["load_merged"]!).ShouldBeTrue();
        begins[0]["turn"]!.ToJsonString().ShouldBe("""{"round":0,"steps":2,"first_turn":0,"progress":0,"finished":false,"segment":0}""");
        atlanta.Read("merged", 3).ShouldBe([1, 2, 3]);
        atlanta.ReadStatics(2).ShouldBe([10, 20]);

        // Differences from the global model of (1, 0, 0) and (0, 1, 0) with weights of 1 and 3 quarters.
        wisconsin.Write("local", 0, 2, 3);
        atlanta.Write("local", 1, 1, 3);
        var merged = await Task.WhenAll(wisconsin.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));

        foreach (var (trainer, answer) in new[] { (wisconsin, merged[0]), (atlanta, merged[1]) })
        {
            ((long)answer["tokens"]!).ShouldBe(400);
            ((double)answer["loss"]!).ShouldBe(1.0);
            ((bool)answer["reset"]!).ShouldBeFalse();
            trainer.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
            trainer.Write("local", 0.8125f, 1.4375f, 3);
        }

        await Task.WhenAll(wisconsin.MergeAsync(100, 100), atlanta.MergeAsync(100, 100));
        wisconsin.Read("merged", 3).ShouldBe([0.78125f, 1.34375f, 3]);
        atlanta.Read("merged", 3).ShouldBe([0.78125f, 1.34375f, 3]);

        await FinishAsync(wisconsin, atlanta);
        foreach (var island in new[] { 0, 1 })
        {
            (await _bridges.ExitAsync(island)).ShouldBe(0);
            var result = (await _bridges.EventAsync<BridgeEvent.Finished>(island)).Result;
            result.ParametersSha256.ShouldBe(HashOfModel);
            result.Tokens.ShouldBe(island == 0 ? 200 : 400);
            result.Rounds.ShouldBe(2);
            result.ParameterBytes.ShouldBe(12);
            result.TrainingSeconds.ShouldBe(1.5);
            result.Values["validation_loss_final"].ShouldBe(0.25);
            result.Texts["sample"].ShouldBe("text");
            result.Ledger.ShouldBeNull();
        }

        _bridges.Arenas().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_tells_that_it_runs_how_far_it_is_and_that_it_is_over_in_this_order()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        while (!wisconsin.IsFinished)
        {
            await Task.WhenAll(wisconsin.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
        }

        await FinishAsync(wisconsin, atlanta);
        await _bridges.ExitAsync(0);

        var events = _bridges.Events(0);
        events[0].ShouldBeOfType<BridgeEvent.Ready>();
        events.OfType<BridgeEvent.Running>().Count().ShouldBe(1);
        events.OfType<BridgeEvent.Progress>().Select(progress => progress.Value.Fraction).ShouldBeInOrder();
        events.OfType<BridgeEvent.Progress>().Last().Value.Fraction.ShouldBe(1);
        events.OfType<BridgeEvent.Measurement>().Select(measured => (measured.Step, measured.Values["loss"])).ShouldBe([(2, 2.5), (4, 2.5)]);
        events[^1].ShouldBeOfType<BridgeEvent.Finished>();
    }

    [Fact]
    public async Task Samples_are_dealt_to_islands_that_declare_their_data()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());

        var deals = await Task.WhenAll(wisconsin.DataAsync(1000, 4), atlanta.DataAsync(1000, 2));

        deals[0]["samples"]!.ToJsonString().ShouldBe("""{"segment":0,"ranges":[[0,24]],"stride":6,"offset":0,"batch":4,"planned":24}""");
        deals[1]["samples"]!.ToJsonString().ShouldBe("""{"segment":0,"ranges":[[0,24]],"stride":6,"offset":4,"batch":2,"planned":24}""");
        while (!wisconsin.IsFinished)
        {
            await Task.WhenAll(wisconsin.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
        }

        await FinishAsync(wisconsin, atlanta);
        (await _bridges.EventAsync<BridgeEvent.Finished>(1)).Result.Ledger.ShouldBe(new LedgerTotals(24, 24, 0, 0));
    }

    [Fact]
    public async Task A_loss_that_is_no_number_resets_its_island_and_leaves_the_model_alone()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        wisconsin.Write("local", float.NaN, 2, 3);
        atlanta.Write("local", 1, 1, 3);

        var merged = await Task.WhenAll(wisconsin.MergeAsync(100, "NaN"), atlanta.MergeAsync(300, 150));

        ((bool)merged[0]["reset"]!).ShouldBeTrue();
        ((bool)merged[1]["reset"]!).ShouldBeFalse();
        ((long)merged[0]["tokens"]!).ShouldBe(300);
        wisconsin.Read("merged", 3).ShouldBe([1, 1.25f, 3]);
        atlanta.Read("merged", 3).ShouldBe([1, 1.25f, 3]);
    }

    [Fact]
    public async Task Trainers_that_register_different_tensors_fail_the_run_by_name()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using var atlanta = await _bridges.ConnectAsync(1);
        await atlanta.HelloAsync();
        await atlanta.RegisterAsync(TrainerClient.Parameter("w", 2, 2), TrainerClient.Tensor("n", "uint8", "buffer", 2, 2));
        await wisconsin.SendAsync("""{"type":"start"}""");
        await atlanta.SendAsync("""{"type":"start"}""");

        foreach (var (place, trainer) in new[] { (0, wisconsin), (1, atlanta) })
        {
            var reason = (string)(await trainer.ExpectAsync("failed"))["reason"]!;
            reason.ShouldContain("'w'");
            trainer.Dispose();
            (await _bridges.ExitAsync(place)).ShouldBe(1);
            (await _bridges.EventAsync<BridgeEvent.Failed>(place)).Reason.ShouldBe(reason);
        }

        _bridges.Arenas().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_trainer_that_restarts_begins_its_round_again_with_the_state_it_saved()
    {
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        string saved;
        using (var first = await JoinAsync(0, [1, 2, 3]))
        {
            await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());
            first.Write("local", 0, 2, 3);
            atlanta.Write("local", 1, 1, 3);
            await Task.WhenAll(first.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
            saved = (string)first.Arena["path"]! + ".state-0";
            await File.WriteAllTextAsync(saved, "moments", TestContext.Current.CancellationToken);
            await first.AskAsync(new() { ["type"] = "saved", ["round"] = first.Round, ["path"] = saved }, "ok");
        }

        using var second = await JoinAsync(0, [7, 7, 7]);
        var begin = await second.StartAsync();

        second.Round.ShouldBe(1);
        ((bool)begin["load_merged"]!).ShouldBeTrue();
        ((string)begin["state"]!).ShouldBe(saved);
        second.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
        second.Write("local", 0.8125f, 1.4375f, 3);
        atlanta.Write("local", 0.8125f, 1.4375f, 3);
        await Task.WhenAll(second.MergeAsync(100, 100), atlanta.MergeAsync(100, 100));
        second.Read("merged", 3).ShouldBe([0.78125f, 1.34375f, 3]);
        await FinishAsync(second, atlanta);
        (await _bridges.ExitAsync(0)).ShouldBe(0);
    }

    [Fact]
    public async Task A_trainer_said_to_be_lost_makes_room_for_the_next_although_its_connection_stands()
    {
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        using var first = await JoinAsync(0, [1, 2, 3], EndedProcess());
        await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());

        await _bridges.TellAsync(0, new BridgeCommand.TrainerLost());

        (await first.ReceiveAsync()).ShouldBeNull();
        using var second = await JoinAsync(0, [7, 7, 7]);
        ((bool)(await second.StartAsync())["load_merged"]!).ShouldBeTrue();
        second.Read("merged", 3).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Word_of_a_lost_trainer_that_comes_after_the_next_one_connected_does_not_drop_it()
    {
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        using var next = await JoinAsync(0, [1, 2, 3]);

        await _bridges.TellAsync(0, new BridgeCommand.TrainerLost());

        await Task.WhenAll(next.StartAsync(), atlanta.StartAsync());
        next.Write("local", 0, 2, 3);
        atlanta.Write("local", 0, 2, 3);
        await Task.WhenAll(next.MergeAsync(100, 100), atlanta.MergeAsync(100, 100));
    }

    [Fact]
    public async Task A_contribution_outlives_the_trainer_that_made_it()
    {
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        using (var first = await JoinAsync(0, [1, 2, 3]))
        {
            await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());
            first.Write("local", 0, 2, 3);
            await first.SayMergeAsync(100, 250);
            await _bridges.EventAsync<BridgeEvent.Progress>(0, progress => progress.Value.Waiting?.Contains("contribute") == true);
        }

        using var second = await JoinAsync(0, [7, 7, 7]);
        var starting = second.StartAsync();
        atlanta.Write("local", 1, 1, 3);
        await atlanta.MergeAsync(300, 150);
        await starting;

        atlanta.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
        second.Round.ShouldBe(1);
        second.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
    }

    [Fact]
    public async Task A_bridge_that_lost_its_memory_takes_the_run_from_its_peer()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using (var first = await JoinAsync(1, [1, 2, 3]))
        {
            await Task.WhenAll(wisconsin.StartAsync(), first.StartAsync());
            wisconsin.Write("local", 0, 2, 3);
            first.Write("local", 1, 1, 3);
            await Task.WhenAll(wisconsin.MergeAsync(100, 250), first.MergeAsync(300, 150));
        }

        await _bridges.RestartAsync(1);
        using var second = await JoinAsync(1, [7, 7, 7]);
        var begin = await second.StartAsync();

        second.Round.ShouldBe(1);
        ((bool)begin["load_merged"]!).ShouldBeTrue();
        second.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
        wisconsin.Write("local", 0.8125f, 1.4375f, 3);
        second.Write("local", 0.8125f, 1.4375f, 3);
        await Task.WhenAll(wisconsin.MergeAsync(100, 100), second.MergeAsync(100, 100));
        wisconsin.Read("merged", 3).ShouldBe([0.78125f, 1.34375f, 3]);
        second.Read("merged", 3).ShouldBe([0.78125f, 1.34375f, 3]);
        await FinishAsync(wisconsin, second);
        (await _bridges.ExitAsync(1)).ShouldBe(0);
    }

    [Fact]
    public async Task A_link_that_is_cut_during_a_merge_only_delays_it()
    {
        using var wisconsin = await JoinAsync(0, [1, 2, 3]);
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        wisconsin.Write("local", 0, 2, 3);
        atlanta.Write("local", 1, 1, 3);
        _bridges.Network.Cut("wisconsin", "atlanta");
        var merging = Task.WhenAll(wisconsin.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
        await _bridges.EventAsync<BridgeEvent.Progress>(0, progress => progress.Value.Waiting is not null);

        _bridges.Network.Join("wisconsin", "atlanta");
        await merging;

        wisconsin.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
        atlanta.Read("merged", 3).ShouldBe([0.8125f, 1.4375f, 3]);
    }

    [Fact]
    public async Task A_trainer_that_contributes_to_another_round_is_refused_and_the_run_goes_on()
    {
        using var atlanta = await JoinAsync(1, [1, 2, 3]);
        using (var first = await JoinAsync(0, [1, 2, 3]))
        {
            await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());
            await first.SendAsync("""{"type":"merge","round":5,"steps":2,"tokens":1,"loss_sum":1}""");
            ((string)(await first.ExpectAsync("failed"))["reason"]!).ShouldContain("2 steps and 1 tokens to round 5; the bridge expected up to 2 steps for round 0");
        }

        using var second = await JoinAsync(0, [7, 7, 7]);
        await second.StartAsync();
        second.Round.ShouldBe(0);
    }

    private static async Task FinishAsync(params TrainerClient[] trainers)
    {
        trainers.ShouldAllBe(trainer => trainer.IsFinished);
        await Task.WhenAll(trainers.Select(trainer => trainer.FinalizeAsync()));
        await Task.WhenAll(trainers.Select(trainer => trainer.FinishAsync(HashOfModel)));
        foreach (var trainer in trainers)
        {
            trainer.Dispose();
        }
    }

    private static int EndedProcess()
    {
        using var process = System.Diagnostics.Process.Start("true");
        process.WaitForExit();
        return process.Id;
    }

    private async Task<TrainerClient> JoinAsync(int place, float[] parameters, int? process = null)
    {
        var trainer = await _bridges.ConnectAsync(place);
        await trainer.HelloAsync(process);
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 3), TrainerClient.Tensor("n", "uint8", "buffer", 2, 2));
        trainer.Write("local", parameters);
        trainer.WriteStatics(place == 0 ? [10, 20] : [1, 2]);
        return trainer;
    }
}
