using Superfactory.Cli.Api;
using Superfactory.Cli.Chaos;
using Superfactory.Lab.Running;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A job with a reserved rate whose links are really cut, in networks of their own, and nobody says so.</summary>
[Collection(WholeFactories.Name)]
public sealed class ReservedRateTests : IDisposable
{
    /// <summary>At its pace the job lasts longer than both waits in which a cut is found may take, so that it ends when it is let hurry.</summary>
    private const int Steps = 200, PaceMilliseconds = 2000;

    private readonly TemporaryDirectory _directory = new();

    public ReservedRateTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _directory.Combine("corpora") }, progress: null, Cancel).Succeeded.ShouldBeTrue();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reserved_rate_goes_round_a_cut_that_gateways_find_its_job_waits_where_no_route_is_left_and_goes_on_when_one_is_back()
    {
        if (!Laboratory.MayRun)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        await using var stage = await ChaosStage.UpAsync(
            new ChaosOptions { Sites = 3, Duration = default, Seed = 1 }, _directory.Root, static sentence => throw new InvalidOperationException(sentence), TimeProvider.System, Cancel);
        var (one, other, third) = (stage.Names[0], stage.Names[1], stage.Names[2]);
        var applied = await stage.Control.ApplyFleetAsync("fleet.yaml", Fleet(one, other, third), Cancel);
        applied.Succeeded.ShouldBeTrue(string.Join('\n', applied.Problems));
        (Steps * PaceMilliseconds).ShouldBeGreaterThan((int)(2 * RunningProgram.Limit).TotalMilliseconds);
        var recorded = new RecordedJob(_directory.Root, "{mode: diloco, every: 2}", Steps, PaceMilliseconds, string.Empty, one, other);
        var submitted = await stage.Control.SubmitAsync("job.yaml", null, recorded.Text + "\nwan: {rate: 10mbit}\n", Cancel);
        var job = submitted.Value.ShouldNotBeNull(string.Join('\n', submitted.Problems)).Id;
        await UntilAsync(stage, job, static view => view.Progress > 0);
        (await RouteAsync(stage, job)).ShouldBe([one, other]);

        (await stage.Laboratory!.CutAsync(one, other, Cancel)).Succeeded.ShouldBeTrue();
        await UntilRoutedAsync(stage, job, [one, third, other]);
        var routed = (await stage.Control.PlansAsync(job, Cancel)).Value!.Single(static plan => plan.Kind == "rates-routed");
        routed.Reason.ShouldStartWith($"The link between {(string.CompareOrdinal(one, other) < 0 ? $"{one} and {other}" : $"{other} and {one}")} is cut: the gateway");
        var alive = await UntilAsync(stage, job, static view => view.Epoch!.Members.Length == 2);
        alive.Islands.ShouldAllBe(static island => island.Incarnation == 1);

        // No route is left: the job saves, and waits with the reason.
        (await stage.Laboratory.CutAsync(third, other, Cancel)).Succeeded.ShouldBeTrue();
        var waiting = await UntilAsync(stage, job, static view => view.State == JobState.Queued);
        waiting.Reason.ShouldContain(" is cut: the gateway");
        waiting.Reason.ShouldEndWith($"It needs 10mbit from {other} to {one} on a route that has room.");
        (await stage.Control.WhyAsync(job, Cancel)).Value!.Needs.ShouldContain(static need => need.Lacks == WhyKind.Rate);
        (await stage.Control.RatesAsync(Cancel)).Value!.ShouldAllBe(static rate => rate.ReservedBitsPerSecond == 0);

        (await stage.Laboratory.RestoreAsync(one, other, Cancel)).Succeeded.ShouldBeTrue();
        await UntilAsync(stage, job, static view => view.State == JobState.Running && view.Epoch is { Members.Length: 2 });
        (await RouteAsync(stage, job)).ShouldBe([one, other]);
        recorded.Hurry();
        recorded.Whole(await UntilAsync(stage, job, static view => view.EndedUnixMilliseconds is not null));
    }

    private static string Fleet(string one, string other, string third) => $$"""
        name: triangle
        sites:
          - {name: {{one}}, racks: {hardware: cpu, slots: 8}, placement: site}
          - {name: {{other}}, racks: {hardware: cpu, slots: 8}, placement: site}
          - {name: {{third}}, racks: {hardware: cpu, slots: 8}, placement: site}
        links:
          - {between: [{{one}}, {{other}}], bandwidth: 100mbit, rtt: 20ms}
          - {between: [{{one}}, {{third}}], bandwidth: 100mbit, rtt: 20ms}
          - {between: [{{other}}, {{third}}], bandwidth: 100mbit, rtt: 20ms}
        """;

    private static async Task<string[]> RouteAsync(ChaosStage stage, long job) =>
        [.. (await stage.Control.RatesAsync(Cancel)).Value!.SelectMany(static link => link.Rates).First(rate => rate.Job == job && rate.Route[0] == stage.Names[0]).Route];

    private static async Task UntilRoutedAsync(ChaosStage stage, long job, string[] route)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(RunningProgram.Limit);
        while (!(await RouteAsync(stage, job)).SequenceEqual(route))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), late.Token);
        }
    }

    private static async Task<JobView> UntilAsync(ChaosStage stage, long job, Func<JobView, bool> isIt)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(RunningProgram.Limit);
        JobView? last = null;
        await foreach (var happened in JobWatch.FollowAsync(stage.Control, job, TimeProvider.System, late.Token))
        {
            last = happened is JobEvent.Changed(var view) ? view : last;
            if (last is not null && isIt(last))
            {
                return last;
            }
        }

        throw new InvalidOperationException($"The job never was as wanted; at last it was {last?.State}: {last?.Reason}");
    }
}
