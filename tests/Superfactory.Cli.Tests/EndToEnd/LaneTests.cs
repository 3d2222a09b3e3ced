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

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private async Task<long> SubmitAsync()
    {
        var text = $$"""
            name: lanes
            sites: [wisconsin, atlanta]
            command: [python3, train_pipeline.py]
            environment: {STEP_SECONDS: "0.02"}
            lanes: {tensors: ["front.*", "back.*"], apart: [atlanta]}
            sync: {mode: diloco, every: 10}
            budget: {steps: {{Steps}}}
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
