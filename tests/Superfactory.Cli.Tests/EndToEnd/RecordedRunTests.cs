using System.Diagnostics;
using Superfactory.Model.Views;
using Superfactory.Site.Data;
using Superfactory.Sync.Merging;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>Real processes under what is rare, judged by what the trainers wrote down themselves.</summary>
[Collection(WholeFactories.Name)]
public sealed class RecordedRunTests : IAsyncDisposable
{
    private readonly FactoryRun _factory = new();

    public RecordedRunTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();

    [Fact]
    public async Task Control_plane_that_is_killed_while_it_seals_an_epoch_ends_that_when_it_is_back_and_there_is_one_history()
    {
        var control = await _factory.ControlAsync();
        var wisconsin = await _factory.SiteAsync("wisconsin", orphanGrace: 60);
        var atlanta = await _factory.SiteAsync("atlanta");
        var (recorded, job) = await SubmitAsync("{mode: diloco, every: 10}", steps: 200, string.Empty, pace: 200);
        var before = await _factory.UntilAsync(job, static view => view.Progress > 0);

        // The seal waits for the word of an agent that is stopped: so long it is in the middle.
        wisconsin.Signal("STOP");
        KillBridge(atlanta);
        await _factory.UntilAsync(job, static view => view.Epoch!.Sealed);
        control.Signal("KILL");
        await control.EndAsync();
        await _factory.ControlAsync();
        wisconsin.Signal("CONT");

        var back = await _factory.UntilAsync(job, view => view.Epoch is { Sealed: false, Members.Length: 2 } epoch && epoch.Number > before.Epoch!.Number);
        back.Islands.Single(static island => island.Site == "wisconsin").Incarnation.ShouldBe(1);
        recorded.Hurry();
        recorded.Whole(await EndAsync(job));
    }

    [Fact]
    public async Task Island_whose_losses_are_not_finite_is_set_aside_and_nothing_of_it_is_in_the_model()
    {
        await StartAsync();
        var (recorded, job) = await SubmitAsync("{mode: diloco, every: 5}", steps: 60, "FAULTY_ISLAND: atlanta, FAULTY_LOSS: nan");

        var ended = await EndAsync(job);

        ended.Reason.ShouldContain("Atlanta was set aside before the end");
        var refusals = ended.Islands.Single(static island => island.Site == "wisconsin").Progress!.Refusals;
        // The last that is allowed sets it aside; another round may begin before the control plane has heard of that and sealed the epoch.
        refusals.Length.ShouldBeInRange(MergeLimits.RefusalsInRowMax, MergeLimits.RefusalsShownMax);
        refusals.ShouldAllBe(static refusal => refusal.Island == "atlanta");
        var results = recorded.Whole(ended);
        results.Count(static result => result.Merged.Any(static given => given.Island == "atlanta")).ShouldBe(4);
    }

    [Fact]
    public async Task Rounds_close_without_a_slow_island_where_the_job_has_a_quorum_and_its_late_work_is_dropped_and_dealt_again()
    {
        await StartAsync();
        var (recorded, job) = await SubmitAsync("{mode: diloco, every: 5, quorum: 1, grace: 0.2}", steps: 40, "FAULTY_ISLAND: atlanta, FAULTY_SECONDS: \"0.3\"");

        var ended = await EndAsync(job);

        ended.Islands.ShouldAllBe(static island => island.Incarnation == 1);
        ended.Islands.Single(static island => island.Site == "wisconsin").Progress!.ContributionsRefused.ShouldBeGreaterThan(0);
        var results = recorded.Whole(ended);
        results.Count(static result => result.Merged.Any(static given => given.Island == "wisconsin")).ShouldBeGreaterThan(
            results.Count(static result => result.Merged.Any(static given => given is { Island: "atlanta", Tokens: > 0 })));
        results.ShouldContain(static result => result.Open.Any(static given => given.Island == "atlanta" && given.Heard!.Refused));
    }

    [Fact]
    public async Task Island_that_is_left_takes_the_batches_of_the_one_that_is_lost_where_the_job_keeps_its_global_batch()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("wisconsin");
        var atlanta = await _factory.SiteAsync("atlanta");
        var (recorded, job) = await SubmitAsync("{mode: every-step, batch: keep}", steps: 80, string.Empty, pace: 200);
        await _factory.UntilAsync(job, static view => view.Progress > 0.1);

        atlanta.Signal("KILL");
        var alone = await _factory.UntilAsync(job, static view => view.Epoch!.Members.Length == 1);
        await _factory.UntilAsync(job, view => view.Progress > alone.Progress);

        recorded.Hurry();
        var results = recorded.Whole(await EndAsync(job));
        results.ShouldContain(static result => result.Merged.Count == 1 && result.Merged[0].Samples.Count == 2 * RecordedJob.Batch);
        results.ShouldAllBe(static result => result.Merged.Sum(static given => given.Samples.Count) <= 2 * RecordedJob.Batch);
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private static void KillBridge(RunningProgram site)
    {
        using var bridge = Process.GetProcessById(site.Marker.Alive().Single(static alive => alive.Command.Contains(" bridge --config ", StringComparison.Ordinal)).Id);
        bridge.Kill();
    }

    private async Task StartAsync()
    {
        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin"), _factory.SiteAsync("atlanta"));
    }

    private async Task<(RecordedJob Recorded, long Job)> SubmitAsync(string sync, int steps, string environment, int pace = 20)
    {
        var recorded = new RecordedJob(_factory.Directory, sync, steps, pace, environment, "wisconsin", "atlanta");
        return (recorded, await _factory.SubmitAsync(recorded.Text));
    }

    private Task<JobView> EndAsync(long job) => _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
}
