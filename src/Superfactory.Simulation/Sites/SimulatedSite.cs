using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;
using Superfactory.Simulation.Time;

namespace Superfactory.Simulation.Sites;

/// <summary>A site: its agent's sessions with the control plane, its gangs, its disk and its clock.</summary>
internal sealed class SimulatedSite
{
    private const long ReportMicroseconds = 500_000;
    private const long RetryMicroseconds = 300_000;
    private const long AnswerMaxMicroseconds = 1_000_000;

    private readonly World _world;
    private readonly SortedDictionary<int, SimulatedGang> _gangs = [];
    private readonly SortedDictionary<long, CopyReport> _copies = [];
    private int _sessions;
    private string _session = string.Empty;
    private long _revision;
    private int _diskTaken;
    private int _request;
    private int _sent;
    private bool _running;
    private bool _joined;
    private bool _changed;

    /// <summary>A site whose agent has not been started.</summary>
    public SimulatedSite(World world, int place)
    {
        (_world, Place, Clock) = (world, place, new VirtualClock(world.Queue));
        Name = $"site-{place}";
    }

    /// <summary>Its name, which is its island's too.</summary>
    public string Name { get; }

    /// <summary>Its place in the job.</summary>
    public int Place { get; }

    /// <summary>Its machine's clock.</summary>
    public VirtualClock Clock { get; }

    /// <summary>Its disk.</summary>
    public SimulatedDisk Disk { get; } = new();

    /// <summary>How many cuts keep its agent from the control plane.</summary>
    public int Cuts { get; set; }

    /// <summary>How many of its next reports arrive a second time.</summary>
    public int Duplicates { get; set; }

    /// <summary>Whether its agent runs.</summary>
    public bool IsRunning => _running;

    /// <summary>The bridges that run here: of a model in one piece one.</summary>
    public IReadOnlyList<Islands.SimulatedBridge> Bridges
    {
        get
        {
            foreach (var gang in _gangs.Values)
            {
                if (!gang.IsOver && gang.Bridges.Any(bridge => !bridge.IsOver))
                {
                    return gang.Bridges.All(bridge => !bridge.IsOver) ? gang.Bridges : [.. gang.Bridges.Where(bridge => !bridge.IsOver)];
                }
            }

            return [];
        }
    }

    /// <summary>Whether a gang is one of the agent that runs.</summary>
    public bool Has(SimulatedGang gang) => _running && _gangs.TryGetValue(gang.Assignment.Incarnation, out var known) && ReferenceEquals(known, gang);

    /// <summary>Starts the agent.</summary>
    public void Start()
    {
        (_running, _joined, _revision, _diskTaken, _session) = (true, false, -1, 0, $"{Name}-{++_sessions}");
        Join();
    }

    /// <summary>The site loses its power: nothing that ran is left.</summary>
    public void Crash(long microseconds, bool loseDisk)
    {
        if (!_running)
        {
            return;
        }

        _running = false;
        foreach (var gang in _gangs.Values)
        {
            gang.Kill();
        }

        _gangs.Clear();
        _copies.Clear();
        if (loseDisk)
        {
            Disk.Lose();
        }

        _world.Queue.After(microseconds, Start);
    }

    /// <summary>There is something to report.</summary>
    public void Changed()
    {
        _changed = true;
        if (_joined && _sent == _request)
        {
            Send();
        }
    }

    private void Join()
    {
        var hello = new AgentHello
        {
            Protocol = FactoryJson.ProtocolVersion,
            Session = _session,
            Host = Name,
            ProcessId = _sessions,
            Gateway = $"{Name}:9000",
            CheckpointDirectory = SimulatedDisk.Root,
            Version = "simulation",
        };
        Ask(new JoinSite(Name, hello), joined =>
        {
            if (joined)
            {
                _joined = true;
                Report();
            }
            else
            {
                Later(RetryMicroseconds, Join);
            }
        });
    }

    /// <summary>Reports twice a second at least; a request at a time.</summary>
    private void Report()
    {
        if (_sent == _request)
        {
            Send();
        }

        Later(ReportMicroseconds, Report);
    }

    private void Send()
    {
        _changed = false;
        var gangs = _gangs.Values.Select(gang => gang.Report).ToImmutableArray();
        var report = new ReportGangs(Name, _session, gangs) { Copies = [.. _copies.Values], Checkpoints = Disk.Revision == _diskTaken ? null : Disk.Reports };
        var disk = Disk.Revision;
        if (Duplicates > 0)
        {
            // An answer was lost, and the request that is sent again comes late.
            Duplicates--;
            var late = _world.Random.Between(50, 1_500) * 1_000L;
            var number = _request + 1;
            _world.Queue.After(late, () => _world.Control.SubmitAgain(report, number));
        }

        Ask(report, taken =>
        {
            if (taken)
            {
                _diskTaken = disk;
                Confirm(gangs);
            }

            if (_changed && _sent == _request)
            {
                Send();
            }
        });
    }

    /// <summary>One request to the control plane. Without an answer within a second it counts as failed.</summary>
    private void Ask(FactoryCommand command, Action<bool> answered)
    {
        var request = ++_request;
        var session = _session;
        var way = _world.ControlTime();
        _world.Queue.After(way, () =>
        {
            if (Cuts > 0 || !_running || session != _session || !_world.Control.TryTake(Name, command, _revision, out var accepted, out var instructions))
            {
                return;
            }

            _world.Control.Count(session, request);
            _world.Queue.After(way, () =>
            {
                if (Cuts == 0 && _running && session == _session && _sent < request)
                {
                    _sent = request;
                    Apply(instructions);
                    answered(accepted);
                }
            });
        });
        Later(AnswerMaxMicroseconds, () =>
        {
            if (_sent < request)
            {
                _sent = request;
                answered(false);
            }
        });
    }

    /// <summary>The control plane says what is wanted, as the agent that waits for it hears it.</summary>
    public void Tell(AgentInstructions instructions)
    {
        var session = _session;
        _world.Queue.After(_world.ControlTime(), () =>
        {
            if (Cuts == 0 && _running && _joined && session == _session)
            {
                Apply(instructions);
            }
        });
    }

    private void Apply(AgentInstructions? instructions)
    {
        if (instructions is null || instructions.Revision <= _revision)
        {
            return;
        }

        _revision = instructions.Revision;
        var wanted = instructions.Gangs.Select(gang => gang.Incarnation).ToHashSet();
        foreach (var gang in _gangs.Values.Where(gang => !wanted.Contains(gang.Assignment.Incarnation)).ToList())
        {
            gang.Stop();
        }

        foreach (var assignment in instructions.Gangs)
        {
            if (_gangs.TryGetValue(assignment.Incarnation, out var gang))
            {
                gang.Want(assignment);
            }
            else
            {
                var started = new SimulatedGang(_world, this, assignment);
                _gangs.Add(assignment.Incarnation, started);
                started.Start();
                Changed();
            }
        }

        foreach (var checkpoint in instructions.Checkpoints.Where(checkpoint => checkpoint.Remove && Disk.Find(checkpoint.Name) is not null))
        {
            Disk.Remove(checkpoint.Name);
            Changed();
        }

        foreach (var checkpoint in instructions.Checkpoints)
        {
            if (!checkpoint.Remove && Disk.Reveal(checkpoint.Name, checkpoint.Seal))
            {
                Changed();
            }
        }

        Copy(instructions.Copies);
    }

    private void Copy(ImmutableArray<CopyAssignment> wanted)
    {
        foreach (var known in _copies.Keys.Where(copy => !wanted.Any(each => each.Copy == copy)).ToList())
        {
            _copies.Remove(known);
        }

        foreach (var assignment in wanted.Where(copy => copy.Role == CopyRole.Destination && !_copies.ContainsKey(copy.Copy)))
        {
            _copies[assignment.Copy] = new CopyReport { Copy = assignment.Copy, Role = CopyRole.Destination, Phase = CopyPhase.Running };
            Later(_world.Random.Between(50, 400) * 1_000L, () => Fetch(assignment));
        }
    }

    private void Fetch(CopyAssignment assignment)
    {
        if (!_copies.TryGetValue(assignment.Copy, out var copy))
        {
            return;
        }

        var source = _world.Sites.First(site => site.Name == assignment.Source.Site);
        var name = assignment.Source.Path[(assignment.Source.Path.LastIndexOf('/') + 1)..];
        if (source.IsRunning && source.Disk.Find(name) is { } stored)
        {
            Disk.Put(stored);
            _copies[assignment.Copy] = copy with { Phase = CopyPhase.Completed };
        }
        else
        {
            _copies[assignment.Copy] = copy with { Phase = CopyPhase.Failed, Reason = "The source has it no longer." };
        }

        Changed();
    }

    private void Confirm(ImmutableArray<GangReport> taken)
    {
        foreach (var report in taken)
        {
            if (_gangs.TryGetValue(report.Incarnation, out var gang) && gang.IsOver && report.State == gang.Report.State
                && _gangs.Keys.Max() > report.Incarnation)
            {
                _gangs.Remove(report.Incarnation);
            }
        }
    }

    private void Later(long microseconds, Action action)
    {
        var session = _session;
        _world.Queue.After(microseconds, () =>
        {
            if (_running && session == _session)
            {
                action();
            }
        });
    }
}
