using Superfactory.Model.Jobs;
using Superfactory.Simulation.Sites;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Simulation.Islands;

/// <summary>Cuts checkpoints from a machine when they are due, each from a state that is final, and has them written, as the bridge's clerk does.</summary>
internal sealed class CheckpointHost
{
    private const long ParkMaxMicroseconds = 2_000_000;

    private readonly World _world;
    private readonly SimulatedBridge _bridge;
    private readonly TrainerHost _trainers;
    private readonly SimulatedGang _gang;
    private readonly LaneCuts _cuts;
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
        _cuts = new LaneCuts(bridge.Lane, world.Scenario.Lanes, cut => gang.Tell(bridge.Lane, cut));
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

    /// <summary>Another lane says something of a checkpoint.</summary>
    public void Hear(LaneCut cut)
    {
        _cuts.Hear(cut);
        TryJoin();
    }

    /// <summary>Whether a lane of a run that is over has still something to write: its bridge stays so long. A checkpoint of one piece is written whatever ends.</summary>
    public bool HoldsEnd => _cuts.Any && (_writing || _cuts.IsUnderWay || _cuts.MayBeAsked || (_bridge.Machine is { IsOver: true, CanCut: true } && IsWantedInLane()));

    /// <summary>Does what is due; to be called after everything that happened.</summary>
    public void Look()
    {
        var machine = _bridge.Machine;
        _cuts.PassBy(machine.Round);
        if (_cuts.Any)
        {
            if (!_writing && !_bridge.IsOver && machine.CanCut && IsWantedInLane())
            {
                CutLane();
            }

            return;
        }

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
    public void Complete()
    {
        _writing = false;
        _cuts.End();
    }

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
                _gang.Store([state]);
            }
        });
    }

    /// <summary>The first lane decides when, and the others cut what it asks for, as their clerks do.</summary>
    private bool IsWantedInLane() => !_cuts.IsFirst ? _cuts.IsAskedFor(_bridge.Machine.Round)
        : !_cuts.IsUnderWay && !_bridge.Machine.IsReadyInLane && (_bridge.Machine.IsOver ? _writes && !_cutFinal : IsDue && _bridge.Machine.Round > 0);

    private void CutLane()
    {
        var machine = _bridge.Machine;
        (_cutAt, _began, _cutFinal, _writing) = (machine.Round, _world.Queue.Now, machine.IsOver, true);
        var state = machine.Cut(new CheckpointMemory());
        _world.Referee.Cut(_bridge, state);
        if (_cuts.IsFirst)
        {
            _cuts.Ask(state.Round, held: false);
        }
        else
        {
            _cuts.Cut();
        }

        _world.Queue.After(4 * _world.DiskTime(), () => _bridge.Post(() =>
        {
            _writing = false;
            _gang.Wrote(_bridge.Lane, state);
            _cuts.Wrote(failure: null);
            TryJoin();
            _bridge.GoOn();
        }));
    }

    private void TryJoin()
    {
        if (_cuts.IsAnswered && !_writing)
        {
            if (_cuts.Failure is null)
            {
                _gang.Join(_cuts.Round);
            }

            _cuts.Settle();
        }
    }
}
