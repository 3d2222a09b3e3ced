using Superfactory.Model.Agents;
using Superfactory.Site.Processes;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Site.Gangs;

/// <summary>
/// Decides what becomes of a gang: when its trainers start, when they are started again, how it ends and why. Pure: it knows no
/// process and no clock; <see cref="GangSupervisor"/> carries out what it wants. Not thread-safe.
/// </summary>
internal sealed class GangMachine
{
    /// <summary>How long a bridge may take to open its socket: it starts in under a second on an idle machine.</summary>
    public static readonly TimeSpan BridgeReadyLimit = TimeSpan.FromSeconds(60);

    /// <summary>How long a crash is held back before it is acted on, so that a bridge that refused the trainer is heard first.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(500);

    /// <summary>How long after a trainer's good end its bridge may take to say that the run is over, or that it writes the last checkpoint; that may take as long as it does.</summary>
    public static readonly TimeSpan ResultLimit = TimeSpan.FromSeconds(20);

    /// <summary>How long trainers may go on after the run is over, to tidy up.</summary>
    public static readonly TimeSpan TrainerExitLimit = TimeSpan.FromSeconds(60);

    private readonly string _island;
    private readonly bool _merges;
    private readonly string _of;
    private readonly string _trainer;
    private readonly int _processes;
    private readonly int _lanes;
    private readonly LaneReports _reports;
    private readonly int _restartsMax;
    private readonly HashSet<int> _ended = [];
    private Phase _phase = Phase.StartingBridge;
    private int _restarts;
    private bool _saving;
    private long? _step;
    private string _crash = string.Empty;
    private IslandResult? _result;

    /// <summary>A gang whose bridge is being started; one of a role has none.</summary>
    /// <param name="assignment">The island to run, or the gang of a role.</param>
    public GangMachine(GangAssignment assignment)
    {
        _island = assignment.Island;
        _merges = assignment.Role is null;
        _of = assignment.Role is { } role ? $"role {role.Role} at {_island}" : $"island {_island}";
        _trainer = _merges ? "trainer" : "process";
        _processes = assignment.Specification.ProcessesAt(_island);
        _lanes = assignment.Specification.LaneCount;
        _reports = new LaneReports(_lanes);
        _restartsMax = assignment.Specification.TrainerRestartsMax;
    }

    private enum Phase
    {
        StartingBridge,
        Training,
        Settling,
        AwaitingResult,
        Finishing,
        Over,
    }

    /// <summary>What is wanted before anything has happened.</summary>
    public IEnumerable<GangEffect> Begin()
    {
        if (_merges)
        {
            return [new GangEffect.SetDeadline(BridgeReadyLimit)];
        }

        _phase = Phase.Training;
        return [new GangEffect.StartTrainers(0), new GangEffect.Tell(new GangEvent.Running())];
    }

    /// <summary>Takes the next thing that happened.</summary>
    /// <returns>What is to be done, in order; nothing once an <see cref="GangEffect.End"/> was returned.</returns>
    public IEnumerable<GangEffect> Handle(GangInput input) => _phase == Phase.Over ? [] : input switch
    {
        GangInput.BridgeSaid said => OnBridge(said.Event, said.Lane),
        GangInput.BridgeEnded ended => OnBridgeEnded(ended.End, ended.Lane),
        GangInput.TrainerEnded ended => OnTrainerEnded(ended),
        GangInput.DeadlinePassed => OnDeadline(),
        GangInput.Commanded { Command: GangCommand.EpochDecided decided } => [new GangEffect.TellBridge(new BridgeCommand.EpochDecided(decided.Epoch))],
        GangInput.Commanded { Command: GangCommand.CheckpointsWanted { Wanted: var wanted } } =>
        [
            new GangEffect.TellBridge(new BridgeCommand.WriteCheckpoints(wanted.Writes)),
            new GangEffect.TellBridge(wanted.Hold ? new BridgeCommand.Hold() : new BridgeCommand.GoOn()),
        ],
        GangInput.Commanded { Command: GangCommand.Stop } => Stop(),
        GangInput.AgentGone => End(null),
        GangInput.CannotStart cannot => Fail(cannot.Reason, retriable: false),
        _ => throw new InvalidOperationException($"A gang takes no {input.GetType().Name}."),
    };

    private IEnumerable<GangEffect> OnBridge(BridgeEvent said, int lane)
    {
        switch (said)
        {
            case BridgeEvent.Ready when _phase == Phase.StartingBridge && _reports.Ready(lane):
                _phase = Phase.Training;
                return [new GangEffect.SetDeadline(null), new GangEffect.StartTrainers(0)];
            case BridgeEvent.Lane(var status):
                return [new GangEffect.TellBridge(new BridgeCommand.LaneSaid(status), Except: lane)];
            case BridgeEvent.CutLanes(var cut):
                return [new GangEffect.TellBridge(new BridgeCommand.LaneCutSaid(cut), Except: lane)];
            case BridgeEvent.Running when _reports.Running(lane):
                return [new GangEffect.Tell(new GangEvent.Running())];
            case BridgeEvent.Progress progress:
                return Progress(lane, progress.Value);
            case BridgeEvent.Sealed promised:
                return _reports.Sealed(lane, new SealPromise(promised.Epoch, promised.Round)) is { } promise ? [new GangEffect.Tell(new GangEvent.Sealed(promise))] : [];
            case BridgeEvent.Level level:
                return _reports.Level(lane, level.Epoch) ? [new GangEffect.Tell(new GangEvent.Level(level.Epoch))] : [];
            case BridgeEvent.Missing missing:
                return [new GangEffect.Tell(new GangEvent.Missing(_reports.Missing(lane, missing.Islands)))];
            case BridgeEvent.Rejecting rejecting:
                return [new GangEffect.Tell(new GangEvent.Rejecting(_reports.Rejecting(lane, rejecting.Islands)))];
            case BridgeEvent.Note note:
                return [new GangEffect.Say(_lanes == 1 ? note.Text : $"Lane {lane}: {note.Text}")];
            case BridgeEvent.Checkpointed written:
                return [new GangEffect.Tell(new GangEvent.Checkpointed(written.Checkpoint))];
            case BridgeEvent.CheckpointFailed failed:
                return [new GangEffect.Say(failed.Reason), new GangEffect.Tell(new GangEvent.CheckpointFailed(failed.Reason))];
            case BridgeEvent.Saving:
                _saving = true;
                return _phase == Phase.AwaitingResult ? [new GangEffect.SetDeadline(null)] : [];
            case BridgeEvent.Finished finished when _reports.Finished(lane, finished.Result) is { } result:
                _result = result;
                _phase = Phase.Finishing;
                return _ended.Count == _processes ? Finish() : [new GangEffect.SetDeadline(TrainerExitLimit)];
            case BridgeEvent.Failed failed:
                return End(new GangEvent.Failed(failed.Reason, failed.Retriable, failed.Outrun));
            default:
                return [];
        }
    }

    // What a bridge was given and found wrong would be wrong again.
    private IEnumerable<GangEffect> OnBridgeEnded(ProcessEnd end, int lane) => _phase == Phase.Finishing || _reports.HasFinished(lane)
        ? []
        : Fail($"The bridge of {(_lanes == 1 ? string.Empty : $"lane {lane} of ")}island {_island} {ExitDescription.Of(end.ExitCode)}{AtStep()}{Errors(end)}.", retriable: end.ExitCode != ExitCodes.BadInput);

    private IEnumerable<GangEffect> OnTrainerEnded(GangInput.TrainerEnded ended)
    {
        if (ended.Start != _restarts)
        {
            return [];
        }

        _ended.Add(ended.Rank);
        var name = _processes == 1 ? $"The {_trainer}" : $"{char.ToUpperInvariant(_trainer[0])}{_trainer[1..]} {ended.Rank}";
        var how = $"{name} of {_of} {ExitDescription.Of(ended.End.ExitCode)}{AtStep()}{Errors(ended.End)}";
        switch (_phase)
        {
            case Phase.Finishing:
                IEnumerable<GangEffect> said = ended.End.ExitCode == 0 ? [] : [new GangEffect.Say($"{how}, after the run was over.")];
                return _ended.Count == _processes ? [.. said, .. Finish()] : said;
            case Phase.Training when ended.End.ExitCode != 0:
                _phase = Phase.Settling;
                _crash = how;
                return [new GangEffect.SetDeadline(SettleTime)];
            case Phase.Training when !_merges:
                return _ended.Count == _processes ? Finish() : [];
            case Phase.Training when ended.Rank == 0 || _ended.Count == _processes:
                _phase = Phase.AwaitingResult;
                return _saving ? [] : [new GangEffect.SetDeadline(ResultLimit)];
            default:
                return [];
        }
    }

    private IEnumerable<GangEffect> OnDeadline() => _phase switch
    {
        Phase.StartingBridge => Fail($"The bridge of island {_island} was not ready within {BridgeReadyLimit.TotalSeconds:0} s.", retriable: true),
        Phase.Settling => Restart(),
        Phase.AwaitingResult => Fail(
            $"The trainer of island {_island} ended before the run was over{AtStep()}: its loop must go on until run.finished is true, and then call run.finish().",
            retriable: false),
        Phase.Finishing => [new GangEffect.Say($"Trainers of island {_island} still ran {TrainerExitLimit.TotalSeconds:0} s after the end of the run and were ended."), .. Finish()],
        _ => [],
    };

    private IEnumerable<GangEffect> Progress(int lane, RunProgress progress)
    {
        if (_reports.Progress(lane, progress) is not { } island)
        {
            return [];
        }

        _step = island.Steps;
        return [new GangEffect.Tell(new GangEvent.Progress(island))];
    }

    private IEnumerable<GangEffect> Restart()
    {
        if (_lanes > 1)
        {
            // What its lanes have contributed so far may be of different steps: the island takes the run's state of another.
            return Fail($"{_crash}. Its lanes begin anew together", retriable: true);
        }

        if (_restarts >= _restartsMax)
        {
            var after = _restartsMax == 0 ? string.Empty : $" It had been started again {_restartsMax} times, as often as the job allows.";
            return Fail($"{_crash}.{after}", retriable: false);
        }

        _restarts++;
        _ended.Clear();
        _phase = Phase.Training;
        return
        [
            new GangEffect.SetDeadline(null),
            new GangEffect.Say($"{_crash}. All {(_merges ? "trainers of the island" : "processes of the gang")} are started again ({_restarts} of at most {_restartsMax} times)."),
            new GangEffect.EndTrainers(),
            new GangEffect.TellBridge(new BridgeCommand.TrainerLost()),
            new GangEffect.Tell(new GangEvent.Restarted(_restarts)),
            new GangEffect.StartTrainers(_restarts),
        ];
    }

    private IEnumerable<GangEffect> Stop() => [new GangEffect.TellBridge(new BridgeCommand.Stop()), .. End(new GangEvent.Stopped(), ask: true)];

    private IEnumerable<GangEffect> Finish() => End(new GangEvent.Finished(_result));

    private IEnumerable<GangEffect> Fail(string reason, bool retriable) => End(new GangEvent.Failed(reason, retriable));

    private IEnumerable<GangEffect> End(GangEvent? last, bool ask = false)
    {
        _phase = Phase.Over;
        return [new GangEffect.End(last, ask)];
    }

    private string AtStep() => _step is { } step ? $" at step {step}" : string.Empty;

    private static string Errors(ProcessEnd end) => end.LastErrors.Length == 0 ? string.Empty : $": {end.LastErrors.TrimEnd('.')}";
}
