using System.Diagnostics;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A model in lanes with real processes: one site trains it whole, the other in two pipeline stages.</summary>
[Collection(WholeFactories.Name)]
public sealed class LaneTests : IAsyncDisposable
{
    private const int Steps = 450;

    private readonly FactoryRun _factory = new();

    [Fact]
    public async Task Run_goes_on_when_the_bridge_of_one_lane_is_killed_in_a_round_and_takes_its_island_in_again()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta");
        var job = await SubmitAsync();
        await _factory.UntilAsync(job, static view => view.Progress > 0.05);
        var bridges = atlanta.Marker.Alive().Where(static alive => alive.Command.Contains(" bridge --config ", StringComparison.Ordinal)).ToList();
        bridges.Count.ShouldBe(2);

        await KillAsync(bridges.Single(static bridge => bridge.Command.Contains("bridge-1.json", StringComparison.Ordinal)).Id);
        var alone = await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 1);
        await _factory.UntilAsync(job, view => view.Progress > alone.Progress);
        await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 2);
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Progress!.ContributionsRefused == 0);
        ended.Islands.Single(static island => island.Site == "wisconsin").Incarnation.ShouldBe(1);
        ended.Islands.Single(static island => island.Site == "atlanta").Incarnation.ShouldBe(2);
        var results = ended.Islands.Select(static island => island.Result.ShouldNotBeNull()).ToList();
        results.Select(static result => result.ParametersSha256).Distinct().Count().ShouldBe(1);
        results.ShouldAllBe(static result => result.Ledger!.Merged == result.Ledger.Planned && result.Ledger.Planned == 2 * Steps * 32);

        // The other island's newest trainers began with what was merged by then.
        var whole = ended.Islands.Single(static island => island.Site == "wisconsin").Result!.Values;
        results.ShouldAllBe(result => result.Values["validation_loss_final"] < 0.5 * whole["validation_loss_initial"]);
    }

    [Fact]
    public async Task Run_in_lanes_whose_every_process_was_killed_goes_on_from_what_its_lanes_cut_together()
    {
        List<RunningProgram> programs = [await _factory.ControlAsync(), await _factory.SiteAsync("wisconsin"), await _factory.SiteAsync("atlanta")];
        var job = await SubmitAsync(checkpoint: 1);
        var before = await _factory.CheckpointsAsync(job, static list => list.Items.Any(static checkpoint => checkpoint.Copies.Count(static copy => copy.Standing == CheckpointStanding.Whole) == 2));
        programs.ForEach(static program => program.Signal("KILL"));
        foreach (var program in programs)
        {
            await program.EndAsync();
            await program.Marker.WaitUntilNoneAsync(TimeSpan.FromSeconds(10));
        }

        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin"), _factory.SiteAsync("atlanta"));
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Incarnation > 1);
        var results = ended.Islands.Select(static island => island.Result.ShouldNotBeNull()).ToList();
        results.Select(static result => result.ParametersSha256).Distinct().ShouldHaveSingleItem();
        results[0].Ledger.ShouldBe(new Model.Agents.LedgerTotals(2 * Steps * 32, 2 * Steps * 32, 0, 0));
        var list = await _factory.CheckpointsAsync(job, static list => list.Items.Any(static checkpoint => checkpoint.Finished));
        list.Items.ShouldAllBe(checkpoint => checkpoint.Round >= before.Items[0].Round, "what was merged before was not merged again");

        var verified = await CommandProcess.RunAsync("checkpoints", $"{job}", "--verify", "--control", _factory.Url);
        verified.ExitCode.ShouldBe(0, verified.Message);
        var directory = Path.Combine(_factory.Directory, "exported");
        var exported = await CommandProcess.RunAsync("export", $"{job}", "--to", directory, "--control", _factory.Url);
        exported.ExitCode.ShouldBe(0, exported.Message);
        exported.Output.ShouldContain("7 tensors");
    }

    [Fact]
    public async Task Held_run_in_lanes_ends_with_the_very_parameters_of_one_that_was_never_stopped()
    {
        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin"), _factory.SiteAsync("atlanta"));
        var whole = await _factory.UntilAsync(await SubmitAsync(steps: 150, pace: 0), static view => view.EndedUnixMilliseconds is not null);
        whole.State.ShouldBe(JobState.Completed, whole.Reason);

        var job = await SubmitAsync(steps: 150);
        var ended = await _factory.HeldAndReleasedAsync(job);
        ended.Islands[0].Result!.ParametersSha256.ShouldBe(whole.Islands[0].Result!.ParametersSha256);
        ended.Islands[0].Result!.Steps.ShouldBe(150);
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private async Task<long> SubmitAsync(int steps = Steps, int checkpoint = 60, int pace = 100)
    {
        var text = $$"""
            name: lanes
            sites: [wisconsin, atlanta]
            command: [python3, train_pipeline.py]
            environment: {{_factory.Environment(pace)}}
            lanes: {tensors: ["front.*", "back.*"], apart: [atlanta]}
            sync: {mode: diloco, every: 10}
            checkpoint: {every: {{checkpoint}}}
            budget: {steps: {{steps}}}
            """;
        var submitted = await _factory.Client.SubmitAsync("lanes.yaml", Path.Combine(CommandProcess.Home, "examples"), text, TestContext.Current.CancellationToken);
        return submitted.Value.ShouldNotBeNull(string.Join('\n', submitted.Problems)).Id;
    }

    private static async Task KillAsync(int process)
    {
        using var kill = Process.Start("kill", ["-KILL", $"{process}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
