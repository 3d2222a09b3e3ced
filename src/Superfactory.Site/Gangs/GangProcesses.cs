using System.Text.Json;
using Superfactory.Model;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;
using Superfactory.Sync.Bridge;

namespace Superfactory.Site.Gangs;

/// <summary>The processes of a gang below its supervisor: a bridge for each lane, and the trainers. Calls come one after the other; what happens is posted from any thread.</summary>
internal sealed class GangProcesses : IDisposable
{
    /// <summary>The longest log line, as <c>LogLine</c> promises.</summary>
    private const int LogCharactersMax = 4096;

    /// <summary>The longest line of a bridge: a result with the texts that a trainer reported.</summary>
    private const int EventCharactersMax = 4 * 1024 * 1024;

    /// <summary>How long a bridge may take to read what it is told, before the supervisor goes on without.</summary>
    private static readonly TimeSpan TellLimit = TimeSpan.FromSeconds(2);

    /// <summary>How long trainers have to end once asked.</summary>
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(3);

    /// <summary>How long a bridge has to end by itself when the gang ends in good order.</summary>
    private static readonly TimeSpan BridgeExitLimit = TimeSpan.FromSeconds(2);

    /// <summary>How long the output of an ended process is still read, where another process holds it open.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);

    private readonly GangSpecification _specification;
    private readonly ProcessStarter _starter;
    private readonly GangEventWriter _events;
    private readonly Action<GangInput> _post;
    private readonly Action<Exception> _fault;
    private readonly TimeProvider _clock;
    private readonly List<ChildProcess> _trainers = [];
    private readonly List<ChildProcess> _past = [];
    private readonly List<ChildProcess> _bridges = [];
    private readonly List<Task> _bridgeEnds = [];
    private string[]? _trainerCommand;

    /// <summary>Starts nothing yet.</summary>
    /// <param name="specification">The gang.</param>
    /// <param name="keeper">The path of <c>setpriv</c>.</param>
    /// <param name="events">Where the agent reads.</param>
    /// <param name="post">Called with what happens.</param>
    /// <param name="fault">Called where this object itself is at fault.</param>
    /// <param name="clock">Measures limits.</param>
    public GangProcesses(
        GangSpecification specification, string keeper, GangEventWriter events, Action<GangInput> post, Action<Exception> fault, TimeProvider clock)
    {
        (_specification, _events, _post, _fault, _clock) = (specification, events, post, fault, clock);
        _starter = new ProcessStarter(keeper);
    }

    /// <summary>Starts the bridge of every lane; a gang of a role merges nothing, and has none.</summary>
    public async Task StartBridgesAsync()
    {
        await File.WriteAllBytesAsync(
            GangFiles.Job(_specification.GangDirectory), JsonSerializer.SerializeToUtf8Bytes(_specification.Assignment.Specification, FactoryJson.Readable));
        if (_specification.Assignment.Role is not null)
        {
            return;
        }

        for (var lane = 0; lane < _specification.Assignment.Specification.LaneCount; lane++)
        {
            await StartBridgeAsync(lane);
        }
    }

    private async Task StartBridgeAsync(int lane)
    {
        var (assignment, directory, configuration) = (
            _specification.Assignment, GangFiles.LaneDirectory(_specification.GangDirectory, lane), GangFiles.BridgeConfiguration(_specification.GangDirectory, lane));
        Directory.CreateDirectory(directory);
        await File.WriteAllBytesAsync(configuration, JsonSerializer.SerializeToUtf8Bytes(
            new BridgeConfiguration
            {
                Job = assignment.Job,
                Island = assignment.Island,
                Incarnation = assignment.Incarnation,
                Epoch = assignment.Epoch,
                Specification = assignment.Specification,
                Lane = lane,
                TrainerSocket = GangFiles.TrainerSocket(_specification.RuntimeDirectory, lane),
                GatewaySocket = _specification.GatewaySocket,
                ArenaDirectory = _specification.RuntimeDirectory,
                GangDirectory = directory,
                Checkpoints = _specification.Checkpoints,
            },
            FactoryJson.Readable));
        var self = _specification.Self;
        var bridge = await _starter.StartAsync(new ProcessPlan
        {
            Command = [self.Program, .. self.Arguments, "bridge", "--config", configuration],
            WorkingDirectory = directory,
        });
        _bridges.Add(bridge);
        var (gate, errors) = (new LogGate(_clock, text => _events.Log("bridge", lane, text)), new LastLines());
        var stray = new LogGate(_clock, text => _events.Log("bridge", lane, text));
        bridge.ReadOutput(EventCharactersMax, line => OnBridgeLine(line, lane, stray));
        bridge.ReadErrors(LogCharactersMax, line =>
        {
            errors.Add(line);
            gate.Add(line);
        });
        _bridgeEnds.Add(WatchAsync(bridge, end => new GangInput.BridgeEnded(end, lane), errors, gate));
    }

    /// <summary>Starts all trainers of the island.</summary>
    public async Task StartTrainersAsync(int start, CancellationToken cancellationToken)
    {
        if (_trainerCommand is null)
        {
            var command = await TrainerLaunch.CommandAsync(_specification, cancellationToken);
            if (!command.Succeeded)
            {
                _post(new GangInput.CannotStart(
                    $"The trainers of island {_specification.Assignment.Island} cannot be started: {string.Join(' ', command.Problems)}"));
                return;
            }

            _trainerCommand = command.Value;
        }

        var port = TrainerLaunch.FreePort();
        for (var rank = 0; rank < _specification.Assignment.Specification.ProcessesAt(_specification.Assignment.Island); rank++)
        {
            var number = rank;
            var trainer = await _starter.StartAsync(TrainerLaunch.Plan(_specification, _trainerCommand, rank, port));
            _trainers.Add(trainer);
            trainer.CloseInput();
            var errors = new LastLines();
            var output = new LogGate(_clock, text => _events.Log("trainer", number, text));
            var error = new LogGate(_clock, text => _events.Log("trainer", number, text));
            trainer.ReadOutput(LogCharactersMax, output.Add);
            trainer.ReadErrors(LogCharactersMax, line =>
            {
                errors.Add(line);
                error.Add(line);
            });
            _ = WatchAsync(trainer, end => new GangInput.TrainerEnded(start, number, end), errors, output, error);
        }
    }

    /// <summary>Kills every trainer and all that they started; the bridge goes on.</summary>
    public async Task EndTrainersAsync()
    {
        int[] bridges = [.. _bridges.Select(bridge => bridge.Id)];
        if (!await ProcessTree.EndAsync(table => table.Descendants(Environment.ProcessId, bridges), _clock))
        {
            _events.Log("gang", 0, $"Processes of the island's trainers did not end within {ProcessTree.EndLimit.TotalSeconds:0} s of being killed.");
        }

        await _starter.ReapAdoptedAsync();
        _past.AddRange(_trainers);
        _trainers.Clear();
    }

    /// <summary>Tells the bridges something, where they still listen.</summary>
    /// <param name="command">What.</param>
    /// <param name="except">A lane whose bridge is not told; null tells all.</param>
    public Task TellBridgesAsync(BridgeCommand command, int? except)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(command, FactoryJson.Options);
        return Task.WhenAll(_bridges.Select(async (bridge, lane) =>
        {
            if (lane == except)
            {
                return;
            }

            var told = bridge.WriteLineAsync(line, CancellationToken.None);
            if (await Task.WhenAny(told, Task.Delay(TellLimit, _clock)) != told)
            {
                _events.Log("gang", 0, $"The bridge{(_bridges.Count > 1 ? $" of lane {lane}" : string.Empty)} has not read what it was told within {TellLimit.TotalSeconds:0} s.");
            }
        }));
    }

    /// <summary>Ends every process of the gang.</summary>
    /// <param name="ask">Whether trainers are asked first.</param>
    /// <param name="waitForBridge">Whether the bridge may end by itself first.</param>
    /// <param name="hurry">Takes all patience back.</param>
    public async Task EndAllAsync(bool ask, bool waitForBridge, CancellationToken hurry)
    {
        if (ask)
        {
            _trainers.ForEach(trainer => trainer.Signal(Native.SignalTerminate));
            await Task.WhenAny(Task.WhenAll(_trainers.Select(trainer => trainer.WaitAsync(TimeSpan.Zero))), Task.Delay(AskLimit, _clock, hurry));
        }

        await EndTrainersAsync();
        if (waitForBridge)
        {
            _bridges.ForEach(bridge => bridge.CloseInput());
            await Task.WhenAny(Task.WhenAll(_bridgeEnds), Task.Delay(BridgeExitLimit, _clock, hurry));
        }

        await ProcessTree.EndAsync(table => table.Descendants(Environment.ProcessId), _clock);
        await _starter.ReapAdoptedAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _starter.Dispose();
        _bridges.ForEach(bridge => bridge.Dispose());
        _past.ForEach(process => process.Dispose());
    }

    private void OnBridgeLine(string line, int lane, LogGate stray)
    {
        BridgeEvent? said;
        try
        {
            said = JsonSerializer.Deserialize<BridgeEvent>(line, FactoryJson.Options);
        }
        catch (JsonException)
        {
            // No event, so it is something that a library printed: people may want to see it.
            stray.Add(line.Length > LogCharactersMax ? line[..LogCharactersMax] : line);
            return;
        }

        switch (said)
        {
            case BridgeEvent.Log log:
                stray.Add(log.Text);
                break;
            case BridgeEvent.Measurement when lane < _specification.Assignment.Specification.LaneCount - 1:
                // Every lane's trainer says the same; the last one has the loss.
                break;
            case BridgeEvent.Measurement measurement:
                _events.Measured(measurement.Step, measurement.Values);
                break;
            case not null:
                _post(new GangInput.BridgeSaid(said, lane));
                break;
        }
    }

    private async Task WatchAsync(ChildProcess process, Func<ProcessEnd, GangInput> input, LastLines errors, params LogGate[] gates)
    {
        try
        {
            var exitCode = await process.WaitAsync(DrainLimit);
            Array.ForEach(gates, gate => gate.SayDropped());
            _post(input(new ProcessEnd(exitCode, errors.ToString())));
        }
#pragma warning disable CA1031 // Nobody awaits this; the supervisor must hear of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _fault(error);
        }
    }
}
