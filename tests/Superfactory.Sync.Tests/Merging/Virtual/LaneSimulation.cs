using Superfactory.Model.Agents;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// A run in lanes: a machine for each lane of each island, a network for each lane, and between the lanes of an island what their supervisor
/// carries. A lane that is lost takes its whole island with it; an island promises, and is level, when all its lanes are.
/// </summary>
internal sealed partial class LaneSimulation
{
    private const int ActionsMax = 200_000;

    private readonly Scenario _scenario;
    private readonly int _lanes;
    private readonly SeededRandom _random;
    private readonly VirtualNetwork[] _networks;
    private readonly OneHistory[] _histories;
    private readonly MergeMachine[][] _machines;
    private readonly LaneGroup[] _groups;
    private readonly Queue<object>[][] _said;
    private readonly Queue<(RunEpoch Epoch, long[] Behind)>[][] _epochs;
    private readonly long[][] _sayings;
    private readonly long?[][] _promised;
    private readonly bool[][] _level;
    private readonly List<Action> _reports = [];
    private int _faults;

    public LaneSimulation(Scenario scenario, int lanes, LaneCheckpoint? from = null)
    {
        (_scenario, _lanes, _faults, _from) = (scenario, lanes, scenario.Faults, from);
        _random = new SeededRandom(scenario.Seed);
        Control = new VirtualControl(scenario.Islands);
        _networks = Each(lanes, _ => new VirtualNetwork(scenario.Islands, _random));
        _histories = Each(lanes, _ => new OneHistory(scenario.Seed, Control));
        _machines = Each(scenario.Islands, island => Each(lanes, lane => NewMachine(island, lane)));
        _groups = Each(scenario.Islands, NewGroup);
        _said = Each(scenario.Islands, _ => Each(lanes * lanes, _ => new Queue<object>()));
        _cuts = Each(scenario.Islands, island => Each(lanes, lane => NewCuts(island, lane)));
        _epochs = Each(scenario.Islands, _ => Each(lanes, _ => new Queue<(RunEpoch, long[])>()));
        _sayings = Each(scenario.Islands, _ => new long[lanes * lanes]);
        _promised = Each(scenario.Islands, _ => new long?[lanes]);
        _level = Each(scenario.Islands, _ => new bool[lanes]);
    }

    public VirtualControl Control { get; }

    public IReadOnlyList<MergeMachine[]> Machines => _machines;

    public IReadOnlyList<VirtualTrainer> Trainers => [.. _groups.Select(group => group.Trainer)];

    public List<string> Notes { get; } = [];

    public List<string> Retried { get; } = [];

    /// <summary>Rounds that a lane applied because the next epoch began with them: another lane had done so before it promised.</summary>
    public int CaughtUp { get; private set; }

    public int Origin { get; private set; }

    public IReadOnlyDictionary<long, RoundFate> Fates => _histories[0].Fates;

    /// <summary>Called before every action; may disturb the islands.</summary>
    public Action<LaneSimulation>? Disturb { get; init; }

    public IEnumerable<int> Members => Enumerable.Range(0, _scenario.Islands).Where(Control.IsMember);

    private bool Ended => Members.All(island => _groups[island].Trainer.Done);

    public LaneSimulation Run()
    {
        for (var action = 0; !Ended; action++)
        {
            action.ShouldBeLessThan(ActionsMax, $"seed {_scenario.Seed}: the run does not end; {Describe()}");
            Disturb?.Invoke(this);
            Step();
        }

        return this;
    }

    /// <summary>A lane's bridge is killed: its gang ends, and a new incarnation of the island starts in all its lanes.</summary>
    public void Restart(int island)
    {
        Control.Die(island);
        for (var lane = 0; lane < _lanes; lane++)
        {
            _networks[lane].Reset(island);
            _epochs[island][lane].Clear();
            (_promised[island][lane], _level[island][lane]) = (null, false);
            _machines[island][lane] = NewMachine(island, lane);
        }

        Array.ForEach(_said[island], said => said.Clear());
        _cuts[island] = Each(_lanes, lane => NewCuts(island, lane));
        _groups[island] = NewGroup(island);
        Decide();
    }

    private string Describe() => string.Join("; ", _machines.SelectMany((lanes, island) => lanes.Select((machine, lane) =>
        $"{island}/{lane}: {machine.Progress.Waiting ?? "trains"}, round {machine.Progress.Rounds}, epoch {machine.Progress.Epoch}")));

    private void Step()
    {
        if (_faults > 0 && _random.OneIn(25))
        {
            _faults--;
            Interrupt();
            return;
        }

        List<Action> actions = [.. _reports.Select(report => (Action)(() =>
        {
            _reports.Remove(report);
            report();
            Decide();
        }))];
        for (var lane = 0; lane < _lanes; lane++)
        {
            AddNetwork(actions, lane);
        }

        for (var island = 0; island < _scenario.Islands; island++)
        {
            AddIsland(actions, island);
        }

        actions.ShouldNotBeEmpty($"seed {_scenario.Seed}: nothing is left to do; {Describe()}");
        _random.Pick(actions)();
    }

    private void AddNetwork(List<Action> actions, int lane)
    {
        var network = _networks[lane];
        foreach (var (from, to) in network.Pending)
        {
            actions.Add(() =>
            {
                foreach (var input in network.Deliver(from, to))
                {
                    Handle(to, lane, input);
                }
            });
        }

        foreach (var (from, to) in network.Carried)
        {
            actions.Add(() => Handle(from, lane, network.TakeCarried(from, to)));
        }

        foreach (var (one, other) in network.Apart)
        {
            actions.Add(() => network.Join(one, other));
        }
    }

    private void AddIsland(List<Action> actions, int island)
    {
        if (_groups[island].CanAct)
        {
            actions.Add(() =>
            {
                var (group, inputs) = (_groups[island], _groups[island].Act());
                for (var lane = 0; lane < _lanes && _groups[island] == group; lane++)
                {
                    Handle(island, lane, inputs[lane]);
                }
            });
        }

        if (Control.IsDoubted(island))
        {
            actions.Add(() =>
            {
                Control.Doubt(island, false);
                Decide(island);
            });
        }

        for (var lane = 0; lane < _lanes; lane++)
        {
            var (self, own) = (lane, _epochs[island][lane]);
            if (own.Count > 0)
            {
                actions.Add(() => Enter(island, self, own.Dequeue()));
            }
        }

        for (var way = 0; way < _said[island].Length; way++)
        {
            var (to, said) = (way % _lanes, _said[island][way]);
            if (said.Count > 0)
            {
                actions.Add(() => Hear(island, to, said.Dequeue()));
            }
        }
    }

    /// <summary>A lane hears of an epoch behind all that the other lanes had said when it was decided: their supervisor passes both on.</summary>
    private void Enter(int island, int lane, (RunEpoch Epoch, long[] Behind) decided)
    {
        var machine = _machines[island][lane];
        for (var from = 0; from < _lanes; from++)
        {
            var way = (from * _lanes) + lane;
            var said = _said[island][way];
            while (_machines[island][lane] == machine && said.Count > 0 && _sayings[island][way] - said.Count < decided.Behind[from])
            {
                Hear(island, lane, said.Dequeue());
            }
        }

        if (_machines[island][lane] == machine)
        {
            Handle(island, lane, new MergeInput.EpochChanged(decided.Epoch));
        }
    }

    private void Interrupt()
    {
        var island = _random.Below(_scenario.Islands);
        var done = _groups.Any(group => group.Trainer.Done);
        switch (_random.Below(4))
        {
            case 0 or 1:
                _networks[_random.Below(_lanes)].Cut(island, (island + 1 + _random.Below(_scenario.Islands - 1)) % _scenario.Islands);
                break;
            case 2 when !done:
                Restart(island);
                break;
            case 3 when !done:
                Control.Doubt(island, true);
                Decide();
                break;
        }
    }

    private void Decide(int? again = null)
    {
        var before = (Control.Epoch, Control.Restarts);
        while (Control.Step())
        {
        }

        if (Control.Epoch.Number != before.Epoch.Number)
        {
            Array.ForEach(_histories, history => history.Begin(Control.Restarts != before.Restarts));
            Array.ForEach(_promised, promised => Array.Clear(promised));
            Array.ForEach(_level, level => Array.Clear(level));
        }

        for (var island = 0; island < _scenario.Islands; island++)
        {
            if (!Control.IsDoubted(island) && (!ReferenceEquals(before.Epoch, Control.Epoch) || island == again))
            {
                for (var lane = 0; lane < _lanes; lane++)
                {
                    _epochs[island][lane].Enqueue((Control.Epoch, Each(_lanes, from => _sayings[island][(from * _lanes) + lane])));
                }
            }
        }
    }

    private void Handle(int island, int lane, MergeInput input)
    {
        var machine = _machines[island][lane];
        var before = (machine.State.History.Round, machine.State.History.Takers, machine.State.History.Schedule);
        var effects = machine.Handle(input);
        _histories[lane].Take(island, machine, before);
        CaughtUp += input is MergeInput.EpochChanged && machine.State.History.Round > before.Round && machine.State.SelfIsMember ? 1 : 0;
        foreach (var effect in effects)
        {
            if (_machines[island][lane] == machine)
            {
                Carry(island, lane, machine, effect);
            }
        }

        CheckLedger(machine.Progress);
        if (_machines[island][lane] == machine)
        {
            Cut(island, lane);
        }
    }

    private void Carry(int island, int lane, MergeMachine machine, MergeEffect effect)
    {
        var incarnation = Control.IncarnationOf(island);
        switch (effect)
        {
            case MergeEffect.Send send:
                _networks[lane].Send(island, send.Island, send.Message);
                break;
            case MergeEffect.Drop drop:
                _networks[lane].Drop(island, drop.Island);
                break;
            case MergeEffect.TellLanes tell:
                Say(island, lane, tell.Status);
                break;
            case MergeEffect.KeepPromise promise:
                _reports.Add(() =>
                {
                    if (_machines[island][lane] == machine)
                    {
                        Handle(island, lane, new MergeInput.PromiseKept(promise.Epoch));
                    }
                });
                break;
            case MergeEffect.Sealed said:
                _reports.Add(() => Promise(island, lane, incarnation, said));
                break;
            case MergeEffect.Level level:
                _reports.Add(() => Learned(island, lane, incarnation, level.Epoch));
                break;
            case MergeEffect.Note note:
                Notes.Add(note.Text);
                break;
            case MergeEffect.Fail { Retriable: true } retriable:
                Retried.Add(retriable.Reason);
                Restart(island);
                break;
            case MergeEffect.Fail fail:
                throw new InvalidOperationException($"seed {_scenario.Seed}: island {island} failed: {fail.Reason}");
            case MergeEffect.Closed:
                break;
            default:
                Origin = effect is MergeEffect.Begin { LoadMerged: false } ? island : Origin;
                if (!_groups[island].Take(lane, effect))
                {
                    // Only before the first merge, where an epoch deals anew and has not reached all lanes.
                    _machines[island].Select(each => each.Progress.Epoch).Distinct().Count().ShouldBeGreaterThan(1, $"seed {_scenario.Seed}: {Describe()}");
                    machine.Progress.Rounds.ShouldBe(0, $"seed {_scenario.Seed}");
                    Retried.Add("Its lanes were told different things.");
                    Restart(island);
                }

                break;
        }
    }

    /// <summary>The island holds what any of its lanes has applied: the others have all of it.</summary>
    private void Promise(int island, int lane, int incarnation, MergeEffect.Sealed said)
    {
        if (incarnation != Control.IncarnationOf(island) || said.Epoch != Control.Epoch.Number)
        {
            return;
        }

        _promised[island][lane] = said.Round;
        if (_promised[island].All(round => round is not null))
        {
            Control.Sealed(island, incarnation, said.Epoch, _promised[island].Min() < 0 ? -1 : _promised[island].Max()!.Value);
        }
    }

    private void Learned(int island, int lane, int incarnation, int epoch)
    {
        if (incarnation == Control.IncarnationOf(island) && epoch == Control.Epoch.Number)
        {
            _level[island][lane] = true;
            if (_level[island].All(level => level))
            {
                Control.Level(island, incarnation, epoch);
            }
        }
    }

    private void CheckLedger(RunProgress progress)
    {
        if (progress.Ledger is { } ledger)
        {
            (ledger.Merged + ledger.InFlight + ledger.Free).ShouldBe(ledger.Planned, $"seed {_scenario.Seed}: {ledger}");
        }
    }

    private MergeMachine NewMachine(int island, int lane) => new(new MergeConfiguration
    {
        Self = island, Lane = lane, Lanes = _lanes, Epoch = Control.Epoch, Incarnation = Control.IncarnationOf(island), Sync = _scenario.Sync, Budget = _scenario.Budget,
        ChunkLengthMax = _scenario.ChunkLength, Checkpoint = _from?.At?.Contains(island) ?? true ? _from?.Lanes[lane] : null, Restores = _from is not null,
    });

    private LaneGroup NewGroup(int island) => new(_scenario, island, _lanes, (round, result) => _histories[0].Check(island, _machines[island][0], round, result));

    private static T[] Each<T>(int count, Func<int, T> make) => [.. Enumerable.Range(0, count).Select(make)];
}
