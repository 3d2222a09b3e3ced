using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Engines;
using Superfactory.Site.Gangs;

namespace Superfactory.Site.Agents;

/// <summary>
/// The gangs of a site: brings what runs in line with what the control plane wants. Instructions say all that is wanted, so that
/// applying the same ones twice, or leaving some out, does no harm. Thread-safe.
/// </summary>
internal sealed class GangTable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(long Job, int Incarnation), SiteGang> _gangs = [];
    private readonly IEngine _engine;
    private readonly Func<GangAssignment, Outcome<GangSpecification>> _prepare;
    private readonly ReportBuffer _buffer;
    private readonly CheckpointTable _checkpoints;
    private readonly Action _changed;
    private ImmutableHashSet<(long Job, int Incarnation)>? _wanted;
    private bool _closed;
    private GangCommand.Extend? _lease;

    /// <summary>An empty table.</summary>
    /// <param name="engine">Starts gangs.</param>
    /// <param name="prepare">Makes a gang's directories and says what its supervisor needs to know.</param>
    /// <param name="buffer">Takes lines and measurements.</param>
    /// <param name="checkpoints">Takes what gangs write.</param>
    /// <param name="changed">Called when a gang's state has changed, from any thread; must return soon.</param>
    public GangTable(IEngine engine, Func<GangAssignment, Outcome<GangSpecification>> prepare, ReportBuffer buffer, CheckpointTable checkpoints, Action changed) =>
        (_engine, _prepare, _buffer, _checkpoints, _changed) = (engine, prepare, buffer, checkpoints, changed);

    /// <summary>Starts what is missing, passes on new epochs, stops what is not wanted.</summary>
    public void Apply(AgentInstructions instructions)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            var wanted = instructions.Gangs.Select(gang => (gang.Job, gang.Incarnation)).ToImmutableHashSet();
            _wanted = wanted;
            foreach (var (name, gang) in _gangs.Where(entry => !wanted.Contains(entry.Key)))
            {
                gang.Stop();
            }

            foreach (var assignment in instructions.Gangs)
            {
                if (_gangs.TryGetValue((assignment.Job, assignment.Incarnation), out var running))
                {
                    running.Want(assignment);
                }
                else
                {
                    Start(assignment);
                }
            }
        }
    }

    /// <summary>
    /// Takes over what an earlier agent left, before the first instructions: gangs that run go on, and of those that have ended it is known how, so that none is
    /// started again under its old incarnation. Done when each has said how it stands.
    /// </summary>
    public Task AdoptAsync(IReadOnlyList<OrphanedGang> orphans)
    {
        ArgumentNullException.ThrowIfNull(orphans);
        lock (_lock)
        {
            foreach (var orphan in orphans)
            {
                var assignment = orphan.Specification.Assignment;
                var gang = new SiteGang(assignment, _buffer, _checkpoints, _changed);
                _gangs[(assignment.Job, assignment.Incarnation)] = gang;
                gang.Adopt(orphan);
            }

            return Task.WhenAll(_gangs.Values.Select(static gang => gang.Standing));
        }
    }

    /// <summary>Lets every gang go on until a time stamp of the monotonic clock; null for ever.</summary>
    public void Extend(long? until)
    {
        lock (_lock)
        {
            _lease = new GangCommand.Extend(until);
            foreach (var gang in _gangs.Values)
            {
                gang.Extend(until);
            }
        }
    }

    /// <summary>How every gang is, by job and incarnation.</summary>
    public ImmutableArray<GangReport> Reports()
    {
        lock (_lock)
        {
            return [.. _gangs.Values.Select(gang => gang.Report)];
        }
    }

    /// <summary>
    /// Forgets gangs that have ended and are no longer wanted, once the control plane has taken a report that says so; none before the first instructions, since
    /// a gang that is forgotten and still wanted would be started again under its old incarnation.
    /// </summary>
    public void Confirm(ImmutableArray<GangReport> taken)
    {
        lock (_lock)
        {
            foreach (var report in taken)
            {
                if (report.State is GangState.Finished or GangState.Failed or GangState.Stopped && _wanted?.Contains((report.Job, report.Incarnation)) == false)
                {
                    _gangs.Remove((report.Job, report.Incarnation));
                }
            }
        }
    }

    /// <summary>Stops every gang and takes no more instructions; done when no process of any is left.</summary>
    public Task StopAllAsync()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var gang in _gangs.Values)
            {
                gang.Stop();
            }

            return Task.WhenAll(_gangs.Values.Select(gang => gang.Ended));
        }
    }

    /// <summary>With its lease from its first moment on, whatever becomes of this agent.</summary>
    private Outcome<GangSpecification> Leased(Outcome<GangSpecification> prepared)
    {
        lock (_lock)
        {
            return prepared.Succeeded ? new(prepared.Value with { LeaseUntil = _lease?.Until }) : prepared;
        }
    }

    private void Start(GangAssignment assignment)
    {
        // Two incarnations of an island would write to the same output directory and share the site's accelerators.
        var earlier = _gangs.Values.Where(gang => gang.Assignment.Job == assignment.Job).Select(gang => gang.Ended).ToArray();
        var gang = new SiteGang(assignment, _buffer, _checkpoints, _changed);
        _gangs.Add((assignment.Job, assignment.Incarnation), gang);
        gang.Start(earlier, assignment => Leased(_prepare(assignment)), _engine);
        if (_lease is { } lease)
        {
            gang.Extend(lease.Until);
        }

        _changed();
    }
}
