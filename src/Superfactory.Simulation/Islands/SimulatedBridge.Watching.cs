using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge.Membership;
using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Islands;

/// <summary>What the host does each quarter of a second: says that it is there, and listens whether the others are.</summary>
internal sealed partial class SimulatedBridge
{
    private readonly HearingWatch _hearing;
    private readonly StallWatch _stalls;
    private readonly GraceWatch _grace;
    private ImmutableArray<string> _missing = [];
    private ImmutableArray<IslandRejection> _rejected = [];

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
        for (var peer = 0; peer < _epoch.Roster.Length; peer++)
        {
            if (peer != Place)
            {
                _world.Network.Beat(Place, peer);
            }
        }

        ListenForFellows();
        if (_quietSince is { } since && _world.Queue.Now - since >= 5_000_000)
        {
            End();
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
            _gang.Missing(_missing);
        }

        var rejected = Machine.Rejections;
        if (!rejected.AsSpan().SequenceEqual(_rejected.AsSpan()))
        {
            _rejected = rejected;
            _gang.Rejecting(rejected);
        }
    }

    private void Hear(int peer)
    {
        _stalls.Heard(peer);
        _hearing.Heard(peer);
    }
}
