using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge.Memory;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>
/// The bridge's side of the conversation with its trainer: one trainer at a time, one request at a time, in the order of the
/// protocol. What the trainer says becomes inputs of the merge machine; what the machine wants of the trainer becomes replies.
/// The arena and its files outlive a trainer that crashes. For one thread.
/// </summary>
internal sealed partial class TrainerDesk : IDisposable
{
    private readonly BridgeConfiguration _configuration;
    private readonly BridgeReporter _reporter;
    private readonly ConnectionCloser _closer;
    private readonly Action<MergeInput> _drive;
    private readonly Action<string> _fail;
    private readonly Func<bool> _isRead;
    private TrainerConnection? _connection;
    private TrainerPhase _phase;
    private RoundTurn? _turn;
    private MergeOutcome? _mergedMeanwhile;
    private MergeEffect.Begin? _beginMeanwhile;
    private SharedArena? _arena;
    private StateFiles? _states;
    private RegisteredTensors? _table;
    private int _process;
    private bool _registered;
    private bool _declared;
    private bool _peerStateGiven;
    private bool _arenaDue;
    private long _savesNext = -1;

    /// <summary>A desk where no trainer has come yet.</summary>
    /// <param name="configuration">Which run this is.</param>
    /// <param name="reporter">Is told what people should know.</param>
    /// <param name="closer">Lets connections end.</param>
    /// <param name="drive">Takes inputs for the merge machine; it must not call back before it returns.</param>
    /// <param name="fail">Ends the run for a fault that no restart of the trainer mends.</param>
    /// <param name="isRead">Whether what the last trainer wrote to its memory is still being sent.</param>
    public TrainerDesk(
        BridgeConfiguration configuration, BridgeReporter reporter, ConnectionCloser closer, Action<MergeInput> drive, Action<string> fail, Func<bool> isRead) =>
        (_configuration, _reporter, _closer, _drive, _fail, _isRead) = (configuration, reporter, closer, drive, fail, isRead);

    /// <summary>What the trainer gave as results.</summary>
    public TrainerResults Results { get; } = new();

    /// <summary>Numbers in the registered parameters; 0 before there are any.</summary>
    public long Parameters => _arena?.Layout.Parameters ?? 0;

    /// <summary>Whether the trainer is to take steps: it has begun, waits for nothing, and the run is not over.</summary>
    public bool IsTraining => _phase == TrainerPhase.Training && _connection is { HasHungUp: false } && _turn is { Finished: false };

    /// <summary>Whether something is due from the trainer: its next step, or its state, which it was asked for and others wait for.</summary>
    public bool IsDue => IsTraining || (_phase == TrainerPhase.Copying && _connection is { HasHungUp: false });

    private string Island => _configuration.Island;

    /// <summary>Someone connected.</summary>
    /// <returns>Whether it is the trainer from here on; otherwise it is refused.</returns>
    public bool Connect(TrainerConnection connection)
    {
        if (_connection is { HasHungUp: false })
        {
            var process = _process == 0 ? string.Empty : $" (process {_process})";
            connection.Send(new TrainerReply.Failed(
                $"The trainer of {Island}{process} is connected to this bridge already; a second connection is refused. Only rank 0 of an island connects."));
            _closer.Close(connection);
            _reporter.Note($"A second connection to the bridge of {Island} was refused: its trainer{process} is connected.");
            return false;
        }

        Leave();
        (_connection, _phase, _process) = (connection, TrainerPhase.Hello, 0);
        return true;
    }

    /// <summary>A connection ended.</summary>
    public void HangUp(TrainerConnection connection)
    {
        if (connection == _connection)
        {
            Leave();
        }
    }

    /// <summary>
    /// Whether the process that connected last still runs. Whoever says that a trainer is lost has ended it first, so one that runs
    /// is the next one, which connected before the word of the loss was read.
    /// </summary>
    public bool IsTrainerAlive() => _connection is { HasHungUp: false } && (_process == 0 || File.Exists($"/proc/{_process}/stat"));

    /// <summary>The trainer's process is known to be dead, or is no longer wanted: its connection ends, and the machine hears of it.</summary>
    public void Leave()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            _closer.Close(connection, trainerFirst: _phase == TrainerPhase.Done);
        }

        ForgetParked();
        if (_registered && _phase != TrainerPhase.Done)
        {
            _drive(new MergeInput.TrainerLost());
        }

        (_registered, _arenaDue, _mergedMeanwhile, _beginMeanwhile) = (false, false, null, null);
    }

    /// <summary>The run cannot go on: the trainer is told why, and its connection ends.</summary>
    public void Dismiss(string reason)
    {
        _registered = false;
        if (_phase != TrainerPhase.Done)
        {
            _connection?.Send(new TrainerReply.Failed(reason));
        }

        Leave();
    }

    /// <summary>The trainer said something, or something unreadable.</summary>
    public void Hear(TrainerConnection connection, Outcome<TrainerMessage> said)
    {
        if (connection != _connection)
        {
            // The last words of a trainer that was refused or replaced.
            return;
        }

        if (!said.Succeeded)
        {
            Refuse(said.Problems[0].Message);
        }
        else if (said.Value is TrainerMessage.Report or TrainerMessage.Results or TrainerMessage.Waits && _phase > TrainerPhase.Register)
        {
            Gather(said.Value);
        }
        else
        {
            Converse(said.Value);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _states?.Dispose();
        _arena?.Dispose();
    }

    private void Converse(TrainerMessage said)
    {
        if (_peerStateGiven)
        {
            // It has taken its next step in the conversation, so it has loaded the state that it began with.
            _states?.ForgetPeerState();
            _peerStateGiven = false;
        }

        var withSteps = _stepsGiven;
        _stepsGiven = false;
        switch (_phase, said)
        {
            case (TrainerPhase.Hello, TrainerMessage.Hello hello):
                Welcome(hello);
                break;
            case (TrainerPhase.Register, TrainerMessage.Register register):
                Register(register);
                break;
            case (TrainerPhase.Start, TrainerMessage.Start) when !_arenaDue:
                (_phase, _registered, _declared) = (TrainerPhase.Beginning, true, false);
                _drive(new MergeInput.TrainerRegistered(_table!.Tensors, _arena!.Buffers));
                break;
            case (TrainerPhase.Following, TrainerMessage.Followed):
                Followed();
                break;
            case (TrainerPhase.Following, TrainerMessage.Unfit unfit):
                BeginAnew(unfit);
                break;
            case (TrainerPhase.Training, TrainerMessage.Unfit unfit) when withSteps:
                BeginAnew(unfit);
                break;
            case (TrainerPhase.Training, TrainerMessage.Data data) when !_declared:
                Declare(data);
                break;
            case (TrainerPhase.Training, TrainerMessage.Merge merge):
                Contribute(merge);
                break;
            case (TrainerPhase.Training, TrainerMessage.Anchor anchor) when anchor.Round == _turn!.Round:
                _drive(new MergeInput.TrainerAnchored());
                Answer(new TrainerReply.Accepted());
                break;
            case (TrainerPhase.Copying, TrainerMessage.StateCopied copied):
                TakeCopy(copied);
                break;
            case (TrainerPhase.Training, TrainerMessage.Saved saved):
                Remember(saved);
                break;
            case (TrainerPhase.Training, TrainerMessage.Finalize) when _turn!.Finished:
                _phase = TrainerPhase.Finalizing;
                _drive(new MergeInput.TrainerFinalizing());
                break;
            case (TrainerPhase.Finalized, TrainerMessage.Finish finish):
                Finish(finish);
                break;
            default:
                var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(said.GetType().Name);
                Refuse($"The trainer of {Island} said '{name}' where the bridge expected {_phase.Expected()}.");
                break;
        }
    }

    private void Gather(TrainerMessage said)
    {
        if (said is TrainerMessage.Report report)
        {
            _reporter.Measured(report);
        }
        else if (said is TrainerMessage.Waits waits)
        {
            // The merge may have been answered while the word was on its way.
            if (_phase is TrainerPhase.Merging or TrainerPhase.Copying && waits.Round == _turn!.Round)
            {
                _drive(new MergeInput.TrainerWaits());
                _reporter.Waits();
            }
        }
        else if (said is TrainerMessage.Results results && !Results.Add(results.Values, results.Texts))
        {
            Refuse($"The trainer of {Island} gave more than {TrainerResults.NamesMax} results.");
        }
    }

    private void Answer(TrainerReply reply)
    {
        if (_connection is { } connection && !connection.Send(reply))
        {
            _reporter.Note($"The trainer of {Island} does not read what its bridge answers; its connection is closed.");
            Leave();
        }
    }

    private void Refuse(string reason)
    {
        _reporter.Note($"The trainer of {Island} was refused: {reason}");
        _connection?.Send(new TrainerReply.Failed(reason));
        Leave();
    }

    private void Welcome(TrainerMessage.Hello hello)
    {
        if (hello.Protocol != FactoryJson.ProtocolVersion)
        {
            Refuse($"The trainer's client {hello.Client} speaks protocol version {hello.Protocol}; this bridge speaks version {FactoryJson.ProtocolVersion}.");
            return;
        }

        (_phase, _process) = (TrainerPhase.Register, hello.Pid);
        var sync = _configuration.Specification.Sync;
        Answer(new TrainerReply.Welcome(
            FactoryJson.ProtocolVersion,
            _configuration.Job,
            Island,
            _configuration.Epoch.Roster,
            _configuration.Index,
            sync.Mode,
            sync.Mode == SyncMode.EveryStep ? 1 : sync.Every,
            _configuration.Specification.Seed,
            TrainerStreaming.From(sync)));
    }

    private void Register(TrainerMessage.Register register)
    {
        var table = new RegisteredTensors(register.Tensors);
        if (_table?.FirstDifference(table) is { } difference)
        {
            Refuse($"The trainer of {Island} registers other tensors than before its restart: {difference}.");
            return;
        }

        var problem = MakeArena(table);
        if (problem is not null)
        {
            _fail($"At {Island}: {problem.Message}");
            return;
        }

        (_phase, _arenaDue) = (TrainerPhase.Start, true);
        GiveArena();
    }

    /// <summary>Gives a trainer that has registered its memory, as soon as nothing that its predecessor wrote there is still being sent.</summary>
    public void GiveArena()
    {
        if (!_arenaDue || _isRead())
        {
            return;
        }

        _arenaDue = false;
        var (arena, layout) = (_arena!, _arena!.Layout);
        Answer(new TrainerReply.Arena(arena.Path, layout.Bytes, ArenaLayout.Local, layout.Merged, layout.Statics, layout.StaticsBytes));
    }

    private Problem? MakeArena(RegisteredTensors table)
    {
        if (_arena is not null)
        {
            return null;
        }

        var layout = ArenaLayout.For(table.Tensors);
        if (!layout.Succeeded)
        {
            return layout.Problems[0];
        }

        var incarnation = _configuration.Incarnation;
        var arena = SharedArena.Create(_configuration.ArenaDirectory, $"{_configuration.Job}-{Island}-{incarnation}", layout.Value);
        if (!arena.Succeeded)
        {
            return arena.Problems[0];
        }

        (_table, _arena, _states) = (table, arena.Value, new StateFiles(arena.Value.Path));
        return null;
    }
}
