using System.Collections.Immutable;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Planted;
using Superfactory.Simulation.Time;

namespace Superfactory.Simulation.Control;

/// <summary>The control plane's process: the production factory over a journal that outlives it, with the host's lease clock.</summary>
internal sealed class SimulatedControl
{
    /// <summary>How often silence is looked at: a fiftieth of the lease, as the host does.</summary>
    private const long PeriodMicroseconds = FactoryLimits.LeaseMilliseconds * 1_000L / 50;

    private readonly World _world;
    private readonly List<JournalRecord> _journal = [];
    private readonly Dictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _newest = new(StringComparer.Ordinal);
    private long _at;
    private long _timestamp;
    private long _amnesty;
    private int _process = 1;

    /// <summary>A control plane with an empty journal.</summary>
    public SimulatedControl(World world)
    {
        _world = world;
        Clock = new VirtualClock(world.Queue);
        world.Queue.After(PeriodMicroseconds, () => Look(1));
    }

    /// <summary>Its machine's clock, which may be set.</summary>
    public VirtualClock Clock { get; }

    /// <summary>What it knows and decides by.</summary>
    public FactoryState State { get; private set; } = FactoryState.Empty;

    /// <summary>Whether its process runs.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>Whether its process is paused.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>The run's job.</summary>
    public FactoryJob? Job => State.Jobs.GetValueOrDefault(1);

    /// <summary>Records in the journal.</summary>
    public int Records => _journal.Count;

    /// <summary>Takes an agent's request.</summary>
    /// <param name="site">The site.</param>
    /// <param name="command">What it says.</param>
    /// <param name="known">The revision of the instructions that it has.</param>
    /// <param name="accepted">Whether it was accepted.</param>
    /// <param name="instructions">What is wanted of the site, where that is newer.</param>
    /// <returns>False where nobody is there to answer.</returns>
    public bool TryTake(string site, FactoryCommand command, long known, out bool accepted, out AgentInstructions? instructions)
    {
        (accepted, instructions) = (false, null);
        if (!IsUp || IsPaused)
        {
            return false;
        }

        accepted = Submit(command);
        if (accepted)
        {
            instructions = State.Sites[site].InstructionsRevision > known ? InstructionsReader.Read(State, site) : null;
        }

        return true;
    }

    /// <summary>A report comes a second time: the host passes over one behind a newer one of its session.</summary>
    public void SubmitAgain(ReportGangs report, long number)
    {
        if (_newest.GetValueOrDefault(report.Session) <= number)
        {
            Submit(report);
        }
    }

    /// <summary>A report of a number was taken.</summary>
    public void Count(string session, long number) => _newest[session] = number;

    /// <summary>Decides upon a command: records are in the journal before anything is made of them.</summary>
    /// <returns>Whether it was accepted.</returns>
    public bool Submit(FactoryCommand command)
    {
        if (!IsUp || IsPaused)
        {
            return false;
        }

        var decision = Factory.Accept(State, command, Now());
        if (decision.Refusal is not null)
        {
            return false;
        }

        if (command is JoinSite or ReportGangs)
        {
            _heard[command is JoinSite join ? join.Site : ((ReportGangs)command).Site] = _world.Queue.Now;
        }

        if (decision.Records.IsEmpty)
        {
            return true;
        }

        var before = State;
        foreach (var record in decision.Records)
        {
            _journal.Add(record);
            var last = State;
            State = Kept(record, Factory.Apply(State, record));
            _world.Trace.Add(-1, 'r', State.Revision, record is EpochDecided decided ? decided.Epoch.Number : 0, record.GetType().Name.Length);
            _world.Referee.Recorded(record, last, State);
        }

        foreach (var site in FactoryEffects.Between(before, State).Instructed)
        {
            _world.Site(site).Tell(InstructionsReader.Read(State, site));
        }

        return true;
    }

    /// <summary>What the host keeps of a state: all, but for its planted bug.</summary>
    private FactoryState Kept(JournalRecord record, FactoryState state)
    {
        if (_world.Planted != PlantedBug.SetAsideForgotten || record is not IslandSetAside)
        {
            return state;
        }

        var job = state.Jobs[1];
        return state with { Jobs = state.Jobs.SetItem(1, job with { Islands = [.. job.Islands.Select(island => island with { SetAside = null })] }) };
    }

    /// <summary>The process ends; another one reads the journal after a while.</summary>
    public void Crash(long microseconds)
    {
        if (!IsUp)
        {
            return;
        }

        (IsUp, IsPaused) = (false, false);
        var process = ++_process;
        _heard.Clear();
        _newest.Clear();
        var kept = FactorySnapshot.Of(State).ToJson();
        State = FactoryState.Empty;
        _world.Queue.After(microseconds, () =>
        {
            IsUp = true;
            foreach (var line in _journal.Select(record => record.ToJson()))
            {
                State = Factory.Apply(State, JournalRecord.FromJson(line));
            }

            if (FactorySnapshot.Of(State).ToJson() != kept)
            {
                throw new ViolationException("The journal's replay gives another state than the one that wrote it.");
            }

            _amnesty = _world.Queue.Now;
            Look(process);
        });
    }

    /// <summary>The process is paused and goes on.</summary>
    public void Pause(long microseconds)
    {
        if (!IsUp || IsPaused)
        {
            return;
        }

        IsPaused = true;
        var (process, since) = (_process, _world.Queue.Now);
        _world.Queue.After(microseconds, () =>
        {
            if (process == _process)
            {
                IsPaused = false;
                _amnesty = microseconds >= FactoryLimits.LeaseMilliseconds * 1_000L ? _world.Queue.Now : Math.Max(_amnesty, since);
            }
        });
    }

    /// <summary>The host's time never goes back, and goes on, whatever the machine's clock does.</summary>
    private long Now()
    {
        var passed = _at + ((_world.Queue.Now - _timestamp) / 1_000);
        if (Clock.UnixMilliseconds < passed)
        {
            return passed;
        }

        (_at, _timestamp) = (Clock.UnixMilliseconds, _world.Queue.Now);
        return _at;
    }

    private void Look(int process)
    {
        if (process != _process)
        {
            return;
        }

        _world.Queue.After(PeriodMicroseconds, () => Look(process));
        if (!IsUp || IsPaused)
        {
            return;
        }

        var overdue = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var site in State.Sites.Values)
        {
            var silent = (_world.Queue.Now - Math.Max(_heard.GetValueOrDefault(site.Name), _amnesty)) / 1_000;
            if (site.Standing == SiteStanding.Connected && silent >= FactoryLimits.LeaseMilliseconds)
            {
                overdue[site.Name] = Now() - silent;
            }
        }

        if (overdue.Count > 0 || State.OpenJobs.Any(id => State.Jobs[id].SealedAt is { } since && Now() - since >= FactoryLimits.PromiseMillisecondsMax))
        {
            Submit(new Tick(overdue.ToImmutable()));
        }
    }
}
