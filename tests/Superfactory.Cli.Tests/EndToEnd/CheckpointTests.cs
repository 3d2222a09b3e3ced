using System.Text.Json.Nodes;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>Checkpoints of real runs: everything is killed, held, taken back, and goes on.</summary>
[Collection(WholeFactories.Name)]
public sealed class CheckpointTests : IAsyncDisposable
{
    private const int SamplesOfTwo = 400 * 8 * 2;

    private readonly FactoryRun _factory = new();

    public CheckpointTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();

    [Fact]
    public async Task Run_whose_every_process_was_killed_goes_on_from_its_checkpoint_and_again_on_three_sites_with_each_sample_merged_once()
    {
        var programs = new List<RunningProgram> { await _factory.ControlAsync() };
        foreach (var site in new[] { "wisconsin", "atlanta" })
        {
            programs.Add(await _factory.SiteAsync(site));
        }

        var job = await _factory.SubmitAsync(steps: 400, every: 10, checkpoint: 1, pace: 100);
        var before = await _factory.CheckpointsAsync(job, static list => list.Items.Any(static checkpoint => checkpoint.Copies.Count(static copy => copy.Standing == CheckpointStanding.Whole) == 2));
        foreach (var program in programs)
        {
            program.Signal("KILL");
        }

        foreach (var program in programs)
        {
            await program.EndAsync();
            await program.Marker.WaitUntilNoneAsync(TimeSpan.FromSeconds(10));
        }

        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin"), _factory.SiteAsync("atlanta"), _factory.SiteAsync("iowa"));
        var back = await _factory.UntilAsync(job, static view => view.State == JobState.Running && (view.Reason ?? string.Empty).Contains("it goes back to checkpoint", StringComparison.Ordinal));
        back.Islands.ShouldAllBe(static island => island.Incarnation > 1);
        _factory.Hurry();
        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        Whole(ended, islands: 2);

        var list = await _factory.CheckpointsAsync(job, static list => list.Items.Any(static checkpoint => checkpoint.Finished));
        list.Items.ShouldAllBe(checkpoint => checkpoint.Round >= before.Items[0].Round, "what was merged before was not merged again");
        await ExportedAsync(job, ended);
        var part = list.Items.Last(static checkpoint => !checkpoint.Finished && checkpoint.Expired is null);
        var restored = await _factory.Client.RestoreAsync(
            job, new RestoreRequest { Checkpoint = part.Number, Sites = ["iowa", "wisconsin", "atlanta"] }, TestContext.Current.CancellationToken);
        var again = await _factory.UntilAsync(restored.Value.ShouldNotBeNull(string.Join('\n', restored.Problems)).Id, static view => view.EndedUnixMilliseconds is not null);
        again.State.ShouldBe(JobState.Completed, again.Reason);
        Whole(again, islands: 3);
    }

    [Theory]
    [InlineData("mode: diloco, every: 10", 200)]
    [InlineData("mode: every-step", 120)]
    [InlineData("mode: streaming, every: 10, fragments: 2, delay: 1, staleness: 1", 200)]
    public async Task Held_job_ends_with_the_very_parameters_of_one_that_was_never_stopped(string sync, int steps)
    {
        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin"), _factory.SiteAsync("atlanta"));
        var whole = await _factory.UntilAsync(await _factory.SubmitAsync(steps, sync), static view => view.EndedUnixMilliseconds is not null);
        whole.State.ShouldBe(JobState.Completed, whole.Reason);

        var job = await _factory.SubmitAsync(steps, sync, pace: 100);
        var ended = await _factory.HeldAndReleasedAsync(job);
        ended.Islands[0].Result!.ParametersSha256.ShouldBe(whole.Islands[0].Result!.ParametersSha256);
        ended.Islands[0].Result!.Values["validation_loss_final"].ShouldBe(whole.Islands[0].Result!.Values["validation_loss_final"]);
        ended.Islands[0].Result!.Steps.ShouldBe(steps);
        ended.Islands[0].Result!.Ledger!.Replayed.ShouldBe(0);
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private async Task ExportedAsync(long job, JobView ended)
    {
        var directory = Path.Combine(_factory.Directory, "exported");
        var run = await CommandProcess.RunAsync("export", $"{job}", "--to", directory, "--control", _factory.Url);
        run.ExitCode.ShouldBe(0, run.Message);
        File.ReadAllBytes(Path.Combine(directory, "model.safetensors"))
            .ShouldBe(File.ReadAllBytes(Path.Combine(ended.Islands[0].Result!.OutputDirectory!, "model.safetensors")));

        // The recipe's own, and where it comes from.
        var config = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "config.json")))!.AsObject();
        config.Remove("superfactory").ShouldBeTrue();
        JsonNode.DeepEquals(config, JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(ended.Islands[0].Result!.OutputDirectory!, "config.json")))).ShouldBeTrue(config.ToJsonString());
    }

    private static void Whole(JobView job, int islands)
    {
        var results = job.Islands.Select(static island => island.Result.ShouldNotBeNull()).ToArray();
        results.Length.ShouldBe(islands);
        results.Select(static result => result.ParametersSha256).Distinct().ShouldHaveSingleItem();
        results[0].Ledger.ShouldBe(new Model.Agents.LedgerTotals(SamplesOfTwo, SamplesOfTwo, 0, 0));
    }
}
