using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Planted;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Simulation.Sites;

/// <summary>One gang at a site: what the control plane wants of it, its directory, its bridge, and what is reported of it.</summary>
internal sealed class SimulatedGang
{
    private readonly World _world;
    private RunEpoch _epoch;
    private GangCheckpoints _checkpoints;

    /// <summary>A gang that nothing has been done for yet.</summary>
    public SimulatedGang(World world, SimulatedSite site, GangAssignment assignment)
    {
        (_world, Site, Assignment, _epoch) = (world, site, assignment, assignment.Epoch);
        _checkpoints = assignment.Checkpoints ?? new GangCheckpoints();
        Report = new GangReport { Job = assignment.Job, Incarnation = assignment.Incarnation, State = GangState.Starting };
    }

    /// <summary>Its site.</summary>
    public SimulatedSite Site { get; }

    /// <summary>What the control plane wanted first.</summary>
    public GangAssignment Assignment { get; }

    /// <summary>How it is.</summary>
    public GangReport Report { get; private set; }

    /// <summary>Its bridge; null before it is started and after its end.</summary>
    public SimulatedBridge? Bridge { get; private set; }

    /// <summary>The promise in its directory; 0 for none.</summary>
    public int Promised { get; set; }

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => Report.State is GangState.Finished or GangState.Failed or GangState.Stopped;

    /// <summary>Begins: its bridge is there after a while.</summary>
    public void Start() => _world.Queue.After(_world.Random.Between(50, 250) * 1_000L, () =>
    {
        if (IsOver || !Site.Has(this))
        {
            return;
        }

        CheckpointState? checkpoint = null;
        if (Assignment.Checkpoints is { From: { } from })
        {
            var loaded = Site.Disk.Find(from.Name)?.Load(from.Seal, _world.Planted == PlantedBug.TornCheckpointRestored);
            if (loaded is not { Succeeded: true })
            {
                Site.Disk.Condemn(from.Name, loaded?.Problems[0].Message ?? "It is no longer there.");
                Failed("Its checkpoint is not what was sealed.", retriable: true);
                return;
            }

            checkpoint = loaded.Value;
            _world.Referee.Restoring(Place, checkpoint);
        }

        Run(checkpoint);
    });

    /// <summary>Its bridge's process ends and is started again in the same directory.</summary>
    public void RestartBridge()
    {
        if (Bridge is not { IsOver: false } || IsOver)
        {
            return;
        }

        Bridge.Kill();
        _world.Queue.After(_world.Random.Between(20, 100) * 1_000L, () =>
        {
            if (!IsOver && Site.Has(this))
            {
                // What the old process heard, the new one says nothing of.
                Set(Report with { Missing = [], Rejected = [] });
                Run(null);
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
        if (Bridge is { IsOver: false } bridge)
        {
            bridge.Post(() =>
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
            Bridge?.Kill();
            Set(Report with { State = GangState.Stopped });
        }
    }

    /// <summary>Its processes end with the machine that they run on.</summary>
    public void Kill() => Bridge?.Kill();

    /// <summary>Its trainers train.</summary>
    public void Running()
    {
        if (Report.State == GangState.Starting)
        {
            Set(Report with { State = GangState.Running });
        }
    }

    /// <summary>Its bridge promised.</summary>
    public void Sealed(int epoch, long round) => Set(Report with { Promise = new SealPromise(epoch, round) });

    /// <summary>Its bridge is level.</summary>
    public void Level(int epoch) => Set(Report with { LevelIn = epoch });

    /// <summary>Its bridge waits for islands that it does not hear.</summary>
    public void Missing(ImmutableArray<string> islands) => Set(Report with { Missing = islands });

    /// <summary>How far its bridge is, which goes with the next report.</summary>
    public void Progress(RunProgress progress) => Report = Report with { Progress = progress };

    /// <summary>Its bridge refuses islands again and again.</summary>
    public void Rejecting(ImmutableArray<IslandRejection> islands) => Set(Report with { Rejected = islands });

    /// <summary>It ended before the run did.</summary>
    public void Failed(string reason, bool retriable, bool outrun = false) =>
        Set(Report with { State = GangState.Failed, Reason = reason, Retriable = retriable, Outrun = outrun });

    /// <summary>The run is over.</summary>
    public void Finished(string modelHash, RunProgress progress) => Set(Report with
    {
        State = GangState.Finished,
        Result = new IslandResult
        {
            ParametersSha256 = modelHash,
            Steps = progress.Steps,
            Tokens = progress.Tokens,
            TrainingSeconds = 0,
            WallSeconds = 0,
            Rounds = progress.Rounds,
            ParameterBytes = 4L * _world.Scenario.Parameters,
            Ledger = progress.Ledger,
        },
    });

    private int Place => Site.Place;

    private void Run(CheckpointState? checkpoint)
    {
        Bridge = new SimulatedBridge(_world, this, _epoch, checkpoint);
        Bridge.Begin();
    }

    private void Set(GangReport report)
    {
        Report = report;
        _world.Trace.Add(Place, 'g', (long)report.State, report.Promise?.Epoch ?? 0, report.LevelIn);
        Site.Changed();
    }
}
