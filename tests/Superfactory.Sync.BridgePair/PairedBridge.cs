using System.Threading.Channels;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Sync.BridgePair;

/// <summary>One island's bridge in this process, and its successors after restarts.</summary>
internal sealed class PairedBridge
{
    private const int CommandsMax = 64;

    private readonly PairOptions _options;
    private readonly LoopbackNetwork _network;
    private readonly Func<PairOutput, Task> _print;
    private readonly int _place;
    private Channel<BridgeCommand> _commands = Channel.CreateBounded<BridgeCommand>(CommandsMax);
    private Task<int> _running = Task.FromResult(0);

    /// <summary>The bridge of the island at <paramref name="place"/>; it is not started.</summary>
    public PairedBridge(PairOptions options, int place, LoopbackNetwork network, Func<PairOutput, Task> print) =>
        (_options, _place, _network, _print) = (options, place, network, print);

    /// <summary>The trainer's socket.</summary>
    public string Socket => Path.Combine(_options.Directory, $"{_place}.sock");

    /// <summary>Gives the exit code of the bridge that runs now.</summary>
    public Task<int> Running => _running;

    /// <summary>Starts a bridge that knows <paramref name="epoch"/>.</summary>
    public void Start(RunEpoch epoch)
    {
        _commands = Channel.CreateBounded<BridgeCommand>(CommandsMax);
        _running = Task.Run(() => RunAsync(epoch, _commands.Reader));
    }

    /// <summary>Tells the bridge something.</summary>
    public async Task TellAsync(BridgeCommand command) => await _commands.Writer.WriteAsync(command);

    /// <summary>Stops the bridge and waits for its end.</summary>
    public async Task StopAsync()
    {
        _commands.Writer.TryComplete();
        await _running;
    }

    /// <summary>The checkpoint of this island that an earlier program left.</summary>
    private CheckpointState? Restored()
    {
        if (_options.From is not { } earlier)
        {
            return null;
        }

        var read = CheckpointLoader.Load(Directory.GetDirectories(Path.Combine(earlier, Checkpoints), $"round-{_options.Round}-*", SearchOption.AllDirectories).Single(), seal: null);
        return read.Succeeded ? read.Value : throw new InvalidOperationException(read.Problems[0].ToString());
    }

    private string Checkpoints => $"saved-{_place}";

    private async Task<int> RunAsync(RunEpoch epoch, ChannelReader<BridgeCommand> commands)
    {
        var configuration = new BridgeConfiguration
        {
            Job = 1,
            Island = _options.Islands[_place],
            Epoch = epoch,
            Specification = _options.Job,
            TrainerSocket = Socket,
            GatewaySocket = string.Empty,
            ArenaDirectory = _options.Directory,
            GangDirectory = _options.Directory,
            Checkpoints = new CheckpointDuty { Directory = Path.Combine(_options.Directory, Checkpoints), Restores = _options.From is not null },
        };
        using var host = new BridgeHost(
            configuration,
            _network.Connect(configuration.Island),
            commands,
            async (happened, _) => await _print(new PairOutput(_place, Event: happened)),
            TimeProvider.System,
            Restored());
        var exit = await host.RunAsync(CancellationToken.None);
        await _print(new PairOutput(_place, Exit: exit));
        return exit;
    }
}
