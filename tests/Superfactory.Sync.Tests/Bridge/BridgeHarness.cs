using System.Threading.Channels;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.BridgePair;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Bridges of one run in this process, joined by memory; what they say is kept.</summary>
internal sealed class BridgeHarness : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly List<Running> _bridges = [];

    private readonly Func<string, Task<IPeerTransport>> _connect;
    private readonly Func<int, CheckpointDuty>? _checkpoints;
    private readonly TimeProvider _time;

    public BridgeHarness(JobSpecification job, params string[] islands)
        : this(job, islands, connect: null)
    {
    }

    public BridgeHarness(JobSpecification job, string[] islands, Func<string, Task<IPeerTransport>>? connect, Func<int, CheckpointDuty>? checkpoints = null, TimeProvider? time = null)
    {
        (Job, Islands, _checkpoints, _time) = (job, islands, checkpoints, time ?? TimeProvider.System);
        _connect = connect ?? (island => Task.FromResult(Network.Connect(island)));
        Epoch = new RunEpoch { Number = 1, Members = [.. islands.Select(island => new RunMember(island, 1))] };
        foreach (var place in Enumerable.Range(0, islands.Length))
        {
            Start(place);
        }
    }

    public LoopbackNetwork Network { get; } = new();

    public JobSpecification Job { get; }

    public string[] Islands { get; }

    public RunEpoch Epoch { get; private set; }

    public string Root => _directory.FullName;

    public static JobSpecification Diloco(int every, long steps) => new()
    {
        Name = "test",
        Command = ["train"],
        Budget = new BudgetSpecification { Steps = steps },
        Sync = new SyncSpecification { Mode = SyncMode.Diloco, Every = every, Format = NumberFormat.Fp32, Outer = new() { LearningRate = 0.5, Momentum = 0.5 } },
    };

    public static JobSpecification EveryStep(long steps) => new()
    {
        Name = "test",
        Command = ["train"],
        Budget = new BudgetSpecification { Steps = steps },
        Sync = new SyncSpecification { Mode = SyncMode.EveryStep, Every = 1, Format = NumberFormat.Fp32 },
    };

    public string Socket(int place) => Path.Combine(Root, $"{place}.sock");

    public IReadOnlyList<string> Arenas() => [.. Directory.EnumerateFiles(Root, "superfactory-*")];

    /// <summary>A trainer at an island whose bridge is ready.</summary>
    public async Task<TrainerClient> ConnectAsync(int place)
    {
        await EventAsync<BridgeEvent.Ready>(place);
        return await TrainerClient.ConnectAsync(Socket(place));
    }

    /// <summary>Waits until a bridge has said something of a kind.</summary>
    public async Task<T> EventAsync<T>(int place, Func<T, bool>? which = null)
        where T : BridgeEvent =>
        (T)await _bridges[place].SaidAsync(happened => happened is T wanted && (which is null || which(wanted)));

    public IReadOnlyList<BridgeEvent> Events(int place) => _bridges[place].Events();

    public Task<int> ExitAsync(int place) => _bridges[place].Exit.WaitAsync(TrainerClient.Patience, TestContext.Current.CancellationToken);

    public ValueTask TellAsync(int place, BridgeCommand command) => _bridges[place].Commands.Writer.WriteAsync(command);

    public void EndCommands(int place) => _bridges[place].Commands.Writer.TryComplete();

    /// <summary>Stops a bridge and puts a new incarnation, without memory, in its place.</summary>
    public async Task RestartAsync(int place)
    {
        EndCommands(place);
        await ExitAsync(place);
        var member = Epoch.Members[place];
        Epoch = new RunEpoch { Number = Epoch.Number + 1, Start = 0, Members = Epoch.Members.SetItem(place, member with { Incarnation = member.Incarnation + 1 }) };
        Start(place);
        foreach (var other in Enumerable.Range(0, Islands.Length).Where(other => other != place))
        {
            await TellAsync(other, new BridgeCommand.EpochDecided(Epoch));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var bridge in _bridges)
        {
            bridge.Commands.Writer.TryComplete();
        }

        await Task.WhenAll(_bridges.Select(bridge => bridge.Exit)).WaitAsync(TrainerClient.Patience);
        _directory.Delete(recursive: true);
    }

    private void Start(int place)
    {
        var configuration = new BridgeConfiguration
        {
            Job = 7,
            Island = Islands[place],
            Epoch = Epoch,
            Specification = Job,
            TrainerSocket = Socket(place),
            GatewaySocket = "unused",
            ArenaDirectory = Root,
            GangDirectory = Root,
            Checkpoints = _checkpoints?.Invoke(place),
        };
        var running = new Running();
        running.Exit = Task.Run(async () =>
        {
            using var host = new BridgeHost(configuration, await _connect(Islands[place]), running.Commands, running.TakeAsync, _time,
                configuration.Checkpoints is { From: { } from } duty ? CheckpointLoader.Load(from, duty.FromSeal).Value : null);
            return await host.RunAsync(CancellationToken.None);
        });
        if (place < _bridges.Count)
        {
            _bridges[place] = running;
        }
        else
        {
            _bridges.Add(running);
        }
    }

    private sealed class Running
    {
        private readonly List<BridgeEvent> _events = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Channel<BridgeCommand> Commands { get; } = Channel.CreateUnbounded<BridgeCommand>();

        public Task<int> Exit { get; set; } = Task.FromResult(0);

        public ValueTask TakeAsync(BridgeEvent happened, CancellationToken cancellationToken)
        {
            lock (_events)
            {
                _events.Add(happened);
                _changed.SetResult();
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return ValueTask.CompletedTask;
        }

        public IReadOnlyList<BridgeEvent> Events()
        {
            lock (_events)
            {
                return [.. _events];
            }
        }

        public async Task<BridgeEvent> SaidAsync(Func<BridgeEvent, bool> which)
        {
            while (true)
            {
                Task changed;
                lock (_events)
                {
                    if (_events.FirstOrDefault(which) is { } found)
                    {
                        return found;
                    }

                    changed = _changed.Task;
                }

                await Task.WhenAny(changed, Exit).WaitAsync(TrainerClient.Patience, TestContext.Current.CancellationToken);
                if (Exit.IsFaulted)
                {
                    await Exit;
                }
            }
        }
    }
}
