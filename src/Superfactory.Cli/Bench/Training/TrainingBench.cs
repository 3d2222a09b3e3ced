using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Bench.Training;

/// <summary>Trains the same in each mode, with blocks without merging in between, and measures. For one thread.</summary>
/// <param name="options">What is asked for.</param>
/// <param name="stage">The sites, up.</param>
/// <param name="setup">What every trainer is started with.</param>
/// <param name="say">Told how far it is.</param>
internal sealed class TrainingBench(TrainingBenchOptions options, TrainingStage stage, TrainingSetup setup, Action<string> say)
{
    /// <summary>DistributedDataParallel sends gradients as they are.</summary>
    private const string DdpFormat = "fp32";

    private int _runs;

    /// <summary>Measures a mode of Superfactory.</summary>
    /// <exception cref="BenchException">A process failed.</exception>
    public Task<TrainingFigures> RunAsync(TrainingMode mode, CancellationToken cancellation) =>
        MeasureAsync(mode.Name, "superfactory", mode.Sync.Every, stage.Islands, mode.Sync, cancellation);

    /// <summary>Measures DistributedDataParallel.</summary>
    /// <exception cref="BenchException">A process failed.</exception>
    public Task<TrainingFigures> PeerAsync(CancellationToken cancellation) => MeasureAsync("ddp", "ddp", 1, stage.Islands, sync: null, cancellation);

    /// <summary>Measures one trainer by itself.</summary>
    /// <exception cref="BenchException">A process failed.</exception>
    public Task<TrainingFigures> AloneAsync(CancellationToken cancellation) => MeasureAsync("alone", "alone", 1, stage.Islands[..1], sync: null, cancellation);

    private async Task<TrainingFigures> MeasureAsync(
        string name, string kind, int every, ImmutableArray<string> islands, SyncSpecification? sync, CancellationToken cancellation)
    {
        var run = ++_runs;
        List<BenchProcess> trainers = [], bridges = [];
        var pilot = sync?.Mode == SyncMode.Auto ? new TrainingPilot(islands, sync) : null;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            if (sync is not null)
            {
                var job = setup.Job with { Sites = islands, Sync = sync };
                foreach (var island in islands)
                {
                    bridges.Add(await stage.StartBridgeAsync(island, run, job, pilot?.Epoch ?? TrainingPilot.First(islands), cancellation));
                }
            }

            var piloting = Pilot(pilot, bridges, ending.Token);

            // Each is ready only when all are joined.
            trainers.AddRange(await Task.WhenAll(islands.Select((island, rank) => StartAsync(kind, island, rank, islands.Length, run, cancellation))));
            var measuring = BlocksAsync(name, every, trainers, ending.Token);
            var failing = stage.FirstFailureAsync();
            if (await Task.WhenAny(measuring, failing) == failing)
            {
                await ending.CancelAsync();
                await ((Task)measuring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw await failing;
            }

            var figures = await measuring;
            await ending.CancelAsync();
            await piloting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return figures with { Choices = pilot?.Choices, Format = sync?.Format.ToString().ToLowerInvariant() ?? (kind == "ddp" ? DdpFormat : null) };
        }
        finally
        {
            await Task.WhenAll(trainers.Concat(bridges).Select(static process => process.DisposeAsync().AsTask()));
        }
    }

    private static Task Pilot(TrainingPilot? pilot, List<BenchProcess> bridges, CancellationToken cancellation)
    {
        if (pilot is null)
        {
            return Task.CompletedTask;
        }

        foreach (var (place, bridge) in bridges.Index())
        {
            bridge.Overheard = line => pilot.Hear(place, line);
        }

        return pilot.RunAsync(bridges, cancellation);
    }

    private Task<BenchProcess> StartAsync(string kind, string island, int rank, int size, int run, CancellationToken cancellation)
    {
        string[] command =
        [
            setup.Python, setup.Program, "--kind", kind, "--job", setup.JobFile, "--corpus", setup.Corpus, "--steps", Text(options.Steps),
            "--store", Path.Combine(stage.Root, $"{Text(run)}.store"), "--rank", Text(rank), "--size", Text(size), "--address", stage.AddressOf(island),
        ];
        var environment = ImmutableSortedDictionary<string, string>.Empty;
        if (kind == "superfactory")
        {
            environment = environment
                .Add("SUPERFACTORY_BRIDGE", stage.TrainerSocket(island, run))
                .Add("SUPERFACTORY_JOB_FILE", setup.JobFile)
                .Add("SUPERFACTORY_ISLAND", island);
        }

        return stage.StartTrainerAsync(island, rank, command, environment, cancellation);
    }

    private async Task<TrainingFigures> BlocksAsync(string name, int every, List<BenchProcess> trainers, CancellationToken cancellation)
    {
        var steps = TrainingFiguresOf.BlockSteps(options.Steps, every);
        var offSteps = Math.Min(steps, TrainingBenchOptions.OffStepsMax);
        var bytes = await stage.WanBytesAsync(cancellation);
        List<TrainingBlock> on = [], off = [];
        await AskAsync(trainers, $"off {Text(offSteps)}", cancellation);
        for (var done = 0; done + steps <= options.Steps; done += steps)
        {
            off.Add(Block(await AskAsync(trainers, $"off {Text(offSteps)}", cancellation)));
            on.Add(Block(await AskAsync(trainers, $"on {Text(steps)}", cancellation)));
            say(string.Create(
                CultureInfo.InvariantCulture, $"{name}: {done + steps} of {options.Steps} steps, {on[^1].Rate:0} tokens/s, without merging {off[^1].Rate:0}."));
        }

        var ends = await AskAsync(trainers, "finish", cancellation);
        var waits = ends.Select(static end => end.WaitSeconds).Max();
        return TrainingFiguresOf.Of(name, every, off, on, await stage.WanBytesAsync(cancellation) - bytes, waits, ends[0].FinalLoss ?? double.NaN);
    }

    private static async Task<TrainerAnswer[]> AskAsync(List<BenchProcess> trainers, string line, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(trainers.Select(trainer => trainer.AskAsync(line, static answer => answer.StartsWith('{'), cancellation)));
        return [.. answers.Select(static answer => JsonSerializer.Deserialize<TrainerAnswer>(answer, Model.FactoryJson.Options)!)];
    }

    private static TrainingBlock Block(TrainerAnswer[] answers) =>
        new(answers.Max(static answer => answer.Seconds), answers.Sum(static answer => answer.Tokens));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record TrainerAnswer
    {
        public required double Seconds { get; init; }

        public required long Tokens { get; init; }

        public double? FinalLoss { get; init; }

        public double? WaitSeconds { get; init; }
    }
}
