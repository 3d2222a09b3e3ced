using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Network;
using Superfactory.Simulation.Planted;
using Superfactory.Simulation.Sites;
using Superfactory.Simulation.Time;
using Superfactory.Sync.Bridge.Measuring;
using Superfactory.Sync.Bridge.Membership;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Simulation.Islands;

/// <summary>
/// A bridge's process: the production merge machine between network, trainer, disk and supervisor, as <c>Superfactory.Sync.Bridge</c>'s host
/// connects them, with that host's own watches over silence.
/// </summary>
internal sealed partial class SimulatedBridge
{
    private const long TickMicroseconds = 250_000;

    private readonly World _world;
    private readonly SimulatedGang _gang;
    private readonly VirtualClock _clock;
    private readonly TrainerHost _trainers;
    private readonly CheckpointHost _checkpoints;
    private readonly Queue<MergeInput> _forMachine = new();
    private readonly Queue<Action> _inbox = new();
    private RunEpoch _epoch;
    private long? _quietSince;
    private bool _running;
    private bool _closed;

    /// <summary>A bridge's process that starts now.</summary>
    /// <param name="world">The schedule.</param>
    /// <param name="gang">Its gang, which hears of it.</param>
    /// <param name="epoch">The epoch that it is started with.</param>
    /// <param name="lane">The lane that it merges, from 0.</param>
    /// <param name="trainers">The island's trainers, which the bridges of its lanes share.</param>
    /// <param name="checkpoint">What the run goes on from; null where this site has it not, or the run begins.</param>
    public SimulatedBridge(World world, SimulatedGang gang, RunEpoch epoch, int lane, TrainerHost trainers, CheckpointState? checkpoint)
    {
        (_world, _gang, _epoch, _trainers, Lane, Network) = (world, gang, epoch, trainers, lane, world.Networks[lane]);
        Process = world.NextProcess();
        _clock = gang.Site.Clock;
        var assignment = gang.Assignment;
        (_hearing, _stalls) = (new HearingWatch(_clock), new StallWatch(_clock, StallWatch.StallMax));
        var sync = assignment.Specification.Sync;
        _grace = new GraceWatch(_clock, TimeSpan.FromSeconds(sync.Grace));
        _trainerWatch = new TrainerWatch(gang.Site.Name, TimeSpan.FromSeconds(sync.Stall), text => world.Note(Voice, text), _clock);
        _meter = sync.Mode == SyncMode.Auto ? new RoundMeter(_clock, () => Machine!.Schedule) : null;
        Machine = new MergeMachine(new MergeConfiguration
        {
            Self = gang.Site.Place,
            Epoch = epoch,
            Incarnation = world.Planted == PlantedBug.OldIncarnationMember ? 0 : assignment.Incarnation,
            Lane = lane,
            Lanes = assignment.Specification.LaneCount,
            Promised = gang.Promised(lane),
            Sync = PlantedInputs.Sync(world, sync),
            Budget = assignment.Specification.Budget,
            ChunkLengthMax = world.Scenario.ChunkLength,
            IsNear = world.Scenario.IsNear,
            Checkpoint = checkpoint,
            Restores = assignment.Checkpoints is { Restores: true },
        });
        _checkpoints = new CheckpointHost(world, this, _trainers, gang, checkpoint?.Round ?? 0);
        world.Queue.After(TickMicroseconds, Tick);
    }

    /// <summary>Its island's place.</summary>
    public int Place => _gang.Site.Place;

    /// <summary>The lane that it merges; 0 where the model is in one piece.</summary>
    public int Lane { get; }

    /// <summary>What carries its messages.</summary>
    public VirtualNetwork Network { get; }

    /// <summary>Its place as traces name it.</summary>
    public int Voice => Trace.PlaceOf(Place, Lane);

    /// <summary>Its gang.</summary>
    public SimulatedGang Gang => _gang;

    /// <summary>Numbers the processes of a schedule.</summary>
    public int Process { get; }

    /// <summary>The machine that it runs.</summary>
    public MergeMachine Machine { get; }

    /// <summary>Its trainer's process.</summary>
    public TrainerHost Trainers => _trainers;

    /// <summary>Whether the process has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether the process is paused.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Whether its gateway takes it for gone because it has been paused for too long.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>The bridge's socket is there: its gateway knows it.</summary>
    public void Begin() => Network.Register(this);

    /// <summary>The process ends at once, whatever it was doing.</summary>
    public void Kill()
    {
        if (IsOver)
        {
            return;
        }

        IsOver = true;
        _inbox.Clear();
        Network.Unregister(this);
    }

    /// <summary>The process is paused; after two seconds its gateway says that it is gone.</summary>
    public void Pause(long microseconds)
    {
        if (IsOver || IsPaused)
        {
            return;
        }

        IsPaused = true;
        _world.Queue.After(Math.Min(microseconds, VirtualNetwork.SilenceMax), () =>
        {
            if (IsPaused && !IsOver && microseconds > VirtualNetwork.SilenceMax)
            {
                IsStopped = true;
                Network.Leave(this);
            }
        });
        _world.Queue.After(microseconds, Resume);
    }

    /// <summary>Something for the process: taken now, or when it runs again.</summary>
    public void Post(Action action)
    {
        if (IsOver)
        {
            return;
        }

        if (IsPaused)
        {
            _inbox.Enqueue(action);
        }
        else
        {
            action();
        }
    }

    /// <summary>A peer can be reached.</summary>
    public void PeerUp(int peer, int generation)
    {
        _quietSince = _quietSince is null ? null : _world.Queue.Now;
        Network.Between(Place, peer).Seen = generation;
        Take(new MergeInput.PeerUp(peer));
    }

    /// <summary>A peer cannot be reached.</summary>
    public void PeerDown(int peer)
    {
        _quietSince = _quietSince is null ? null : _world.Queue.Now;
        Network.Between(Place, peer).Seen = -1;
        Take(new MergeInput.PeerDown(peer));
    }

    /// <summary>A peer said something.</summary>
    public void Receive(int peer, MergeMessage message)
    {
        _quietSince = _quietSince is null ? null : _world.Queue.Now;
        Take(new MergeInput.Received(peer, message));
    }

    /// <summary>The transport has taken a chunk for a peer.</summary>
    public Action CarriedTo(int peer) => () => Take(new MergeInput.Carried(peer, 1));

    /// <summary>A peer said that it is there: it changes nothing in the machine.</summary>
    public Action HearFrom(int peer) => () => Hear(peer);

    /// <summary>What the control plane wants, as the site passes it on.</summary>
    public void Obey(RunEpoch epoch)
    {
        if (!epoch.IsNewerThan(_epoch))
        {
            return;
        }

        _epoch = epoch;
        if (_world.Planted == PlantedBug.MergeAcceptedAfterSeal && epoch.Sealed && Machine.State.SelfIsMember)
        {
            _gang.Sealed(Lane, epoch.Number, Machine.State.Initialised ? Machine.Round : -1);
            _world.Referee.Promised(this, epoch.Number, Machine.State.Initialised ? Machine.Round : -1);
            return;
        }

        Take(new MergeInput.EpochChanged(epoch));
    }

    /// <summary>This island is, or is no longer, the one that writes checkpoints.</summary>
    public void Write(bool writes) => _checkpoints.Write(writes);

    /// <summary>Gives the machine an input and does all that follows.</summary>
    public void Take(MergeInput input)
    {
        _forMachine.Enqueue(input);
        if (_running)
        {
            return;
        }

        _running = true;
        Run();
        _checkpoints.Look();
        Run();
        _running = false;
        EndIfClosed();
    }

    /// <summary>Another lane of the island says something of a checkpoint.</summary>
    public void Hear(LaneCut cut)
    {
        _checkpoints.Hear(cut);
        GoOn();
    }

    /// <summary>Does what follows of what was said of a checkpoint, or written of it.</summary>
    public void GoOn()
    {
        _checkpoints.Look();
        EndIfClosed();
    }

    /// <summary>The process ends because it cannot go on, and its gang with it.</summary>
    public void Fail(string reason, bool retriable, bool outrun = false) => _gang.Failed(reason, retriable, outrun);

    private void Run()
    {
        while (!IsOver && _forMachine.TryDequeue(out var input))
        {
            if (input is MergeInput.Received { Island: var alive })
            {
                Hear(alive);
            }

            var before = Checks.Referee.Before(this, input);
            var effects = Machine.Handle(input);
            _world.Referee.After(this, before, effects);
            foreach (var effect in effects)
            {
                if (!IsOver)
                {
                    Carry(effect);
                }
            }

            PlantedInputs.Add(_world, this, before.Round, _forMachine);
        }
    }

    private void Carry(MergeEffect effect)
    {
        switch (effect)
        {
            case MergeEffect.Send send:
                Network.Send(Place, send.Island, send.Message);
                break;
            case MergeEffect.Drop drop:
                Network.Drop(Place, drop.Island);
                break;
            case MergeEffect.KeepPromise or MergeEffect.Level when IsStalled:
                // Neither does it stay a member, nor does it become one, before its trainer steps.
                _heldBack = effect;
                break;
            case MergeEffect.KeepPromise promise:
                Keep(promise.Epoch);
                break;
            case MergeEffect.Sealed said:
                _world.Referee.Promised(this, said.Epoch, said.Round);
                _gang.Sealed(Lane, said.Epoch, said.Round);
                _world.Director.Promised(this);
                break;
            case MergeEffect.Level level:
                _gang.Level(Lane, level.Epoch);
                break;
            case MergeEffect.TellLanes tell:
                _gang.Tell(Lane, tell.Status);
                break;
            case MergeEffect.Note note:
                _world.Note(Voice, note.Text);
                break;
            case MergeEffect.Fail fail:
                Fail(fail.Reason, fail.Retriable, fail.Outrun);
                break;
            case MergeEffect.Closed:
                // What else it says is said before the process ends.
                _closed = true;
                break;
            case MergeEffect.Done:
                _trainers.Take(Lane, effect);
                _quietSince = _world.Queue.Now;
                break;
            case MergeEffect.Merged:
                _meter?.Merged();
                _trainers.Take(Lane, effect);
                break;
            default:
                _trainers.Take(Lane, effect);
                break;
        }
    }

    /// <summary>A promise takes a disk's time to be on it; what is not on it is lost with the process.</summary>
    private void Keep(int epoch) => _world.Queue.After(_world.DiskTime(), () => Post(() =>
    {
        if (_world.Planted != PlantedBug.PromiseNotDurable)
        {
            _gang.Promise(Lane, epoch);
        }

        Take(new MergeInput.PromiseKept(epoch));
    }));

    private void Resume()
    {
        if (!IsPaused || IsOver)
        {
            return;
        }

        IsPaused = false;
        while (_inbox.TryDequeue(out var action) && !IsPaused && !IsOver)
        {
            action();
        }

        if (IsStopped && !IsOver)
        {
            IsStopped = false;
            Network.Return(this);
        }
    }

    private void EndIfClosed()
    {
        if (_closed && !IsOver)
        {
            End();
        }
    }

    private void End()
    {
        if (IsOver)
        {
            return;
        }

        _closed = true;
        if (_checkpoints.HoldsEnd)
        {
            return;
        }

        var trainer = _trainers.Present ?? throw new InvalidOperationException($"The run is over, and the trainer of island {Place} has not finished.");
        var progress = Machine.Progress;
        _world.Referee.Ended(this, trainer);
        _checkpoints.Complete();
        Kill();
        _gang.Finished(Lane, trainer.ModelHash!, progress);
    }
}
