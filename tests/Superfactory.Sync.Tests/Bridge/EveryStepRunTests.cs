using System.Text.Json.Nodes;
using Superfactory.Sync.Bridge;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Whole runs of two bridges in every-step mode, with trainers that only speak the protocol.</summary>
public sealed class EveryStepRunTests : IAsyncLifetime
{
    private readonly BridgeHarness _bridges = new(BridgeHarness.EveryStep(steps: 3), "wisconsin", "atlanta");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bridges.DisposeAsync();

    [Fact]
    public async Task Gradients_come_back_as_the_mean_weighted_by_tokens()
    {
        using var wisconsin = await JoinAsync(0);
        using var atlanta = await JoinAsync(1);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        while (!wisconsin.IsFinished)
        {
            wisconsin.Write("local", 4, 0);
            atlanta.Write("local", 0, 8);
            await Task.WhenAll(wisconsin.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
            wisconsin.Read("merged", 2).ShouldBe([1f, 6f]);
            atlanta.Read("merged", 2).ShouldBe([1f, 6f]);
        }

        // The trainers' own parameters are the run's: they come back as they are.
        foreach (var trainer in new[] { wisconsin, atlanta })
        {
            trainer.Write("local", 0.5f, 0.25f);
        }

        await Task.WhenAll(wisconsin.FinalizeAsync(), atlanta.FinalizeAsync());
        await Task.WhenAll(wisconsin.FinishAsync(new string('b', 64)), atlanta.FinishAsync(new string('b', 64)));
        wisconsin.Dispose();
        atlanta.Dispose();
        (await _bridges.ExitAsync(0)).ShouldBe(0);
        (await _bridges.ExitAsync(1)).ShouldBe(0);
        (await _bridges.EventAsync<BridgeEvent.Finished>(0)).Result.Rounds.ShouldBe(3);
    }

    [Fact]
    public async Task An_overflow_on_one_island_skips_the_step_on_all()
    {
        using var wisconsin = await JoinAsync(0);
        using var atlanta = await JoinAsync(1);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        wisconsin.Write("local", float.PositiveInfinity, 0);
        atlanta.Write("local", 0, 8);

        await wisconsin.SendAsync("""{"type":"merge","round":0,"steps":1,"tokens":100,"loss_sum":250,"overflow":true}""");
        var merged = await Task.WhenAll(wisconsin.ExpectAsync("merged"), atlanta.MergeAsync(300, 150));

        merged.ShouldAllBe(answer => (bool)answer["skip"]!);
    }

    [Fact]
    public async Task A_trainer_that_restarts_takes_the_state_of_a_peer_s_trainer_at_its_step()
    {
        using var atlanta = await JoinAsync(1);
        using (var first = await JoinAsync(0))
        {
            await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());
            await Task.WhenAll(first.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
        }

        using var second = await JoinAsync(0);
        await second.SendAsync("""{"type":"start"}""");
        await atlanta.SayMergeAsync(300, 150);
        var copyTo = (string)(await atlanta.ExpectAsync("copy_state"))["path"]!;
        await File.WriteAllTextAsync(copyTo, "state of atlanta", TestContext.Current.CancellationToken);
        await atlanta.SendAsync("""{"type":"state_copied","bytes":16}""");

        var begin = await second.ExpectAsync("begin");

        second.Round.ShouldBe(1);
        var state = (string)begin["state"]!;
        (await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken)).ShouldBe("state of atlanta");
        await second.MergeAsync(100, 250);
        await atlanta.ExpectAsync("merged");
        atlanta.Round.ShouldBe(2);
        File.Exists(state).ShouldBeFalse();
        File.Exists(copyTo).ShouldBeFalse();
    }

    [Fact]
    public async Task A_trainer_that_does_not_give_its_state_is_missed_by_those_who_wait_for_it_until_it_does()
    {
        await using var bridges = new BridgeHarness(_bridges.Job with { Sync = _bridges.Job.Sync with { Stall = 1 } }, "wisconsin", "atlanta");
        using var atlanta = await JoinAsync(1, bridges);
        using (var first = await JoinAsync(0, bridges))
        {
            await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());
            await Task.WhenAll(first.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
        }

        using var second = await JoinAsync(0, bridges);
        await second.SendAsync("""{"type":"start"}""");
        await atlanta.SayMergeAsync(300, 150);
        var copyTo = (string)(await atlanta.ExpectAsync("copy_state"))["path"]!;

        (await bridges.EventAsync<BridgeEvent.Missing>(0, missing => missing.Islands.Contains("atlanta"))).ShouldNotBeNull();

        await File.WriteAllTextAsync(copyTo, "state of atlanta", TestContext.Current.CancellationToken);
        await atlanta.SendAsync("""{"type":"state_copied","bytes":16}""");
        ((string)(await second.ExpectAsync("begin"))["state"]!).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_copy_that_is_not_what_the_trainer_said_refuses_that_trainer_by_the_sizes()
    {
        using var atlanta = await JoinAsync(1);
        using (var first = await JoinAsync(0))
        {
            await Task.WhenAll(first.StartAsync(), atlanta.StartAsync());
            await Task.WhenAll(first.MergeAsync(100, 250), atlanta.MergeAsync(300, 150));
        }

        using var second = await JoinAsync(0);
        await second.SendAsync("""{"type":"start"}""");
        await atlanta.SayMergeAsync(300, 150);
        var copyTo = (string)(await atlanta.ExpectAsync("copy_state"))["path"]!;
        await File.WriteAllTextAsync(copyTo, "short", TestContext.Current.CancellationToken);

        var failed = await atlanta.AskAsync(new JsonObject { ["type"] = "state_copied", ["bytes"] = 16 }, "failed");

        ((string)failed["reason"]!).ShouldContain("has 5 bytes; it said 16");
    }

    [Fact]
    public async Task A_trainer_whose_parameters_are_others_takes_the_state_of_a_peer_s_trainer_in_place_of_the_merge()
    {
        using var wisconsin = await JoinAsync(0);
        using var atlanta = await JoinAsync(1);
        await Task.WhenAll(wisconsin.StartAsync(), atlanta.StartAsync());
        await wisconsin.SendAsync("""{"type":"merge","round":0,"steps":1,"tokens":100,"loss_sum":250,"parameters":"00000000000000aa"}""");
        await atlanta.SendAsync("""{"type":"merge","round":0,"steps":1,"tokens":300,"loss_sum":150,"parameters":"00000000000000bb"}""");
        await wisconsin.ExpectAsync("merged");
        await wisconsin.SayMergeAsync(100, 250);
        var copyTo = (string)(await wisconsin.ExpectAsync("copy_state"))["path"]!;
        await File.WriteAllTextAsync(copyTo, "state of wisconsin", TestContext.Current.CancellationToken);
        await wisconsin.SendAsync("""{"type":"state_copied","bytes":18}""");

        var begin = await atlanta.ExpectAsync("begin");

        ((long)begin["turn"]!["round"]!).ShouldBe(1);
        (await File.ReadAllTextAsync((string)begin["state"]!, TestContext.Current.CancellationToken)).ShouldBe("state of wisconsin");
        (await _bridges.EventAsync<BridgeEvent.Progress>(0, progress => progress.Value.Refusals.Any(refusal => refusal is { Island: "atlanta", Step: 1 }))).ShouldNotBeNull();
    }

    private async Task<TrainerClient> JoinAsync(int place, BridgeHarness? at = null)
    {
        var trainer = await (at ?? _bridges).ConnectAsync(place);
        ((int)(await trainer.HelloAsync())["every"]!).ShouldBe(1);
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 2));
        trainer.Write("local", 1, 1);
        return trainer;
    }
}
