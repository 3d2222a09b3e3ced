using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Engines;
using Superfactory.Site.Gangs;

namespace Superfactory.Site.Agents;

/// <summary>One gang that the control plane wants, or wanted, at this site: from before its start until it is forgotten. Thread-safe.</summary>
internal sealed class SiteGang
{
    private readonly Lock _lock = new();
    private readonly Signal _wished = new();
    private readonly ReportBuffer _buffer;
    private readonly Action _changed;
    private readonly CheckpointTable _table;
    private RunEpoch _epoch;
    private GangCheckpoints _checkpoints;
    private readonly TaskCompletionSource _standing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it is known what the control plane wants of it now: of a gang that was taken over only from the first instructions on.</summary>
    private bool _known = true;

    /// <summary>How long it may go on, once that is known here.</summary>
    private GangCommand.Extend? _lease;
    private bool _stop;
    private GangReport _report;

    /// <summary>A gang that nothing has been done for yet.</summary>
    /// <param name="assignment">What the control plane wants.</param>
    /// <param name="buffer">Takes its lines and measurements.</param>
    /// <param name="table">Takes the checkpoints that it writes.</param>
    /// <param name="changed">Called when its state has changed; must return soon.</param>
    public SiteGang(GangAssignment assignment, ReportBuffer buffer, CheckpointTable table, Action changed)
    {
        (Assignment, _buffer, _table, _changed, _epoch) = (assignment, buffer, table, changed, assignment.Epoch);
        _checkpoints = assignment.Checkpoints ?? new GangCheckpoints();
        _report = new GangReport { Job = assignment.Job, Incarnation = assignment.Incarnation, State = GangState.Starting };
    }

    /// <summary>What the control plane wanted first.</summary>
    public GangAssignment Assignment { get; }

    /// <summary>How it is.</summary>
    public GangReport Report
    {
        get
        {
            lock (_lock)
            {
                return _report;
            }
        }
    }

    /// <summary>Ends when no process of it is left and its state is final.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Ends when a gang that was taken over has said how it stands, or has ended.</summary>
    public Task Standing => Task.WhenAny(_standing.Task, Ended);

    /// <summary>Takes over a gang of an earlier agent.</summary>
    public void Adopt(OrphanedGang orphan)
    {
        if (orphan.Gang is { } gang)
        {
            _known = false;
            Ended = FollowAdoptedAsync(gang);
            return;
        }

        Take(orphan.Last ?? new GangEvent.Failed($"Island {Assignment.Island} ended while the agent of its site was away.", Retriable: true));
    }

    /// <summary>Begins.</summary>
    /// <param name="before">Gangs that have to end first: earlier incarnations of the same island.</param>
    /// <param name="prepare">Makes its directories and says what its supervisor needs to know.</param>
    /// <param name="engine">Starts it.</param>
    public void Start(IEnumerable<Task> before, Func<GangAssignment, Outcome<GangSpecification>> prepare, IEngine engine) =>
        Ended = RunAsync(Task.WhenAll(before), prepare, engine);

    /// <summary>Passes on a newer epoch, and what is wanted of checkpoints.</summary>
    public void Want(GangAssignment assignment)
    {
        lock (_lock)
        {
            var checkpoints = assignment.Checkpoints ?? new GangCheckpoints();
            if (_known && !assignment.Epoch.IsNewerThan(_epoch) && checkpoints == _checkpoints)
            {
                return;
            }

            _known = true;

            _epoch = assignment.Epoch.IsNewerThan(_epoch) ? assignment.Epoch : _epoch;
            _checkpoints = checkpoints;
        }

        _wished.Set();
    }

    /// <summary>Lets it go on until a time stamp of the monotonic clock; null for ever.</summary>
    public void Extend(long? until)
    {
        lock (_lock)
        {
            _lease = new GangCommand.Extend(until);
        }

        _wished.Set();
    }

    /// <summary>Stops it, wherever it is.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_stop)
            {
                return;
            }

            _stop = true;
        }

        _wished.Set();
    }

    private async Task RunAsync(Task before, Func<GangAssignment, Outcome<GangSpecification>> prepare, IEngine engine)
    {
        // The caller holds the table's lock; what follows takes its time.
        await Task.Yield();
        try
        {
            await before;
            if (Wishes().Stop)
            {
                Set(report => report with { State = GangState.Stopped });
                return;
            }

            var prepared = prepare(Assignment with { Epoch = Wishes().Epoch });
            var started = prepared.Succeeded ? await engine.StartAsync(prepared.Value, CancellationToken.None) : new(prepared.Problems);
            if (!started.Succeeded)
            {
                Set(report => report with { State = GangState.Failed, Reason = string.Join(' ', started.Problems) });
                return;
            }

            // That an island writes is told at its start; that it is to stop is told after it.
            await FollowAsync(started.Value, prepared.Value!.Assignment.Epoch, (Assignment.Checkpoints is { Writes: true }, false));
        }
#pragma warning disable CA1031 // One gang's fault is that gang's, and is told; the site goes on with the others.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Set(report => report with { State = GangState.Failed, Reason = $"The agent could not run island {Assignment.Island}: {error.Message}", Retriable = true });
        }
    }

    private async Task FollowAdoptedAsync(IGang gang)
    {
        await Task.Yield();
        try
        {
            // What it was told last is not known, and telling it again does no harm.
            await FollowAsync(gang, Assignment.Epoch, toldOfCheckpoints: null);
        }
#pragma warning disable CA1031 // One gang's fault is that gang's, and is told; the site goes on with the others.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Set(report => report with { State = GangState.Failed, Reason = $"The agent could not follow island {Assignment.Island}: {error.Message}", Retriable = true });
        }
    }

    private async Task FollowAsync(IGang gang, RunEpoch epochTold, (bool Writes, bool Hold)? toldOfCheckpoints)
    {
        using var over = new CancellationTokenSource();
        var wishes = FollowWishesAsync(gang, epochTold, toldOfCheckpoints, over.Token);
        try
        {
            await foreach (var said in gang.ReadEventsAsync())
            {
                Take(said);
            }
        }
        finally
        {
            await over.CancelAsync();
            await wishes;
        }
    }

    private async Task FollowWishesAsync(IGang gang, RunEpoch told, (bool Writes, bool Hold)? toldOfCheckpoints, CancellationToken over)
    {
        GangCommand.Extend? toldOfLease = null;
        try
        {
            while (true)
            {
                var (epoch, checkpoints, stop, known, lease) = Wishes();
                if (stop)
                {
                    await gang.StopAsync();
                    return;
                }

                if (lease is not null && lease != toldOfLease)
                {
                    await gang.TellAsync(lease);
                    toldOfLease = lease;
                }

                if (known && epoch.IsNewerThan(told))
                {
                    await gang.TellAsync(new GangCommand.EpochDecided(epoch));
                    told = epoch;
                }

                if (known && (checkpoints.Writes, checkpoints.Hold) != toldOfCheckpoints)
                {
                    await gang.TellAsync(new GangCommand.CheckpointsWanted(checkpoints));
                    toldOfCheckpoints = (checkpoints.Writes, checkpoints.Hold);
                }

                await _wished.WaitAsync(over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The gang is over: there is nobody left to tell.
        }
    }

    private void Take(GangEvent said)
    {
        switch (said)
        {
            case GangEvent.Log log:
                _buffer.Add(log.Line);
                break;
            case GangEvent.Measured measured:
                _buffer.Add(measured.Measurement);
                break;
            case GangEvent.Progress progress:
                // Told with the next report: there is one each half second anyway.
                lock (_lock)
                {
                    _report = _report with { Progress = progress.Value };
                }

                break;
            case GangEvent.Adopted:
                _standing.TrySetResult();
                break;
            case GangEvent.Running:
                Set(report => report with { State = GangState.Running });
                break;
            case GangEvent.Sealed promised:
                Set(report => report with { Promise = promised.Promise });
                break;
            case GangEvent.Level level:
                Set(report => report with { LevelIn = level.Epoch });
                break;
            case GangEvent.Missing missing:
                Set(report => report with { Missing = missing.Islands });
                break;
            case GangEvent.Rejecting rejecting:
                Set(report => report with { Rejected = rejecting.Islands });
                break;
            case GangEvent.Restarted restarted:
                Set(report => report with { TrainerRestarts = restarted.Restarts });
                break;
            case GangEvent.Checkpointed written:
                _table.Add(written.Checkpoint);
                break;
            case GangEvent.CheckpointFailed failed:
                Set(report => report with { CheckpointFailures = report.CheckpointFailures + 1, CheckpointFailure = failed.Reason });
                break;
            case GangEvent.Finished finished:
                Set(report => report with { State = GangState.Finished, Result = finished.Result });
                break;
            case GangEvent.Failed failed:
                Set(report => report with { State = GangState.Failed, Reason = failed.Reason, Retriable = failed.Retriable, Outrun = failed.Outrun });
                break;
            case GangEvent.Stopped stopped:
                Set(report => report with { State = GangState.Stopped, Reason = stopped.Reason, LeaseEnded = stopped.LeaseEnded });
                break;
        }
    }

    private (RunEpoch Epoch, GangCheckpoints Checkpoints, bool Stop, bool Known, GangCommand.Extend? Lease) Wishes()
    {
        lock (_lock)
        {
            return (_epoch, _checkpoints, _stop, _known, _lease);
        }
    }

    private void Set(Func<GangReport, GangReport> change)
    {
        lock (_lock)
        {
            _report = change(_report);
        }

        _changed();
    }
}
