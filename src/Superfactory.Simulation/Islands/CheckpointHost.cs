using Superfactory.Model.Jobs;
using Superfactory.Simulation.Sites;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Simulation.Islands;

/// <summary>Cuts checkpoints from a machine when they are due, each from a state that is final, and has them written, as the bridge's clerk does.</summary>
internal sealed class CheckpointHost
{
    private const long ParkMaxMicroseconds = 2_000_000;

    private readonly World _world;
    private readonly SimulatedBridge _bridge;
    private readonly TrainerHost _trainers;
    private readonly SimulatedGang _gang;
    private readonly long _every;
    private long _cutAt;
    private long _began;
    private long _parkedAt;
    private bool _writes;
    private bool _writing;
    private bool _cutFinal;

    /// <summary>A clerk with nothing to do yet.</summary>
    public CheckpointHost(World world, SimulatedBridge bridge, TrainerHost trainers, SimulatedGang gang, long restored)
    {
        (_world, _bridge, _trainers, _gang, _cutAt) = (world, bridge, trainers, gang, restored);
        _every = gang.Assignment.Specification.Checkpoint.Every * 1_000_000L;
        _began = world.Queue.Now;
        _writes = gang.Assignment.Checkpoints is { Writes: true };
        trainers.Parks = Parks;
    }

    private bool IsDue => _writes && _bridge.Machine.Round != _cutAt && _world.Queue.Now - _began >= _every;

    /// <summary>This island is, or is no longer, the one that writes.</summary>
    public void Write(bool writes) => _writes = writes;

    /// <summary>A quarter of a second passed.</summary>
    public void Tick()
    {
        if (_trainers.Parked is not null && _world.Queue.Now - _parkedAt > ParkMaxMicroseconds)
        {
            _trainers.Unpark();
        }
    }

    /// <summary>Does what is due; to be called after everything that happened.</summary>
    public void Look()
    {
        var machine = _bridge.Machine;
        if (_writing || _bridge.IsOver || !machine.CanCut)
        {
            return;
        }

        if (machine.IsOver)
        {
            if (_writes && !_cutFinal)
            {
                _cutFinal = true;
                Write(machine.Cut(new CheckpointMemory()));
            }
        }
        else if (IsDue && machine.Round > 0)
        {
            if (machine.Mode != SyncMode.EveryStep)
            {
                Cut(default);
            }
            else if (_trainers.Parked is { Contribution.Round: var round } && round == machine.Round)
            {
                Cut(_trainers.Present!.CopyState());
                _trainers.Unpark();
            }
        }
    }

    /// <summary>What is being written is written at the end of a run.</summary>
    public void Complete() => _writing = false;

    private bool Parks(long round)
    {
        var parks = !_writing && round > 0 && IsDue;
        _parkedAt = parks ? _world.Queue.Now : _parkedAt;
        return parks;
    }

    private void Cut(ReadOnlyMemory<byte> trainer)
    {
        (_cutAt, _began) = (_bridge.Machine.Round, _world.Queue.Now);
        Write(_bridge.Machine.Cut(new CheckpointMemory()) with { Trainer = trainer });
    }

    private void Write(CheckpointState state)
    {
        _world.Referee.Cut(_bridge, state);
        _writing = true;

        // Parts go to a directory of a passing name, which gets its own when all is on the disk: whoever ends before leaves nothing.
        _world.Queue.After(4 * _world.DiskTime(), () =>
        {
            if (!_bridge.IsOver || state.Finished)
            {
                _writing = false;
                _gang.Site.Disk.Write(_gang.Assignment.Job, _gang.Site.Name, state);
                _gang.Site.Changed();
            }
        });
    }
}
