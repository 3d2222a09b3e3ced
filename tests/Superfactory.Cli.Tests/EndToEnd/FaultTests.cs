using System.Diagnostics;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>Parts of a factory die while it trains.</summary>
[Collection(WholeFactories.Name)]
public sealed class FaultTests : IAsyncDisposable
{
    /// <summary>
    /// Steps of a run, and milliseconds of a step until it is let hurry: two minutes for both islands, four for one. So it is still under way when a killed
    /// site's name is free again, and the site is back.
    /// </summary>
    private const int Steps = 600, Pace = 200;

    private readonly FactoryRun _factory = new();

    public FaultTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();

    [Fact]
    public async Task Job_goes_on_and_ends_properly_when_the_control_plane_is_killed_and_started_again()
    {
        var control = await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        await _factory.SiteAsync("atlanta");
        var job = await _factory.SubmitAsync(Steps, every: 10, pace: Pace);
        await _factory.UntilAsync(job, static view => view.Progress > 0);

        control.Signal("KILL");
        await control.EndAsync();
        await _factory.ControlAsync();
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Incarnation == 1);
        Whole(ended);
    }

    [Fact]
    public async Task Gang_of_a_killed_agent_ends_itself_after_the_grace_and_the_island_of_the_next_agent_takes_the_runs_state_from_the_other()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta", orphanGrace: 2);
        var job = await _factory.SubmitAsync(Steps, every: 10, pace: Pace);
        var before = await _factory.UntilAsync(job, static view => view.Progress > 0);
        atlanta.Marker.Alive().Count.ShouldBeGreaterThan(3);

        var ended = await KilledAndBackAsync(atlanta, job);
        ended.Islands.Single(static island => island.Site == "wisconsin").Incarnation.ShouldBe(1);
        ended.Epoch.ShouldNotBeNull().Number.ShouldBeGreaterThan(before.Epoch!.Number + 1);
        Whole(ended);
    }

    [Fact]
    public async Task Run_of_every_step_goes_on_without_a_site_that_is_killed_and_its_next_trainer_has_the_others_very_parameters()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta");
        var job = await _factory.SubmitAsync(Steps, every: 0, pace: Pace);
        await _factory.UntilAsync(job, static view => view.Progress > 0);

        var ended = await KilledAndBackAsync(atlanta, job);
        Whole(ended);

        // The recipe clips and has a schedule; each 100 steps, and at the end, the bridges compare what the trainers have.
        var said = await _factory.Client.LogsAsync(job, 0, TestContext.Current.CancellationToken);
        said.Value!.Lines.ShouldNotContain(static line => line.Text.Contains("ended with other parameters", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Island_goes_on_merging_while_its_sites_agent_is_dead_and_the_next_agent_takes_it_over()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta", orphanGrace: 60);
        var job = await _factory.SubmitAsync(Steps, every: 10, pace: Pace);
        var before = await _factory.UntilAsync(job, static view => view.Progress > 0);

        atlanta.Signal("KILL");
        await atlanta.EndAsync();
        await _factory.UntilAsync(job, view => view.Progress > before.Progress + 0.05);
        await _factory.SiteAsync("atlanta", orphanGrace: 60);
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Incarnation == 1);
        ended.Epoch!.Number.ShouldBe(before.Epoch!.Number);
        Whole(ended);
    }

    [Fact]
    public async Task Run_goes_on_without_a_bridge_that_is_paused_and_takes_it_in_as_it_is_when_it_runs_again()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta");
        var job = await _factory.SubmitAsync(Steps, every: 10, pace: Pace);
        await _factory.UntilAsync(job, static view => view.Progress > 0);
        var bridge = atlanta.Marker.Alive().Single(static alive => alive.Command.Contains(" bridge --config ", StringComparison.Ordinal)).Id;

        var alone = await PauseAsync(job, bridge, "wisconsin");
        await _factory.UntilAsync(job, view => view.Progress > alone.Progress);
        await SignalAsync(bridge, "CONT");
        await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 2);
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Incarnation == 1);
        Whole(ended);
    }

    [Fact]
    public async Task Run_goes_on_without_an_island_whose_trainer_takes_no_step_until_it_steps_again()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta");
        var job = await _factory.SubmitAsync(Steps, every: 10, stall: 2, pace: Pace);
        await _factory.UntilAsync(job, static view => view.Progress > 0);
        var trainer = atlanta.Marker.Alive().Single(static alive => alive.Command.Contains("/recipes/pretrain.py", StringComparison.Ordinal)).Id;

        var alone = await PauseAsync(job, trainer, "wisconsin");
        await _factory.UntilAsync(job, view => view.Progress > alone.Progress);
        await SignalAsync(trainer, "CONT");
        await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 2);
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Incarnation == 1 && island.TrainerRestarts == 0);
        Whole(ended);
    }

    [Fact]
    public async Task Factory_that_is_up_starts_again_what_is_killed_and_its_job_ends_properly()
    {
        await using var up = RunningProgram.Start(
            "up", "--listen", _factory.Url["http://".Length..], "--state", Path.Combine(_factory.Directory, "up"), "--data", _factory.Data, "--wan", "none");
        await up.LineAsync(static line => line.StartsWith("Ctrl-C stops it.", StringComparison.Ordinal));
        var job = await _factory.SubmitAsync(Steps, every: 10, pace: Pace);
        await _factory.UntilAsync(job, static view => view.Progress > 0);

        Kill(up, " control --listen ");
        await up.LineAsync(static line => line == "The control plane ended with exit code 137 and is started again.");
        Kill(up, " site --name atlanta ");
        await up.LineAsync(static line => line == "The site atlanta ended with exit code 137 and is started again.");
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        Whole(ended);
        up.Signal("INT");
        (await up.EndAsync()).ShouldBe(0, up.Output);
        up.Marker.Alive().ShouldBeEmpty();
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    /// <summary>
    /// Kills the agent of Atlanta, waits until nothing of it is left and the other island has gone on alone, starts the site again, sees it be a member in its second
    /// incarnation, and the run complete.
    /// </summary>
    private async Task<JobView> KilledAndBackAsync(RunningProgram atlanta, long job)
    {
        atlanta.Signal("KILL");
        await atlanta.EndAsync();
        await atlanta.Marker.WaitUntilNoneAsync(TimeSpan.FromSeconds(20));
        var alone = await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 1);
        await _factory.UntilAsync(job, view => view.Progress > alone.Progress);
        await _factory.SiteAsync("atlanta");
        await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 2);
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.Single(static island => island.Site == "atlanta").Incarnation.ShouldBe(2);
        return ended;
    }

    /// <summary>Pauses a process of an island until the other one is the only member.</summary>
    private async Task<JobView> PauseAsync(long job, int process, string other)
    {
        while (true)
        {
            await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 2);
            await SignalAsync(process, "STOP");
            var alone = await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 1);
            if (alone.Epoch!.Members[0].Island == other)
            {
                return alone;
            }

            // The machine was so busy that this island missed the other one for a moment just before it was paused: both come back.
            await SignalAsync(process, "CONT");
        }
    }

    private static void Kill(RunningProgram program, string command)
    {
        using var process = Process.GetProcessById(program.Marker.Alive().Single(alive => alive.Command.Contains(command, StringComparison.Ordinal)).Id);
        process.Kill();
    }

    private static async Task SignalAsync(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        kill.ExitCode.ShouldBe(0);
    }

    private static void Whole(JobView job)
    {
        var results = job.Islands.Select(static island => island.Result.ShouldNotBeNull()).ToArray();
        results.Select(static result => result.ParametersSha256).Distinct().ShouldHaveSingleItem();
        results[0].Ledger.ShouldNotBeNull().Merged.ShouldBe(Steps * 8 * 2);
    }
}
