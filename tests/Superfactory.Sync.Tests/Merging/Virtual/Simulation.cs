using System.Collections.Immutable;
using System.Text;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>Islands with real machines and virtual trainers, driven by a seeded schedule that interrupts whatever the scenario allows.</summary>
internal sealed partial class Simulation
{
    /// <summary>Actions after which a run that has not ended is taken for stuck: the longest of these scenarios takes some 20,000.</summary>
    private const int ActionsMax = 400_000;

    private readonly Scenario _scenario;
    private readonly SeededRandom _random;
    private readonly MergeMachine[] _machines;
    private readonly VirtualTrainer?[] _trainers;
    private readonly VirtualTrainer?[] _lost;
    private readonly Queue<RunEpoch>[] _epochs;
    private readonly List<Action> _reports = [];
    private readonly long[] _ledgerMerged;
    private readonly (long Before, Contribution Given)?[] _given;
    private readonly OneHistory _history;
    private readonly VirtualVerdicts _verdicts;
    private readonly VirtualLateness _lateness;
    private int _faults;
    private int _crashes;
    private int _resets;

    public Simulation(Scenario scenario)
    {
        _scenario = scenario;
        _random = new SeededRandom(scenario.Seed);
        _faults = scenario.Faults;
        Network = new VirtualNetwork(scenario.Islands, _random) { Strict = scenario.BelieOneIn == 0 };
        Control = new VirtualControl(scenario.Islands, scenario.Mode == SyncMode.Auto ? RunSchedule.First : null);
        _history = new OneHistory(scenario.Seed, Control);
        (_verdicts, _lateness) = (new VirtualVerdicts(Control), new VirtualLateness(scenario, _random));
        _machines = [.. Enumerable.Range(0, scenario.Islands).Select(NewMachine)];
        _trainers = [.. Enumerable.Range(0, scenario.Islands).Select(NewTrainer)];
        _lost = new VirtualTrainer?[scenario.Islands];
        _epochs = [.. Enumerable.Range(0, scenario.Islands).Select(_ => new Queue<RunEpoch>())];
        _ledgerMerged = new long[scenario.Islands];
        _given = new (long, Contribution)?[scenario.Islands];
    }

    public VirtualNetwork Network { get; }

    public VirtualControl Control { get; }

    public IReadOnlyList<MergeMachine> Machines => _machines;

    public IReadOnlyList<VirtualTrainer?> Trainers => _trainers;

    public List<string> Notes { get; } = [];

    /// <summary>Reasons of failures that no restart helps.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Reasons of failures after which an island was started again.</summary>
    public List<string> Retried { get; } = [];

    public int Restarts { get; private set; }

    /// <summary>Contributions that the plain loop refused for their norm; set by whoever compares with it.</summary>
    public int RefusedForNorm { get; set; }

    /// <summary>Times that an island lost what its trainer had: by a crash, a restart, a refusal, or a round without it.</summary>
    public int Losses => Restarts + _crashes + Fates.Values.Sum(fate => System.Numerics.BitOperations.PopCount(fate.LeftOut)) + _resets;

    /// <summary>Hash over every effect of every machine, in order.</summary>
    public ulong Trace { get; private set; } = 1;

    /// <summary>Results as handed to trainers: the same at every island.</summary>
    public IReadOnlyDictionary<long, float[]> Results => _history.Results;

    /// <summary>By round, what chance decided of it: the same at every island.</summary>
    public IReadOnlyDictionary<long, RoundFate> Fates => _history.Fates;

    /// <summary>The most that any island kept for the others at once, in bytes.</summary>
    public long KeptBytesPeak { get; private set; }

    /// <summary>Called before every action; may disturb the machines.</summary>
    public Action<Simulation>? Disturb { get; init; }

    private IEnumerable<MergeMachine> Holders => Members.Select(island => _machines[island]).Where(machine => machine.State is { Initialised: true, SelfIsMember: true } && machine.State.Epoch.Number == Control.Epoch.Number);

    /// <summary>The island from whose trainer the run began.</summary>
    public int Origin { get; private set; }

    /// <summary>Who is a member now.</summary>
    public IEnumerable<int> Members => Enumerable.Range(0, _scenario.Islands).Where(Control.IsMember);

    public bool Ended => Members.All(island => _trainers[island] is { Done: true });

    /// <summary>Runs to the end, or until a machine fails for good.</summary>
    public Simulation Run()
    {
        for (var action = 0; !Ended && Failures.Count == 0; action++)
        {
            action.ShouldBeLessThan(ActionsMax, $"seed {_scenario.Seed}: the run does not end; {Describe()}");
            Disturb?.Invoke(this);
            if (!Step())
            {
                throw new InvalidOperationException($"seed {_scenario.Seed}: nothing is left to do and the run has not ended; {Describe()}");
            }
        }

        return this;
    }

    public string Describe() => string.Join("; ", _machines.Select((machine, island) =>
        $"{island}: {machine.Progress.Waiting ?? "trains"}, next {_trainers[island]?.Next is not null}, round {machine.Progress.Rounds}, epoch {machine.Progress.Epoch}, ledger {machine.Progress.Ledger}"));

    private bool TryDisturb()
    {
        if (_faults > 0 && _random.OneIn(_scenario.FaultOneIn))
        {
            _faults--;
            Interrupt();
            return true;
        }

        if (_scenario.ModeChanges == 0 || !Control.TryChange(_random, _scenario, _machines.Max(machine => machine.Round)))
        {
            return false;
        }

        Decide();
        return true;
    }

    private bool Step()
    {
        if (TryDisturb())
        {
            return true;
        }

        List<Action> actions = [];
        foreach (var (from, to) in Network.Pending)
        {
            actions.Add(() => Deliver(from, to));
        }

        foreach (var (from, to) in Network.Carried)
        {
            actions.Add(() => Handle(from, Network.TakeCarried(from, to)));
        }

        for (var island = 0; island < _scenario.Islands; island++)
        {
            var self = island;
            if (_trainers[self] is null && !_machines[self].ReadsTrainerMemory)
            {
                actions.Add(() =>
                {
                    _lost[self]?.Scribble();
                    _trainers[self] = NewTrainer(self);
                });
            }
            else if (_trainers[self]?.Next is not null && !_lateness.Sleeps(self))
            {
                actions.Add(() => Handle(self, _trainers[self]!.Act()));
            }

            AddReturn(actions, self);
            if (_epochs[self].Count > 0)
            {
                actions.Add(() => Handle(self, new MergeInput.EpochChanged(_epochs[self].Dequeue())));
            }
        }

        AddReports(actions);
        AddStalls(actions);
        _lateness.Add(actions, _machines, Handle);
        foreach (var (one, other) in Network.Apart)
        {
            actions.Add(() => Network.Join(one, other));
        }

        if (actions.Count == 0 && !_lateness.TryWake(_trainers[^1], action => Handle(_scenario.Islands - 1, action), actions))
        {
            // Whoever is away may come back in a later action.
            return _scenario.BackOneIn > 1 && Enumerable.Range(0, _scenario.Islands).Any(Control.IsDoubted);
        }

        _random.Pick(actions)();
        return true;
    }

    private void AddReturn(List<Action> actions, int island)
    {
        if (Control.IsDoubted(island) && (_scenario.BackOneIn == 1 || _random.OneIn(_scenario.BackOneIn)))
        {
            actions.Add(() =>
            {
                Control.Doubt(island, false);
                Decide(island);
            });
        }
    }

    private void AddReports(List<Action> actions)
    {
        foreach (var report in _reports)
        {
            actions.Add(() =>
            {
                _reports.Remove(report);
                report();
                Decide();
            });
        }
    }

    /// <summary>A host may take any peer that owes something for stalled: how long it waits is nothing that the result may depend on.</summary>
    private void AddStalls(List<Action> actions)
    {
        if (_scenario.StallOneIn == 0 || !_random.OneIn(_scenario.StallOneIn))
        {
            return;
        }

        for (var island = 0; island < _scenario.Islands; island++)
        {
            for (var peer = 0; peer < _scenario.Islands; peer++)
            {
                var (self, other) = (island, peer);
                if (_machines[self].IsAwaited(other))
                {
                    actions.Add(() => Handle(self, new MergeInput.Stalled(other, _machines[self].Attempt)));
                }
            }
        }
    }

    private void Deliver(int from, int to)
    {
        foreach (var input in Network.Deliver(from, to))
        {
            Handle(to, input);
        }
    }

    private void Interrupt()
    {
        var island = _random.Below(_scenario.Islands);
        switch (_random.Below(_scenario.Doubts ? 4 : 3))
        {
            case 0 when _scenario.Islands > 1:
                Network.Cut(island, (island + 1 + _random.Below(_scenario.Islands - 1)) % _scenario.Islands);
                break;
            case 1 when _scenario.TrainerCrashes && _trainers[island] is { Done: false }:
                _crashes++;
                (_lost[island], _trainers[island]) = (_trainers[island], null);
                Handle(island, new MergeInput.TrainerLost());
                break;
            case 2 when _scenario.BlankIncarnations && !_trainers.Any(trainer => trainer is { Done: true }):
                Restart(island);
                break;
            case 3 when !_trainers.Any(trainer => trainer is { Done: true }):
                Control.Doubt(island, true);
                Decide();
                break;
        }
    }

    /// <summary>The island loses all; a new incarnation starts, and everybody hears of what follows in his own time.</summary>
    private void Restart(int island)
    {
        Restarts++;
        Control.Die(island);
        Network.Reset(island);
        _ledgerMerged[island] = 0;
        _epochs[island].Clear();
        _machines[island] = NewMachine(island);
        (_lost[island], _trainers[island]) = (null, NewTrainer(island));
        Decide();
    }

    /// <summary>The control plane does what follows, and says so to everybody whom it reaches.</summary>
    private void Decide(int? again = null)
    {
        var before = (Control.Epoch, Control.Restarts);
        while (Control.Step())
        {
        }

        if (Control.Epoch.Number != before.Epoch.Number)
        {
            _history.Begin(Control.Restarts != before.Restarts);
            Array.Clear(_ledgerMerged, 0, Control.Restarts != before.Restarts ? _ledgerMerged.Length : 0);
        }

        for (var island = 0; island < _scenario.Islands; island++)
        {
            if (!Control.IsDoubted(island) && (!ReferenceEquals(before.Epoch, Control.Epoch) || island == again))
            {
                _epochs[island].Enqueue(Control.Epoch);
            }
        }
    }

    private void Report(Action report) => _reports.Add(report);

    private void Handle(int island, MergeInput input)
    {
        var machine = _machines[island];
        var before = (machine.State.History.Round, machine.State.History.Takers, machine.State.History.Schedule);
        Give(island, input);
        var effects = machine.Handle(input);
        _history.Take(island, machine, before);
        if (input is MergeInput.TrainerContributed { Contribution.Round: var given } && _scenario.Belies(island, given))
        {
            _trainers[island]!.Belie();
        }

        _verdicts.Take(island, machine, Report);
        KeptBytesPeak = Math.Max(KeptBytesPeak, RunChecks.Memory(_scenario.Seed, island, machine));
        foreach (var effect in effects)
        {
            Mix(island, effect);
            switch (effect)
            {
                case MergeEffect.Send send:
                    Network.Send(island, send.Island, send.Message);
                    break;
                case MergeEffect.Drop drop:
                    Network.Drop(island, drop.Island);
                    break;
                case MergeEffect.KeepPromise promise:
                    Report(() =>
                    {
                        if (_machines[island] == machine)
                        {
                            Handle(island, new MergeInput.PromiseKept(promise.Epoch));
                        }
                    });
                    break;
                case MergeEffect.Sealed said:
                    var sealing = Control.IncarnationOf(island);
                    Report(() => Control.Sealed(island, sealing, said.Epoch, said.Round));
                    break;
                case MergeEffect.Level level:
                    var learning = Control.IncarnationOf(island);
                    Report(() => Control.Level(island, learning, level.Epoch));
                    break;
                case MergeEffect.Note note:
                    Notes.Add(note.Text);
                    break;
                case MergeEffect.Fail { Retriable: true } retriable:
                    Retried.Add(retriable.Reason);
                    Restart(island);
                    break;
                case MergeEffect.Fail fail:
                    Failures.Add(fail.Reason);
                    break;
                case MergeEffect.Finalized when !Holders.All(holder => holder.State.History.Finished):
                    throw new InvalidOperationException($"seed {_scenario.Seed}: island {island} finalizes before every island holds the last result");
                case MergeEffect.Begin { LoadMerged: false, Steps: null }:
                    Origin = island;
                    goto default;
                default:
                    CheckHeard(island, machine, effect);
                    _trainers[island].ShouldNotBeNull().Take(effect);
                    break;
            }
        }

        if (_machines[island] == machine && Control.IsMember(island) && machine.State.Epoch.Number == Control.Epoch.Number)
        {
            CheckLedger(island, machine.Progress);
        }
    }

    private MergeMachine NewMachine(int island) => new(new MergeConfiguration
    {
        Self = island, Epoch = Control.Epoch, Incarnation = Control.IncarnationOf(island), Sync = _scenario.Sync, Budget = _scenario.Budget, ChunkLengthMax = _scenario.ChunkLength, StashBytesMax = _scenario.StashBytes ?? MergeLimits.StashBytesMax,
        IsNear = _scenario.Seed % 2 == 1,
    });

    private VirtualTrainer NewTrainer(int island) => new(_scenario, island) { OnMerged = (round, result) => _history.Check(island, _machines[island], round, result) };

    private void Mix(int island, MergeEffect effect)
    {
        var text = effect is MergeEffect.Send send ? $"{island}>{send.Island} {send.Message.GetType().Name} {Convert.ToHexString(send.Message.Payload.Span)}" : $"{island} {effect.GetType().Name}";
        Trace = SeededRandom.Hash((long)Trace, (long)ContentHash.Of(Encoding.UTF8.GetBytes(text)));
    }
}
