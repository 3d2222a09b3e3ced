using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Site.Processes;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Peers.Direct;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>
/// Where a merge is measured: the bridges of all islands as processes, and what joins them. All of it is gone when this is disposed,
/// or when this process dies.
/// </summary>
internal abstract class MergeStage : IAsyncDisposable
{
    private const string SharedMemory = "/dev/shm";

    private readonly MergeBenchOptions _options;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-bench-");
    private readonly ProcessStarter _starter;
    private readonly List<BenchProcess> _processes = [];

    /// <summary>A stage with nothing on it.</summary>
    /// <exception cref="BenchException">What ties processes to this one is missing.</exception>
    protected MergeStage(MergeBenchOptions options, TimeProvider time)
    {
        (_options, Time) = (options, time);
        Islands = [.. Enumerable.Range(1, options.Islands).Select(number => $"island-{number}")];
        _starter = new ProcessStarter(SystemTools.Find(SystemTools.Keeper)
            ?? throw new BenchException(SystemTools.Missing(SystemTools.Keeper), ExitCode.CannotReach), deathSignal: "TERM");
    }

    /// <summary>The islands by name, in the order of sums and leaders.</summary>
    public ImmutableArray<string> Islands { get; }

    /// <summary>Whether messages go through gateways.</summary>
    public abstract bool ThroughGateways { get; }

    /// <summary>Whether they are encrypted between islands.</summary>
    public abstract bool Tls { get; }

    /// <summary>What is known of the laboratory once merges have been measured; null without one.</summary>
    public virtual LabFigures? Figures => null;

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; }

    /// <summary>A directory of the stage's own, which all its processes share.</summary>
    public string Root => _directory.FullName;

    /// <summary>How results travel where there are more than two islands: as contributions do, so that both directions carry the same.</summary>
    public NumberFormat ResultFormat => _options.Format;

    /// <summary>The processes whose time counts, from the first to the last.</summary>
    public IReadOnlyList<int> Measured => [.. _processes.Select(process => process.Id)];

    /// <summary>The socket at which an island's bridge takes its trainer.</summary>
    public string TrainerSocket(string island) => Path.Combine(Root, $"{island}.trainer");

    /// <summary>The socket at which an island's gateway takes its bridge.</summary>
    public string GatewaySocket(string island) => Path.Combine(Root, $"{island}.gateway");

    /// <summary>Puts everything up.</summary>
    public virtual async Task StartAsync(CancellationToken cancellation)
    {
        foreach (var island in Islands)
        {
            await StartBridgeAsync(island, cancellation);
        }
    }

    /// <summary>What begins a command that is to run at an island.</summary>
    public virtual IReadOnlyList<string> Enter(string island) => [];

    /// <summary>An address at which an island's programs are reached by the other islands.</summary>
    public virtual string AddressOf(string island) => "127.0.0.1";

    /// <summary>A merge is about to begin.</summary>
    /// <param name="merge">Its number; 0 warms up.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public virtual Task BeforeMergeAsync(int merge, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>A merge has ended.</summary>
    /// <param name="merge">Its number; 0 warms up.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public virtual Task AfterMergeAsync(int merge, double seconds, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Starts a program at an island that is not part of what is measured; the caller ends it.</summary>
    public Task<BenchProcess> StartBesideAsync(string name, string island, IEnumerable<string> command, Func<string, bool> isReady, CancellationToken cancellation) =>
        BenchProcess.StartAsync(
            _starter, name, new ProcessPlan { Command = [.. Enter(island), .. command], WorkingDirectory = Root }, isReady, Time, cancellation);

    /// <summary>Ends with the first process under measurement that ends, in a sentence that says why.</summary>
    public async Task<BenchException> FirstFailureAsync()
    {
        var first = await Task.WhenAny(_processes.Select(process => process.Ended));
        return await _processes.First(process => process.Ended == first).FailureAsync(ExitCode.JobFailed);
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        // All at once: each may take seconds to find that its peers are gone.
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        _starter.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>How an island's bridge reaches the others.</summary>
    protected abstract BridgeConfiguration Join(BridgeConfiguration configuration);

    /// <summary>Starts this program again as another process at an island, one whose time counts.</summary>
    protected async Task StartAsync(string name, string island, IEnumerable<string> arguments, Func<string, bool> isReady, CancellationToken cancellation)
    {
        var plan = new ProcessPlan
        {
            Command = [.. Enter(island), .. Self.Command(), .. arguments],
            WorkingDirectory = Root,
            Environment = Self.Environment(),
        };
        _processes.Add(await BenchProcess.StartAsync(_starter, name, plan, isReady, Time, cancellation));
    }

    /// <summary>Writes a file of the stage's own as JSON.</summary>
    protected string Write<T>(string name, T value)
    {
        var path = Path.Combine(Root, name);
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(value, FactoryJson.Readable));
        return path;
    }

    private Task StartBridgeAsync(string island, CancellationToken cancellation)
    {
        var configuration = Join(new BridgeConfiguration
        {
            Job = 1,
            Island = island,
            Epoch = new RunEpoch { Number = 1, Members = [.. Islands.Select(member => new RunMember(member, 1))] },
            Specification = new JobSpecification
            {
                Name = "bench",
                Sites = Islands,
                Command = ["bench"],
                Sync = new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1, Format = _options.Format, ResultFormat = ResultFormat },

                // The measurement ends it; the run itself never does.
                Budget = new BudgetSpecification { Steps = int.MaxValue },
            },
            TrainerSocket = TrainerSocket(island),
            GatewaySocket = GatewaySocket(island),
            ArenaDirectory = Directory.Exists(SharedMemory) ? SharedMemory : Root,
            GangDirectory = Root,
        });
        return StartAsync(
            $"bridge of {island}", island, ["bridge", "--config", Write($"{island}.bridge.json", configuration)],
            static line => line.Contains("\"type\":\"ready\"", StringComparison.Ordinal), cancellation);
    }
}

/// <summary>Bridge to bridge over loopback TCP, without gateways and without encryption.</summary>
internal sealed class LoopbackStage(MergeBenchOptions options, TimeProvider time) : MergeStage(options, time)
{
    /// <inheritdoc/>
    public override bool ThroughGateways => false;

    /// <inheritdoc/>
    public override bool Tls => false;

    /// <inheritdoc/>
    protected override BridgeConfiguration Join(BridgeConfiguration configuration) => configuration with { Direct = new DirectPeers { Directory = Root } };
}
