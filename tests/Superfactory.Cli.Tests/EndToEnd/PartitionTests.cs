using Superfactory.Cli.Api;
using Superfactory.Cli.Chaos;
using Superfactory.Lab.Running;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>Two islands whose only link is cut while both reach the control plane, in networks of their own.</summary>
[Collection(WholeFactories.Name)]
public sealed class PartitionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public PartitionTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _directory.Combine("corpora") }, progress: null, Cancel).Succeeded.ShouldBeTrue();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task First_island_goes_on_alone_while_the_link_is_cut_and_the_other_says_that_it_waits_and_comes_back()
    {
        await using var stage = await StartAsync();
        var (recorded, job) = await SubmitAsync(stage, "continue");
        (await stage.Laboratory!.CutAsync("wisconsin", "atlanta", Cancel)).Succeeded.ShouldBeTrue();

        var alone = await UntilAsync(stage, job, static view => view.Epoch!.Members.Length == 1 && Waiting(view, "atlanta") is not null);
        alone.Epoch!.Members[0].Island.ShouldBe("wisconsin");
        await UntilAsync(stage, job, view => view.Progress > alone.Progress);

        (await stage.Laboratory.RestoreAsync("wisconsin", "atlanta", Cancel)).Succeeded.ShouldBeTrue();
        await UntilAsync(stage, job, static view => view.Epoch!.Members.Length == 2);
        recorded.Hurry();
        recorded.Whole(await EndAsync(stage, job));
    }

    [Fact]
    public async Task Both_islands_wait_and_say_so_while_the_link_is_cut_where_the_job_would_rather_wait()
    {
        await using var stage = await StartAsync();
        var (recorded, job) = await SubmitAsync(stage, "wait");
        (await stage.Laboratory!.CutAsync("wisconsin", "atlanta", Cancel)).Succeeded.ShouldBeTrue();

        var waiting = await UntilAsync(stage, job, static view => view.State == JobState.Waiting && Waiting(view, "wisconsin") is not null && Waiting(view, "atlanta") is not null);
        waiting.Reason.ShouldBe("Waits for the link between wisconsin and atlanta, which do not hear each other: with sync.partition: wait nobody goes on alone.");

        (await stage.Laboratory.RestoreAsync("wisconsin", "atlanta", Cancel)).Succeeded.ShouldBeTrue();
        recorded.Hurry();
        var ended = await EndAsync(stage, job);
        ended.Epoch!.Number.ShouldBe(waiting.Epoch!.Number);
        recorded.Whole(ended);
    }

    private static string? Waiting(JobView job, string site) => job.Islands.Single(island => island.Site == site).Progress?.Waiting;

    private static Task<JobView> EndAsync(ChaosStage stage, long job) => UntilAsync(stage, job, static view => view.EndedUnixMilliseconds is not null);

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

    private async Task<ChaosStage> StartAsync()
    {
        if (!Laboratory.MayRun)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        return await ChaosStage.UpAsync(
            new ChaosOptions { Sites = 2, Duration = default, Seed = 1 }, _directory.Root, static sentence => throw new InvalidOperationException(sentence), TimeProvider.System, Cancel);
    }

    private async Task<(RecordedJob Recorded, long Job)> SubmitAsync(ChaosStage stage, string partition)
    {
        var recorded = new RecordedJob(_directory.Root, $"{{mode: diloco, every: 10, partition: {partition}}}", steps: 200, pace: 200, string.Empty, "wisconsin", "atlanta");
        var submitted = await stage.Control.SubmitAsync("job.yaml", null, recorded.Text, Cancel);
        var job = submitted.Value.ShouldNotBeNull(string.Join('\n', submitted.Problems)).Id;
        await UntilAsync(stage, job, static view => view.Progress > 0);
        return (recorded, job);
    }
}
