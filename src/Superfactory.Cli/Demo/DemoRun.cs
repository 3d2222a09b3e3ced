using System.Collections.Immutable;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Data;
using Superfactory.Cli.Display;
using Superfactory.Cli.Factory;
using Superfactory.Cli.Jobs;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Demo;

/// <summary>One demo from its start to its report.</summary>
internal sealed class DemoRun(Terminal terminal, DemoOptions options)
{
    /// <summary>Lines of the trainers' output that are shown when the job fails.</summary>
    private const int LogLinesMax = 20;

    /// <summary>Runs it and returns the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var job = DemoJob.Read();
        if (!job.Succeeded)
        {
            return terminal.Fail(job.Problems, ExitCode.CannotReach);
        }

        if (ReportFile.Check(options.JsonFile) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        var state = Directory.CreateTempSubdirectory("superfactory-demo-").FullName;
        try
        {
            return await RunAsync(job.Value.With(options), state, cancellation);
        }
        finally
        {
            if (options.Keep)
            {
                terminal.Line($"State directory: {state}");
            }
            else
            {
                Directory.Delete(state, recursive: true);
            }
        }
    }

    private async Task<int> RunAsync(JobSpecification job, string state, CancellationToken cancellation)
    {
        var data = Path.Combine(state, "corpora");
        if (job.Data is { } needed)
        {
            terminal.Line("Preparing the corpus from .NET's own documentation …");
            var corpus = CorpusBuilder.Build(new CorpusOptions { Name = needed.Corpus, DataDirectory = data }, progress: null, cancellation);
            if (!corpus.Succeeded)
            {
                return terminal.Fail(corpus.Problems, ExitCode.CannotReach);
            }

            terminal.Line(DataPrepareCommand.Lines(corpus.Value)[0]);
        }

        terminal.Line($"Starting a control plane and sites {string.Join(", ", job.Sites)}, joined by {Link(options)} …");
        var started = await LocalFactory.StartAsync(
            new LocalFactoryOptions { Listen = "127.0.0.1:0", StateDirectory = state, DataDirectory = data, Sites = job.Sites, Wan = options.Wan, InsecureWan = options.InsecureWan },
            terminal.Time, cancellation);
        if (!started.Succeeded)
        {
            return terminal.Fail(started.Problems, started.ExitCode);
        }

        await using var factory = started.Value;
        return await TrainAsync(factory, job, cancellation);
    }

    private async Task<int> TrainAsync(LocalFactory factory, JobSpecification job, CancellationToken cancellation)
    {
        var submitted = await factory.Control.SubmitAsync(DemoOptions.JobFile, folder: null, JobFile.Write(job), cancellation);
        if (!submitted.Succeeded)
        {
            return terminal.Fail(submitted.Problems, submitted.ExitCode);
        }

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var following = RunFollower.FollowAsync(terminal, factory.Control, submitted.Value.Id, watching.Token);
        var lost = factory.KeepAsync(line =>
        {
            // On a live display the job's state says it; a line would tear the picture.
            if (!terminal.IsInteractive)
            {
                terminal.ErrorLine(line);
            }
        });
        if (await Task.WhenAny(following, lost) == lost)
        {
            await watching.CancelAsync();
            await Task.WhenAny(following);
            cancellation.ThrowIfCancellationRequested();
            var process = await lost;
            terminal.Fail($"The {process.Name} ended with exit code {await process.Ended} again and again, before the job did.", ExitCode.CannotReach);
            return ShowLast(process.LastLines);
        }

        var ended = await following;
        if (!ended.Succeeded)
        {
            return terminal.Fail(ended.Problems, ended.ExitCode);
        }

        return ended.Value.State == JobState.Completed ? Report(ended.Value) : await ShowFailureAsync(factory.Control, ended.Value, cancellation);
    }

    private int Report(JobView job)
    {
        var report = DemoReport.Of(job, options.Wan);
        terminal.Line();
        foreach (var line in DemoReportText.Lines(report))
        {
            terminal.Line(line);
        }

        ReportFile.Write(options.JsonFile, report);
        return ExitCode.Done;
    }

    private async Task<int> ShowFailureAsync(ControlClient control, JobView job, CancellationToken cancellation)
    {
        terminal.Fail($"Job {job.Id} ({job.Name}) {RunDisplayText.StateName(job.State)}: {job.Reason}", ExitCode.JobFailed);
        var lines = new List<string>();
        var cursor = 0L;
        while (await control.LogsAsync(job.Id, cursor, cancellation) is { Succeeded: true, Value: { Lines.IsEmpty: false } page })
        {
            lines.AddRange(page.Lines.Select(JobText.Log));
            cursor = page.Next;
        }

        ShowLast([.. lines.TakeLast(LogLinesMax)]);
        return ExitCode.JobFailed;
    }

    private int ShowLast(ImmutableArray<string> lines)
    {
        foreach (var line in lines)
        {
            terminal.ErrorLine("  " + line);
        }

        return ExitCode.CannotReach;
    }

    private static string Link(DemoOptions options) =>
        (options.Wan == Model.Units.WanProfile.None ? "the loopback as it is" : $"an emulated link of {options.Wan.Replace(",", ", ", StringComparison.Ordinal)} round trip")
        + (options.InsecureWan ? ", not encrypted" : ", TLS 1.3");
}
