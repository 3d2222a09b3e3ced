using Superfactory.Model.Jobs;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Planted;
using Superfactory.Simulation.Sites;
using Superfactory.Simulation.Training;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Islands;

/// <summary>
/// The trainer's side of a bridge, or of those of an island's lanes: starts trainers in the island's memory, gives what they do its time, and holds
/// contributions for checkpoints.
/// </summary>
internal sealed class TrainerHost
{
    /// <summary>Microseconds within which the bridges of lanes hear of one process what it did.</summary>
    private const int TogetherMicroseconds = 10_000;

    /// <summary>Microseconds by which the processes of lanes are apart at most.</summary>
    private const int ApartMicroseconds = 150_000;

    private readonly World _world;
    private readonly SimulatedGang _gang;
    private readonly LaneWishes _wishes;
    private readonly MergeBuffers _buffers;
    private bool _killed;
    private long _contributedAt;
    private long _begunAt;
    private long _hangsUntil;
    private long _taken;

    /// <summary>No trainer yet.</summary>
    public TrainerHost(World world, SimulatedGang gang)
    {
        (_world, _gang, _wishes) = (world, gang, new LaneWishes(world.Scenario.Lanes));
        var scenario = world.Scenario;
        _buffers = new MergeBuffers(new float[scenario.Parameters], new float[scenario.Parameters], new byte[scenario.Statics(0).Length]);
    }

    /// <summary>The trainer; null between two of them.</summary>
    public VirtualTrainer? Present { get; private set; }

    /// <summary>Asked for each contribution: whether it waits.</summary>
    public Func<long, bool> Parks { get; set; } = static _ => false;

    /// <summary>A contribution that waits until a checkpoint is cut; null where none does.</summary>
    public MergeInput.TrainerContributed? Parked { get; private set; }

    /// <summary>How much longer than usual a step takes.</summary>
    public int Slowness { get; set; } = 1;

    /// <summary>Whether the trainer is to take steps.</summary>
    public bool IsTraining => Present is { Done: false, Contributes: not null };

    /// <summary>Steps that it has taken.</summary>
    public long Steps => _taken + (IsTraining ? Math.Clamp((_world.Queue.Now - _begunAt) / StepTime, 0, Present!.StepsToTake) : 0);

    /// <summary>The trainer takes no step for a while, where it is to take some.</summary>
    /// <returns>Whether it is.</returns>
    public bool Hang(long microseconds)
    {
        if (!IsTraining || _world.Queue.Now < _hangsUntil)
        {
            return false;
        }

        // What it was about to do comes that much later.
        _hangsUntil = _world.Queue.Now + microseconds;
        _taken = Steps;
        _begunAt = _hangsUntil;
        Schedule(Present!);
        return true;
    }

    /// <summary>Starts a trainer as soon as nobody reads its memory.</summary>
    public void Start() => _world.Queue.After(_world.Random.Between(20, 120) * 1_000L, TryStart);

    /// <summary>The trainer's process ends; another one starts after a while.</summary>
    public void Crash()
    {
        if (Present is not { Done: false })
        {
            return;
        }

        (Present, Parked, _hangsUntil) = (null, null, 0);
        _world.Queue.After(_world.Random.Between(50, 500) * 1_000L, () => First.Post(() =>
        {
            First.Take(new MergeInput.TrainerLost());
            Start();
        }));
    }

    /// <summary>The gang is gone.</summary>
    public void Kill() => _killed = true;

    /// <summary>Passes on what a lane's machine says, when all lanes say it.</summary>
    public void Take(int lane, MergeEffect said)
    {
        if (Present is not { } trainer)
        {
            // Its bridge has not noticed yet that it is gone.
            return;
        }

        if (_wishes.Add(lane, said, out var differ) is not { } effect)
        {
            if (differ is not null)
            {
                Checks.Referee.Differ(_gang, differ);
                _gang.Failed("Its lanes were told different things.", retriable: true);
            }

            return;
        }

        _world.Referee.Told(First, effect, trainer);
        if (effect is MergeEffect.Begin)
        {
            _gang.Running();
        }

        trainer.Take(effect, (int)Math.Min(trainer.AheadMax, (_world.Queue.Now - _contributedAt) / StepTime));
        Schedule(trainer);
    }

    /// <summary>Lets a contribution that waits go on.</summary>
    public void Unpark()
    {
        if (Parked is { } parked)
        {
            Parked = null;
            First.Take(parked);
        }
    }

    private SimulatedBridge First => _gang.Bridges[0];

    private int Place => _gang.Site.Place;

    private bool HasLanes => _gang.Bridges.Count > 1;

    private long StepTime => _world.Scenario.StepTimes[Place] * Slowness;

    private void TryStart()
    {
        if (_killed)
        {
            return;
        }

        if (_gang.Bridges.Any(bridge => bridge.Machine.ReadsTrainerMemory))
        {
            _world.Queue.After(10_000, TryStart);
            return;
        }

        var trainer = new VirtualTrainer(_world.Scenario, Place, _buffers)
        {
            KeepsItsSamples = _world.Planted == PlantedBug.RangeDealtTwice,
            KeepsItsOptimizer = _world.Planted == PlantedBug.OptimizerKept,
            AnchorsBeforeItsStep = _world.Planted == PlantedBug.AnchorBeforeStep,
            OnContributed = given => _world.Referee.Contributed(First, given),
        };
        Present = trainer;
        Schedule(trainer);
    }

    private void Schedule(VirtualTrainer trainer)
    {
        if (trainer.Next is null)
        {
            return;
        }

        var version = trainer.Version;
        var hangs = _world.Queue.Now < _hangsUntil;
        _begunAt = Math.Max(_world.Queue.Now, _hangsUntil);
        var time = _begunAt - _world.Queue.Now + 1_000L + (trainer.StepsToTake * StepTime) + _world.Random.Below(2_000);
        _world.Queue.After(time, () =>
        {
            if (!hangs && _world.Queue.Now < _hangsUntil)
            {
                return;
            }

            if (!_killed && ReferenceEquals(Present, trainer) && trainer.Version == version && trainer.Next is not null)
            {
                if (HasLanes)
                {
                    // A bridge that is paused holds up its own lane alone.
                    Act(trainer);
                }
                else
                {
                    First.Post(() => Act(trainer));
                }
            }
        });
    }

    private void Act(VirtualTrainer trainer)
    {
        if (!ReferenceEquals(Present, trainer) || trainer.Next is null)
        {
            return;
        }

        if (trainer.Contributes is { Steps: > 0 } turn)
        {
            trainer.Spoils = _world.Director.Spoil(First, turn.Round);
        }

        var input = trainer.Act();
        if (input is MergeInput.TrainerContributed contributed)
        {
            _contributedAt = _world.Queue.Now;
            _taken += contributed.Contribution.Steps;
            foreach (var bridge in _gang.Bridges)
            {
                bridge.Stepped(contributed.Contribution);
            }

            _world.Director.Notice(Moment.Contributed, Place);
            if (First.Machine.Mode == SyncMode.EveryStep && Parks(contributed.Contribution.Round))
            {
                Parked = contributed;
                return;
            }

            WaitLater(trainer);
        }

        Give(trainer, input);
        if (input is MergeInput.TrainerAnchored or MergeInput.TrainerStateCopied or MergeInput.TrainerFollowed)
        {
            // It waits for no answer, and takes the next round's steps, or what came while it was busy.
            Schedule(trainer);
        }
    }

    /// <summary>What a trainer does its bridge hears at once, and the bridges of lanes one after the other, later where each has a process of its own.</summary>
    private void Give(VirtualTrainer trainer, MergeInput input)
    {
        if (!HasLanes)
        {
            First.Take(input);
            return;
        }

        var late = _world.Scenario.IsApart(Place) ? ApartMicroseconds : TogetherMicroseconds;
        foreach (var bridge in _gang.Bridges)
        {
            var own = input is MergeInput.TrainerRegistered whole ? Part(whole, bridge.Lane) : input;
            _world.Queue.After(_world.Random.Below(late), () => bridge.Post(() =>
            {
                if (!_killed && ReferenceEquals(Present, trainer))
                {
                    bridge.Take(own);
                }
            }));
        }
    }

    private MergeInput.TrainerRegistered Part(MergeInput.TrainerRegistered whole, int lane)
    {
        var range = _world.Scenario.RangeOf(lane);
        return whole with
        {
            Tensors = _world.Scenario.TableOf(lane),
            Buffers = new MergeBuffers(whole.Buffers.Local[range], whole.Buffers.Merged[range], lane == 0 ? whole.Buffers.Statics : default),
        };
    }

    /// <summary>In streaming a trainer that has taken all steps that it may while its numbers are merged says that it waits.</summary>
    private void WaitLater(VirtualTrainer trainer)
    {
        if (First.Machine.Mode != SyncMode.Streaming)
        {
            return;
        }

        var version = trainer.Version;
        _world.Queue.After(trainer.AheadMax * StepTime, () =>
        {
            if (!_killed && ReferenceEquals(Present, trainer) && trainer.Version == version && trainer.Next is null)
            {
                First.Post(() => First.Take(new MergeInput.TrainerWaits()));
            }
        });
    }
}
