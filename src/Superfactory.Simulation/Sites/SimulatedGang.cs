using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Planted;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Simulation.Sites;

/// <summary>One gang at a site: what the control plane wants of it, its directory, its bridge or those of its lanes, and what is reported of it.</summary>
internal sealed partial class SimulatedGang
{
    private readonly World _world;
    private readonly int _lanes;
    private readonly int[] _promised;
    private LaneReports _reports;
    private TrainerHost? _trainers;
    private RunEpoch _epoch;
    private GangCheckpoints _checkpoints;

    /// <summary>A gang that nothing has been done for yet.</summary>
    public SimulatedGang(World world, SimulatedSite site, GangAssignment assignment)
    {
        (_world, Site, Assignment, _epoch) = (world, site, assignment, assignment.Epoch);
        _checkpoints = assignment.Checkpoints ?? new GangCheckpoints();
        _lanes = assignment.Specification.LaneCount;
        (_promised, _reports) = (new int[_lanes], new LaneReports(_lanes));
        Report = new GangReport { Job = assignment.Job, Incarnation = assignment.Incarnation, State = GangState.Starting };
    }

    /// <summary>Its site.</summary>
    public SimulatedSite Site { get; }

    /// <summary>What the control plane wanted first.</summary>
    public GangAssignment Assignment { get; }

    /// <summary>How it is.</summary>
    public GangReport Report { get; private set; }

    /// <summary>Its bridge, or that of each lane; none before they are started.</summary>
    public IReadOnlyList<SimulatedBridge> Bridges { get; private set; } = [];

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => Report.State is GangState.Finished or GangState.Failed or GangState.Stopped;

    /// <summary>Begins: its bridge is there after a while.</summary>
    public void Start() => _world.Queue.After(_world.Random.Between(50, 250) * 1_000L, () =>
    {
        if (IsOver || !Site.Has(this))
        {
            return;
        }

        ImmutableArray<CheckpointState> checkpoint = [];
        if (Assignment.Checkpoints is { From: { } from })
        {
            var loaded = Site.Disk.Find(from.Name)?.Load(from.Seal, _world.Planted == PlantedBug.TornCheckpointRestored);
            if (loaded is not { Succeeded: true })
            {
                Site.Disk.Condemn(from.Name, loaded?.Problems[0].Message ?? "It is no longer there.");
                Failed("Its checkpoint is not what was sealed.", retriable: true);
                return;
            }

            checkpoint = loaded.Value.Lanes;
            for (var lane = 0; lane < _lanes; lane++)
            {
                _world.Referee.Restoring(Place, lane, checkpoint[lane]);
            }
        }

        Run(checkpoint);
    });

    /// <summary>Its bridge's process ends and is started again in the same directory; with lanes all of them.</summary>
    public void RestartBridge()
    {
        if (!Bridges.Any(bridge => !bridge.IsOver) || IsOver)
        {
            return;
        }

        Kill();
        _world.Queue.After(_world.Random.Between(20, 100) * 1_000L, () =>
        {
            if (!IsOver && Site.Has(this))
            {
                // What the old process heard, the new one says nothing of.
                Set(Report with { Missing = [], Rejected = [] });
                _reports = new LaneReports(_lanes);
                Run([]);
            }
        });
    }

    /// <summary>Passes on a newer epoch, and who writes checkpoints.</summary>
    public void Want(GangAssignment assignment)
    {
        var checkpoints = assignment.Checkpoints ?? new GangCheckpoints();
        var (newer, writes) = (assignment.Epoch.IsNewerThan(_epoch), checkpoints.Writes != _checkpoints.Writes);
        _epoch = newer ? assignment.Epoch : _epoch;
        _checkpoints = checkpoints;
        foreach (var bridge in Bridges)
        {
            // The supervisor tells one after the other.
            ToLane(bridge.Lane, () =>
            {
                bridge.Obey(_epoch);
                if (writes)
                {
                    bridge.Write(_checkpoints.Writes);
                }
            });
        }
    }

    /// <summary>Its processes end because it is no longer wanted.</summary>
    public void Stop()
    {
        if (!IsOver)
        {
            Kill();
            Set(Report with { State = GangState.Stopped });
        }
    }

    /// <summary>Its processes end, whatever they were doing, as with the machine that they run on.</summary>
    public void Kill()
    {
        _trainers?.Kill();
        foreach (var bridge in Bridges)
        {
            bridge.Kill();
        }
    }

    /// <summary>Its trainers train.</summary>
    public void Running()
    {
        if (Report.State == GangState.Starting)
        {
            Set(Report with { State = GangState.Running });
        }
    }

    /// <summary>How far a bridge is, which goes with the next report.</summary>
    public void Progress(int lane, RunProgress progress) => Report = _reports.Progress(lane, progress) is { } island ? Report with { Progress = island } : Report;

    /// <summary>It ended before the run did.</summary>
    public void Failed(string reason, bool retriable, bool outrun = false)
    {
        Kill();
        Set(Report with { State = GangState.Failed, Reason = reason, Retriable = retriable, Outrun = outrun });
    }

    /// <summary>The run is over in a lane; it is over when it is in all of them.</summary>
    public void Finished(int lane, string modelHash, RunProgress progress)
    {
        var result = new IslandResult
        {
            ParametersSha256 = modelHash,
            Steps = progress.Steps,
            Tokens = progress.Tokens,
            TrainingSeconds = 0,
            WallSeconds = 0,
            Rounds = progress.Rounds,
            ParameterBytes = 4L * _world.Scenario.Parameters,
            Ledger = progress.Ledger,
        };
        if (_reports.Finished(lane, result) is { } island)
        {
            Kill();
            Set(Report with { State = GangState.Finished, Result = island });
        }
    }

    private int Place => Site.Place;

    private void Run(ImmutableArray<CheckpointState> checkpoint)
    {
        var trainers = _trainers = new TrainerHost(_world, this);
        Bridges = [.. Enumerable.Range(0, _lanes).Select(lane => new SimulatedBridge(_world, this, _epoch, lane, trainers, checkpoint.IsEmpty ? null : checkpoint[lane]))];
        foreach (var bridge in Bridges)
        {
            bridge.Begin();
        }

        trainers.Start();
    }

    private void Set(GangReport report)
    {
        Report = report;
        _world.Trace.Add(Place, 'g', (long)report.State, report.Promise?.Epoch ?? 0, report.LevelIn);
        Site.Changed();
    }
}
