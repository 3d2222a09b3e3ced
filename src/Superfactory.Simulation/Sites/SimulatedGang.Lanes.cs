using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Planted;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Simulation.Sites;

/// <summary>What a gang's supervisor makes of what the bridges of its lanes say, and what it carries between them, in its order.</summary>
internal sealed partial class SimulatedGang
{
    private const int CarriedMicroseconds = 3_000;

    private readonly Dictionary<int, CheckpointState> _cut = [];
    private long[] _carriedAt = [];

    /// <summary>The promise of a lane that is in its directory; 0 for none.</summary>
    public int Promised(int lane) => _promised[lane];

    /// <summary>Whether the promise to leave an epoch is in its directory, of each lane.</summary>
    public bool HasPromised(int epoch) => Array.TrueForAll(_promised, promised => promised >= epoch);

    /// <summary>A lane's promise is on the disk.</summary>
    public void Promise(int lane, int epoch) => _promised[lane] = Math.Max(_promised[lane], epoch);

    /// <summary>A bridge promised; the island has when all its lanes have.</summary>
    public void Sealed(int lane, int epoch, long round)
    {
        var promise = new SealPromise(epoch, round);
        if (_reports.Sealed(lane, promise) is { } island)
        {
            Set(Report with { Promise = island });
        }
        else if (_world.Planted == PlantedBug.SealedInOneLane)
        {
            Set(Report with { Promise = promise });
        }
    }

    /// <summary>A bridge is level; the island is when all its lanes are.</summary>
    public void Level(int lane, int epoch)
    {
        if (_reports.Level(lane, epoch))
        {
            Set(Report with { LevelIn = epoch });
        }
    }

    /// <summary>A bridge waits for islands that it does not hear.</summary>
    public void Missing(int lane, ImmutableArray<string> islands) => Set(Report with { Missing = _reports.Missing(lane, islands) });

    /// <summary>A bridge refuses islands again and again.</summary>
    public void Rejecting(int lane, ImmutableArray<IslandRejection> islands) => Set(Report with { Rejected = _reports.Rejecting(lane, islands) });

    /// <summary>A lane says how far it is.</summary>
    public void Tell(int lane, LaneStatus status)
    {
        foreach (var other in Bridges)
        {
            if (other.Lane != lane)
            {
                ToLane(other.Lane, () => other.Take(new MergeInput.LaneSaid(status)));
            }
        }
    }

    /// <summary>A lane says something of a checkpoint.</summary>
    public void Tell(int lane, LaneCut cut)
    {
        foreach (var other in Bridges)
        {
            if (other.Lane != lane)
            {
                ToLane(other.Lane, () => other.Hear(cut));
            }
        }
    }

    /// <summary>A lane has written its part of a checkpoint.</summary>
    public void Wrote(int lane, CheckpointState state) => _cut[lane] = state;

    /// <summary>All lanes have written their parts: they are made a checkpoint.</summary>
    public void Join(long round)
    {
        ImmutableArray<CheckpointState> lanes = [.. Enumerable.Range(0, _lanes).Select(lane => _cut[lane])];
        Checks.Referee.Require(lanes.All(lane => lane.Round == round), $"the lanes of island {Place} cut the rounds {string.Join(", ", lanes.Select(lane => lane.Round))} for one checkpoint of round {round}");
        Store(lanes);
    }

    /// <summary>A checkpoint is on the disk.</summary>
    public void Store(ImmutableArray<CheckpointState> lanes)
    {
        Site.Disk.Write(Assignment.Job, Site.Name, lanes);
        Site.Changed();
    }

    /// <summary>Something for the bridge of a lane, behind all that it was told before; a gang with one bridge has it at once.</summary>
    private void ToLane(int lane, Action action)
    {
        var bridge = Bridges[lane];
        if (_lanes == 1)
        {
            bridge.Post(action);
            return;
        }

        _carriedAt = _carriedAt.Length == 0 ? new long[_lanes] : _carriedAt;
        var at = _carriedAt[lane] = Math.Max(_carriedAt[lane], _world.Queue.Now + _world.Random.Below(CarriedMicroseconds));
        _world.Queue.At(at, () => bridge.Post(action));
    }
}
