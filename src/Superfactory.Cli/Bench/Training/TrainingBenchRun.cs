using System.Collections.Immutable;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Demo;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Site.Data;
using Superfactory.Site.Gangs;

namespace Superfactory.Cli.Bench.Training;

/// <summary>What every trainer is started with. Immutable.</summary>
/// <param name="Python">A Python that has torch.</param>
/// <param name="Program">The trainer's program.</param>
/// <param name="Job">The demo's job.</param>
/// <param name="JobFile">The same as trainers read it.</param>
/// <param name="Corpus">The corpus's directory.</param>
internal sealed record TrainingSetup(string Python, string Program, JobSpecification Job, string JobFile, string Corpus);

/// <summary><c>superfactory bench training</c> from its options to its report.</summary>
internal static class TrainingBenchRun
{
    private const string Program = "bench/training_site.py";

    /// <summary>Puts the sites up, measures, takes them down, reports.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Terminal terminal, TrainingBenchOptions options, CancellationToken cancellation)
    {
        try
        {
            var report = await MeasureAsync(terminal, options, cancellation);
            ReportFile.Write(options.JsonFile, report);
            foreach (var line in TrainingFiguresOf.Text(report))
            {
                terminal.Line(line);
            }

            return ExitCode.Done;
        }
        catch (BenchException error)
        {
            return terminal.Fail([new Problem(error.Message)], error.ExitCode);
        }
    }

    private static async Task<TrainingReport> MeasureAsync(Terminal terminal, TrainingBenchOptions options, CancellationToken cancellation)
    {
        if (options.Sites > Environment.ProcessorCount)
        {
            throw new BenchException($"{options.Sites} sites need a core each, and this machine has {Environment.ProcessorCount}.", ExitCode.CannotReach);
        }

        var machine = Machine.Describe();
        await using var stage = new TrainingStage(options, terminal.Time);
        await stage.StartAsync(cancellation);
        var bench = new TrainingBench(options, stage, await PrepareAsync(options, stage, cancellation), terminal.ErrorLine);
        var modes = ImmutableArray.CreateBuilder<TrainingFigures>();
        foreach (var mode in options.Modes)
        {
            modes.Add(await bench.RunAsync(mode, cancellation));
        }

        return new TrainingReport
        {
            Sites = options.Sites,
            Wan = options.Wan.ToString(),
            Steps = options.Steps,
            Model = options.Model,
            Seed = options.Seed,
            Modes = modes.ToImmutable(),
            Peer = options.WithDdp ? await bench.PeerAsync(cancellation) : null,
            OneSite = await bench.AloneAsync(cancellation),
            Machine = machine,
        };
    }

    private static async Task<TrainingSetup> PrepareAsync(TrainingBenchOptions options, TrainingStage stage, CancellationToken cancellation)
    {
        var python = await PythonLocator.FindAsync(named: null, cancellation);
        var program = Directories.ProjectFile(Program);
        var demo = DemoJob.Read();
        var corpus = CorpusBuilder.Build(new CorpusOptions { DataDirectory = Path.Combine(stage.Root, "corpora") }, progress: null, cancellation);
        if ((ImmutableArray<Problem>)[.. python.Problems, .. program.Problems, .. demo.Problems, .. corpus.Problems] is [var problem, ..])
        {
            throw new BenchException(problem.ToString(), ExitCode.CannotReach);
        }

        var job = demo.Value! with { Sites = stage.Islands, SiteCount = 0, Seed = options.Seed, Budget = new BudgetSpecification { Steps = options.Steps } };
        if (options.Model == TrainingModel.Large)
        {
            job = job with { Trainer = job.Trainer! with { Model = new ModelSpecification { Layers = 8, Hidden = 512, Heads = 8, Context = 128 }, Batch = 4 } };
        }

        return new TrainingSetup(python.Value!, program.Value!, job, stage.Write("job.json", job), corpus.Value!.Directory);
    }
}
