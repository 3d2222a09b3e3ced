using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Cli.Lab;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Site.Processes;
using Superfactory.Sync.Bridge;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Bench.Training;

/// <summary>
/// The sites: each a network namespace of the laboratory with a gateway in it, joined by links over which the gateways speak TLS. Bridges and
/// trainers come and go with the modes. All of it is gone when this is disposed, or when this process dies.
/// </summary>
internal sealed class TrainingStage : IAsyncDisposable
{
    private const int GatewayPort = 7500;

    private const string SharedMemory = "/dev/shm";

    private const string Pin = "taskset";

    private readonly TrainingBenchOptions _options;
    private readonly TimeProvider _time;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-bench-");
    private readonly ProcessStarter _starter;
    private readonly List<BenchProcess> _gateways = [];
    private Laboratory? _laboratory;

    /// <summary>A stage with nothing on it.</summary>
    /// <exception cref="BenchException">A program that every process is started with is missing.</exception>
    public TrainingStage(TrainingBenchOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Islands = [.. Enumerable.Range(1, options.Sites).Select(number => $"island-{number}")];
        _starter = new ProcessStarter(Tool(SystemTools.Keeper), deathSignal: "TERM");
        Tool(Pin);
    }

    /// <summary>The islands by name, in the order of sums and leaders.</summary>
    public ImmutableArray<string> Islands { get; }

    /// <summary>A directory of the stage's own.</summary>
    public string Root => _directory.FullName;

    private Laboratory Lab => _laboratory ?? throw new InvalidOperationException("The laboratory is not up.");

    /// <summary>Puts the laboratory and the gateways up.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        if (!Laboratory.MayRun)
        {
            throw new BenchException("Links between sites are built of network namespaces, which only root can set up: run this as root.", ExitCode.CannotReach);
        }

        _laboratory = Value(await Laboratory.UpAsync(
            Topology(), new LaboratoryOptions { FibreCommand = LabCommand.Fibre, Environment = Self.Environment() }, cancellation));
        using var authority = FleetAuthority.Create(_time.GetUtcNow());
        if (authority.Save(Root) is { } problem)
        {
            throw new BenchException(problem.ToString(), ExitCode.CannotReach);
        }

        foreach (var island in Islands)
        {
            var configuration = new BenchGatewayConfiguration
            {
                Site = island,
                Listen = $"{AddressOf(island)}:{GatewayPort}",
                Socket = GatewaySocket(island),
                Peers = [.. Islands.Where(other => other != island).Select(other => new PeerGateway(other, $"{AddressOf(other)}:{GatewayPort}"))],
                Certificates = Value(authority.Issue(island, Root, _time.GetUtcNow())),
            };
            _gateways.Add(await StartSelfAsync(
                $"gateway of {island}", island, [BenchGateway.Name, "--config", Write($"{island}.gateway.json", configuration)],
                static line => line == BenchGateway.Ready, cancellation));
        }
    }

    /// <summary>An address at which an island's programs are reached by the others.</summary>
    public string AddressOf(string island) => Lab.AddressOf(island).ToString();

    /// <summary>The socket at which an island's bridge takes its trainer.</summary>
    public string TrainerSocket(string island, int run) => Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"{island}.{run}.trainer"));

    /// <summary>Writes a file of the stage's own as JSON.</summary>
    public string Write<T>(string name, T value)
    {
        var path = Path.Combine(Root, name);
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(value, FactoryJson.Readable));
        return path;
    }

    /// <summary>Bytes of IP packets that crossed all links in both directions so far.</summary>
    public async Task<long> WanBytesAsync(CancellationToken cancellation) =>
        Value(await Lab.StatusAsync(cancellation)).Links.Sum(static link => link.There.Bytes + link.Back.Bytes);

    /// <summary>Starts an island's bridge for a run; the caller ends it.</summary>
    public Task<BenchProcess> StartBridgeAsync(string island, int run, JobSpecification job, RunEpoch epoch, CancellationToken cancellation)
    {
        var configuration = new BridgeConfiguration
        {
            Job = run,
            Island = island,
            Epoch = epoch,
            Specification = job,
            TrainerSocket = TrainerSocket(island, run),
            GatewaySocket = GatewaySocket(island),
            ArenaDirectory = Directory.Exists(SharedMemory) ? SharedMemory : Root,
            GangDirectory = Directory.CreateDirectory(Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"{island}.{run}"))).FullName,
        };
        return StartSelfAsync(
            $"bridge of {island}", island, ["bridge", "--config", Write(string.Create(CultureInfo.InvariantCulture, $"{island}.{run}.bridge.json"), configuration)],
            static line => line.Contains("\"type\":\"ready\"", StringComparison.Ordinal), cancellation);
    }

    /// <summary>Starts a trainer on a core of its own; the caller ends it.</summary>
    public Task<BenchProcess> StartTrainerAsync(
        string island, int core, IEnumerable<string> command, ImmutableSortedDictionary<string, string> environment, CancellationToken cancellation)
    {
        var plan = new ProcessPlan
        {
            Command = [.. Lab.Enter(island), Pin, "-c", core.ToString(CultureInfo.InvariantCulture), .. command],
            WorkingDirectory = Root,
            Environment = environment.SetItem("OMP_NUM_THREADS", "1").SetItem("PYTHONUNBUFFERED", "1"),
        };
        return BenchProcess.StartAsync(_starter, $"trainer of {island}", plan, static line => line == "ready", _time, cancellation);
    }

    /// <summary>Ends with the first gateway that ends, in a sentence that says why.</summary>
    public async Task<BenchException> FirstFailureAsync()
    {
        var first = await Task.WhenAny(_gateways.Select(static gateway => gateway.Ended));
        return await _gateways.First(gateway => gateway.Ended == first).FailureAsync(ExitCode.JobFailed);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_gateways.Select(static gateway => gateway.DisposeAsync().AsTask()));
        _starter.Dispose();
        if (_laboratory is { } laboratory)
        {
            await laboratory.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private static string Tool(string program) => SystemTools.Find(program) ?? throw new BenchException(SystemTools.Missing(program), ExitCode.CannotReach);

    private static T Value<T>(Outcome<T> outcome)
        where T : class =>
        outcome.Succeeded ? outcome.Value : throw new BenchException(outcome.Problems[0].ToString(), ExitCode.CannotReach);

    private string GatewaySocket(string island) => Path.Combine(Root, $"{island}.gateway");

    private Task<BenchProcess> StartSelfAsync(string name, string island, string[] arguments, Func<string, bool> isReady, CancellationToken cancellation)
    {
        var plan = new ProcessPlan { Command = [.. Lab.Enter(island), .. Self.Command(), .. arguments], WorkingDirectory = Root, Environment = Self.Environment() };
        return BenchProcess.StartAsync(_starter, name, plan, isReady, _time, cancellation);
    }

    /// <summary>Every island joined to every other.</summary>
    private LabTopology Topology()
    {
        var direction = new LabDirection { Bandwidth = _options.Wan.Rate };
        var mtu = MergeFigures.MtuFor(_options.Wan.Rate.BitsPerSecond);
        return new LabTopology
        {
            Name = $"bench-{Environment.ProcessId}",
            Sites = Islands,
            Links =
            [
                .. from first in Enumerable.Range(0, Islands.Length)
                   from second in Enumerable.Range(first + 1, Islands.Length - first - 1)
                   select new LabLink { A = Islands[first], B = Islands[second], RoundTrip = _options.Wan.RoundTrip, Mtu = mtu, There = direction, Back = direction },
            ],
            Seed = _options.Seed,
        };
    }
}
