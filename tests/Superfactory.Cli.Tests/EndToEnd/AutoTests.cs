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
        const int Planned = 220 * 8 * 2;
        await using (var stage = await ChaosStage.UpAsync(new ChaosOptions { Sites = 2, Duration = TimeSpan.Zero, Seed = 1 }, _directory.FullName, violations.Add, TimeProvider.System, Cancel))
        {
            await SubmitAsync(stage, records, hurry, pace: 100, target: 0.3, Planned);

            // A step takes 100 ms, a merge of gradients over 100 Mbit/s and 20 ms a third of that; over 0.5 Mbit/s some seconds.
            await UntilAsync(stage, merging => merging.Schedule.Mode == SyncMode.EveryStep && merging.Measured is not null);
            (await stage.Laboratory!.SetAsync(stage.Names[0], stage.Names[1], new LinkChange { Bandwidth = new Bandwidth(500_000) }, Cancel)).Succeeded.ShouldBeTrue();
            var slow = await UntilAsync(stage, merging => merging.Schedule.Mode == SyncMode.Diloco);
            slow.Merging!.Reason.ShouldContain("every-step (");
            (await stage.Laboratory.SetAsync(stage.Names[0], stage.Names[1], new LinkChange { Bandwidth = ChaosStage.Link.Rate }, Cancel)).Succeeded.ShouldBeTrue();
            await UntilAsync(stage, merging => merging.Schedule.Mode == SyncMode.EveryStep);
            await File.WriteAllTextAsync(hurry, string.Empty, Cancel);
            job = await UntilAsync(stage, _ => false);
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

        // A step takes 50 ms: over 100 Mbit/s ten of them hide a merge, over 1 Mbit/s a hundred do not, and fragments in 4 bits do.
        await UntilAsync(stage, static merging => merging is { Schedule.Mode: SyncMode.Diloco, Predicted: not null });
        (await stage.Laboratory!.SetAsync(stage.Names[0], stage.Names[1], new LinkChange { Bandwidth = new Bandwidth(1_000_000) }, Cancel)).Succeeded.ShouldBeTrue();
        var streams = await UntilAsync(stage, static merging => merging is { Schedule.Mode: SyncMode.Streaming, Measured: not null });
        var shown = streams.Merging.ShouldNotBeNull();
        streams.EndedUnixMilliseconds.ShouldBeNull();
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

    /// <summary>The job when what it merges is as wanted, or when it has ended.</summary>
    private static async Task<JobView> UntilAsync(ChaosStage stage, Func<ModeView, bool> wanted)
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var last = default(Answer<JobView>); ;)
        {
            last = await stage.Control.JobAsync(1, Cancel);
            if (last is { Succeeded: true, Value: { EndedUnixMilliseconds: null, Merging: { } merging } running } && wanted(merging))
            {
                return running;
            }

            if (last is { Succeeded: true, Value: { EndedUnixMilliseconds: not null } ended })
            {
                return ended;
            }

            (TimeProvider.System.GetElapsedTime(since) < _limit).ShouldBeTrue($"the run does not get there: {last.Value?.Merging}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
        }
    }
}
