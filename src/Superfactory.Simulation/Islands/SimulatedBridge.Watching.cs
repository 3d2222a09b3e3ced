using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Simulation.Planted;
using Superfactory.Sync.Bridge.Measuring;
using Superfactory.Sync.Bridge.Membership;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Bridge.Trainer;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Islands;

/// <summary>What the host does each quarter of a second: says that it is there, and listens whether the others are.</summary>
internal sealed partial class SimulatedBridge
{
    private readonly HearingWatch _hearing;
    private readonly StallWatch _stalls;
    private readonly GraceWatch _grace;
    private readonly TrainerWatch _trainerWatch;
    private readonly RoundMeter? _meter;
    private MergeEffect? _heldBack;
    private long _stepHeard;
    private ImmutableArray<string> _missing = [];
    private ImmutableArray<IslandRejection> _rejected = [];

    /// <summary>Its trainer has done a round's steps.</summary>
    public void Stepped(Contribution contribution)
    {
        var merge = new TrainerMessage.Merge(contribution.Round, contribution.Steps, contribution.Tokens, contribution.LossSum, Seconds: contribution.Steps);
        _trainerWatch.Hear(merge);
        _meter?.Contributed(merge);
    }

    /// <summary>Whether its trainer has taken no step for too long, so that it keeps silent.</summary>
    public bool IsStalled => _trainerWatch.IsStalled && _world.Planted != PlantedBug.StallUnnoticed;

    private void Tick()
    {
        if (IsOver)
        {
            return;
        }

        _world.Queue.After(TickMicroseconds, Tick);
        if (IsPaused)
        {
            return;
        }

        _checkpoints.Tick();
        WatchForStalls();
        WatchTrainer();
        ListenForFellows();
        if (_quietSince is { } since && _world.Queue.Now - since >= 5_000_000)
        {
            End();
        }
    }

    /// <summary>Says that it is there, unless its trainer stalls; and what of the membership it held back meanwhile.</summary>
    private void WatchTrainer()
    {
        if (_trainers.Steps != _stepHeard)
        {
            _stepHeard = _trainers.Steps;
            _trainerWatch.Hear(new TrainerMessage.Report(_stepHeard, ImmutableSortedDictionary<string, double>.Empty));
        }

        _trainerWatch.Look(_trainers.IsTraining);
        for (var peer = 0; peer < _epoch.Roster.Length && !IsStalled; peer++)
        {
            if (peer != Place)
            {
                Network.Beat(Place, peer);
            }
        }

        if (!IsStalled && _heldBack is { } held)
        {
            _heldBack = null;
            var number = held switch { MergeEffect.KeepPromise promise => promise.Epoch, MergeEffect.Level level => level.Epoch, _ => 0 };
            if (number == _epoch.Number)
            {
                Carry(held);
            }
        }
    }

    private void WatchForStalls()
    {
        var attempt = Machine.Attempt;
        if (_grace.IsOver(attempt, Machine.IsQuorate))
        {
            Take(new MergeInput.GraceOver(attempt));
        }

        attempt = Machine.Attempt;
        _stalls.Look(attempt);
        for (var island = 0; island < _epoch.Roster.Length; island++)
        {
            if (_stalls.IsStalled(island, Machine.IsAwaited(island)))
            {
                Take(new MergeInput.Stalled(island, attempt));
                return;
            }
        }
    }

    private void ListenForFellows()
    {
        _hearing.Look();
        var missing = ImmutableArray.CreateBuilder<string>();
        for (var island = 0; island < _epoch.Roster.Length; island++)
        {
            if (Machine.IsFellow(island) && (_hearing.IsMissed(island) || Machine.IsMistrusted(island)) && Machine.IsWaiting)
            {
                missing.Add(_epoch.Roster[island]);
            }
        }

        if (!missing.SequenceEqual(_missing))
        {
            _missing = missing.ToImmutable();
            _gang.Missing(Lane, _missing);
        }

        if (_meter is not null || !_rejected.IsEmpty || !Machine.Rejections.IsEmpty)
        {
            var measured = _meter?.Measured(sizeof(float), _world.Scenario.Parts, 0);
            _gang.Progress(Lane, new RunProgress
            {
                Epoch = _epoch.Number, Schedule = Machine.Schedule, Measured = measured is null ? null : _world.Scenario.Weather.In(measured, _world.Referee.Round),
            });
        }

        var rejected = PlantedInputs.Rejections(_world, this, Machine.Rejections);
        if (!rejected.AsSpan().SequenceEqual(_rejected.AsSpan()))
        {
            _rejected = rejected;
            _gang.Rejecting(Lane, rejected);
        }
    }

    private void Hear(int peer)
    {
        _stalls.Heard(peer);
        _hearing.Heard(peer);
    }
}
