using System.Globalization;
using Superfactory.Cli.Api;
using Superfactory.Cli.Chaos;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A real factory in the laboratory, whose run chooses its mode by itself.</summary>
[Collection(WholeFactories.Name)]
public sealed class AutoTests : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(120);
    private static readonly Bandwidth _narrow = new(2_000_000);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-auto-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Mode_follows_a_link_that_degrades_and_recovers_and_each_sample_is_merged_once()
    {
        Assert.SkipUnless(Laboratory.MayRun, "Links between sites are built of network namespaces, which only root can set up.");
        List<string> violations = [];
        var (records, hurry) = (Directory.CreateDirectory(Path.Combine(_directory.FullName, "trainers")).FullName, Path.Combine(_directory.FullName, "hurry"));
        CorpusBuilder.Build(new CorpusOptions { Name = ChaosJob.Corpus, DataDirectory = Path.Combine(_directory.FullName, "corpora") }, progress: null, Cancel).Succeeded.ShouldBeTrue();
        JobView job;
        const int Planned = 400 * 8 * 2;
        await using (var stage = await ChaosStage.UpAsync(new ChaosOptions { Sites = 2, Duration = TimeSpan.Zero, Seed = 1 }, _directory.FullName, violations.Add, TimeProvider.System, Cancel))
        {
            await SubmitAsync(stage, records, hurry, pace: 200, target: 0.3, Planned);

            // A step takes 200 ms. A merge of gradients takes half of that over 100 Mbit/s and 20 ms, trainers' own work included: two shares in
            // three, and over 47.5 % are enough to return to it. Over 2 Mbit/s it takes 2.4 s: one in thirteen, and under 12.5 % it is left.
            await UntilAsync(stage, static (ModeView merging) => merging.Schedule.Mode == SyncMode.EveryStep && merging.Measured is not null);
            (await stage.Laboratory!.SetAsync(stage.Names[0], stage.Names[1], new LinkChange { Bandwidth = _narrow }, Cancel)).Succeeded.ShouldBeTrue();
            var slow = await UntilAsync(stage, static (ModeView merging) => merging.Schedule.Mode == SyncMode.Diloco);
            slow.Merging!.Reason.ShouldContain("every-step (");
            (await stage.Laboratory.SetAsync(stage.Names[0], stage.Names[1], new LinkChange { Bandwidth = ChaosStage.Link.Rate }, Cancel)).Succeeded.ShouldBeTrue();
            await UntilAsync(stage, static (ModeView merging) => merging.Schedule.Mode == SyncMode.EveryStep);
            await File.WriteAllTextAsync(hurry, string.Empty, Cancel);
            job = await EndAsync(stage);
            await CopiedAsync(stage);
        }

        var report = new ChaosVerdict(_directory.FullName, records, SyncMode.Auto, Planned, [], 0, violations).Of(job, []);
        report.LedgerExact.ShouldBeTrue(string.Join(" ", violations));
        report.ReplicasIdentical.ShouldBeTrue(string.Join(" ", violations));
        violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_on_a_narrow_link_streams_and_shows_what_was_predicted_and_what_is_measured()
    {
        Assert.SkipUnless(Laboratory.MayRun, "Links between sites are built of network namespaces, which only root can set up.");
        List<string> violations = [];
        var records = Directory.CreateDirectory(Path.Combine(_directory.FullName, "trainers")).FullName;
        CorpusBuilder.Build(new CorpusOptions { Name = ChaosJob.Corpus, DataDirectory = Path.Combine(_directory.FullName, "corpora") }, progress: null, Cancel).Succeeded.ShouldBeTrue();
        await using var stage = await ChaosStage.UpAsync(new ChaosOptions { Sites = 2, Duration = TimeSpan.Zero, Seed = 2 }, _directory.FullName, violations.Add, TimeProvider.System, Cancel);
        await SubmitAsync(stage, records, Path.Combine(records, "hurry"), pace: 50, target: 0.9, samples: 4000 * 8 * 2);

        // A step takes 50 ms, so that a hundred may wait 0.56 s for what they merge. Over 2 Mbit/s all parameters in 16 bits take twice that, and
        // in 4 bits 0.3 s, of which five steps hide 0.25 s: what a slow machine adds has half a second of room.
        await UntilAsync(stage, static (ModeView merging) => merging is { Schedule.Mode: SyncMode.Diloco, Predicted: not null });
        (await stage.Laboratory!.SetAsync(stage.Names[0], stage.Names[1], new LinkChange { Bandwidth = _narrow }, Cancel)).Succeeded.ShouldBeTrue();
        var streams = await UntilAsync(stage, static (ModeView merging) => merging is { Schedule.Mode: SyncMode.Streaming, Measured: not null });
        var shown = streams.Merging.ShouldNotBeNull();
        shown.Reason.ShouldContain("diloco every 100 (");
        shown.Predicted.ShouldNotBeNull().ShouldBeInRange(shown.Target, 1.0);
        shown.Measured.ShouldNotBeNull().ShouldBeInRange(0.3, 1.0);
    }

    private static async Task SubmitAsync(ChaosStage stage, string records, string hurry, int pace, double target, int samples)
    {
        var python = Environment.GetEnvironmentVariable("SUPERFACTORY_PYTHON") is { Length: > 0 } named ? named : "/usr/bin/python3";
        var text = string.Create(CultureInfo.InvariantCulture, $$"""
            name: auto
            sites: [{{string.Join(", ", stage.Names)}}]
            command: ["{{python}}", "{{Directories.ProjectFile("bench/chaos_trainer.py").Value}}", "{{records}}", "{{pace}}", "{{hurry}}"]
            directory: "{{records}}"
            data: {corpus: {{ChaosJob.Corpus}}}
            sync: {mode: auto, target: {{target}}}
            budget: {samples: {{samples}}}
            """);
        var submitted = await stage.Control.SubmitAsync("auto.yaml", records, text, Cancel);
        submitted.Succeeded.ShouldBeTrue(submitted.Succeeded ? null : submitted.Problems[0].ToString());
    }

    /// <summary>The last checkpoint, by which the ledger is judged, is at both sites: nothing of it is under way any more.</summary>
    private static async Task CopiedAsync(ChaosStage stage)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await stage.Control.CheckpointsAsync(1, Cancel) is not { Succeeded: true, Value.Items: [.., { Finished: true, Copies: [_, _] copies }] } || copies.Any(static copy => copy.Standing != CheckpointStanding.Whole))
        {
            (TimeProvider.System.GetElapsedTime(since) < _limit).ShouldBeTrue("the last checkpoint is not copied");
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
        }
    }

    /// <summary>The job when what it merges is as wanted, while it goes on.</summary>
    private static Task<JobView> UntilAsync(ChaosStage stage, Func<ModeView, bool> wanted) => UntilAsync(
        stage, job => job.EndedUnixMilliseconds is null ? job.Merging is { } merging && wanted(merging) : throw new InvalidOperationException($"The run ended before: {job.Reason}"));

    private static Task<JobView> EndAsync(ChaosStage stage) => UntilAsync(stage, static (JobView job) => job.EndedUnixMilliseconds is not null);

    private static async Task<JobView> UntilAsync(ChaosStage stage, Func<JobView, bool> isIt)
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var last = default(Answer<JobView>); ;)
        {
            last = await stage.Control.JobAsync(1, Cancel);
            if (last is { Succeeded: true, Value: { } job } && isIt(job))
            {
                return job;
            }

            (TimeProvider.System.GetElapsedTime(since) < _limit).ShouldBeTrue($"the run does not get there: {last?.Value?.Merging}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
        }
    }
}
