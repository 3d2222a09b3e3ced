using System.Runtime.CompilerServices;
using Superfactory.Core;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Training;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Checks;

/// <summary>
/// Sees everything from outside and holds it against what <c>docs/protocol.md</c> promises: there is one history, what is final stays, results
/// are what trainers gave, each sample is merged once, nobody acts in an epoch that it promised to leave, and nobody for another incarnation.
/// </summary>
internal sealed partial class Referee
{
    private readonly World _world;
    private readonly Scenario _scenario;
    private readonly Dictionary<(int Place, long Round), GivenRound> _given = [];
    private readonly List<RoundTruth> _results = [];
    private readonly Dictionary<(int Place, int Incarnation, int Lane), int> _promised = [];
    private readonly HashSet<(int Place, int Incarnation, int Epoch, long Round)> _said = [];
    private readonly CommitLog _commits;
    private readonly SampleCount _samples;
    private readonly long?[] _held;
    private readonly int[] _spoiled;
    private readonly HashSet<string> _aside = new(StringComparer.Ordinal);
    private readonly HashSet<int> _seeking = [];
    private readonly HashSet<(string Island, int Incarnation)> _givenUp = [];
    private float[] _parameters = [];
    private byte[] _statics = [];
    private long _contributedTo = -1;

    // As the journal has it: the control plane's own process may be gone.
    private FactoryJob? _job;

    /// <summary>A referee of a schedule.</summary>
    public Referee(World world)
    {
        (_world, _scenario) = (world, world.Scenario);
        _held = new long?[_scenario.Islands * _scenario.Lanes];
        _finalIn = new long[_scenario.Lanes];
        _spoiled = new int[_scenario.Islands];
        _commits = new CommitLog(_scenario.Islands, _scenario.Lanes);
        _samples = new SampleCount(_scenario);
    }

    /// <summary>Rounds of the present history that are final.</summary>
    public long Final { get; private set; }

    /// <summary>Results that became final, over all beginnings: one for each fragment of a round.</summary>
    public long ResultsFinal { get; private set; }

    /// <summary>Epochs that were decided after the first.</summary>
    public long EpochChanges { get; private set; }

    /// <summary>Contributions that were refused, in rounds that are part of the history.</summary>
    public long Refused { get; private set; }

    /// <summary>Contributions that came after their round was merged without them.</summary>
    public long Late { get; private set; }

    /// <summary>Rounds that were merged in another mode than the one before.</summary>
    public long ModeChanges { get; private set; }

    /// <summary>Islands that were set aside.</summary>
    public long SetAside { get; private set; }

    /// <summary>When the last result became final.</summary>
    public long FinalAt { get; private set; }

    /// <summary>Whether a contribution to a round is made that is not final, or an epoch change is under way.</summary>
    public bool IsInFlight => _contributedTo >= Final || Epoch is { } epoch && (epoch.Sealed || epoch.Members.Length != Enumerable.Range(0, _scenario.Islands).Count(place => HeldAt(_held, place) is not null));

    /// <summary>The round that the run works on.</summary>
    public long Round => _results.Count;

    /// <summary>Members of the present epoch.</summary>
    public int Members => Epoch?.Members.Length ?? 0;

    /// <summary>Whether each member's bridge runs and holds the run's state in the present epoch, and no other is being decided.</summary>
    public bool IsSteady => Epoch is { Sealed: false } epoch && epoch.Members.All(member => _world.Site(member.Island) is { Bridges: [var first, ..] bridges, Place: var place } && bridges.All(bridge => !bridge.IsPaused)
        && first.Gang.Assignment.Incarnation == member.Incarnation && HeldAt(_held, place) is not null);

    /// <summary>Whether an island was set aside.</summary>
    public bool IsAside(int place) => _aside.Contains(_world.Sites[place].Name);

    /// <summary>Whether another member than one island can go on: in every-step one whose trainer does not wait for the state of another's.</summary>
    public bool CanGoOnWithout(int place) => Epoch!.Members.Any(member => _world.Site(member.Island).Place is var other && other != place && !_seeking.Contains(other));

    private RunEpoch? Epoch => _job?.Epoch;

    /// <summary>What is to be remembered before a machine takes an input.</summary>
    public static MachineBefore Before(SimulatedBridge bridge, MergeInput input)
    {
        var state = bridge.Machine.State;
        return new MachineBefore(state.History.Round, state.Mode, state.Initialised, input, state.Lanes.Held is not null, state.History.Refusals);
    }

    /// <summary>A machine has taken an input.</summary>
    public void After(SimulatedBridge bridge, MachineBefore before, IReadOnlyList<MergeEffect> effects)
    {
        var state = bridge.Machine.State;
        foreach (var effect in effects)
        {
            See(bridge, effect);
        }

        Require(state.Faults == 0, $"island {bridge.Place} refused a message against the protocol: {state.NewestFault}");
        if (!state.SelfIsMember || state.Failed)
        {
            return;
        }

        var (incarnation, epoch) = (bridge.Gang.Assignment.Incarnation, state.Epoch.Number);
        if (state.History.Round > before.Round && before.Initialised)
        {
            Require(_promised.GetValueOrDefault((bridge.Place, incarnation, bridge.Lane)) < epoch, $"island {bridge.Place} applied round {before.Round} in epoch {epoch}, which it had promised to leave");
        }

        if (epoch < Epoch?.Number)
        {
            SeeFormer(bridge, incarnation);
            return;
        }

        if (epoch != Epoch?.Number || !IsMember(bridge.Place, incarnation) || !state.Initialised)
        {
            return;
        }

        if (state.History.Round != before.Round || !before.Initialised)
        {
            TakeState(bridge, before);
        }

        ref var held = ref _held[(bridge.Place * _scenario.Lanes) + bridge.Lane];
        if (held != state.History.Round)
        {
            held = state.History.Round;
            Settle(Epoch, _held);
        }

        if (before.Input is MergeInput.Received { Message: AppliedMessage or HelloMessage or ContributeMessage } || state.History.Round != before.Round)
        {
            CheckLedger(bridge);
        }
    }

    /// <summary>A trainer contributed.</summary>
    public void Contributed(SimulatedBridge bridge, GivenRound given)
    {
        if (given.Round < bridge.Machine.Round)
        {
            // The run went on without it: what it gave is to be in no result, and what the others had of it before stays what counts.
            Late++;
            return;
        }

        _given[(bridge.Place, given.Round)] = given;
        if (given.Positions.Count > 0)
        {
            _seeking.Remove(bridge.Place);
        }

        _contributedTo = Math.Max(_contributedTo, given.Round);
        if (given.Spoiled)
        {
            _spoiled[bridge.Place]++;
            _world.Spoiled(given.Round);
        }
        else if (OwnNorms.AreOver(bridge.Gang, given, _scenario))
        {
            _spoiled[bridge.Place]++;
        }
    }

    /// <summary>A chunk of what an island contributed was altered on its way, so that the contribution is to be refused.</summary>
    public void Corrupted(int place) => _spoiled[place]++;

    /// <summary>A bridge says to the control plane that it promised.</summary>
    public void Promised(SimulatedBridge bridge, int epoch, long round)
    {
        var incarnation = bridge.Gang.Assignment.Incarnation;
        var key = (bridge.Place, incarnation, bridge.Lane);
        _promised[key] = Math.Max(epoch, _promised.GetValueOrDefault(key));
        Promise(bridge, incarnation, epoch, round);
    }

    /// <summary>A trainer is told something.</summary>
    public void Told(SimulatedBridge bridge, MergeEffect effect, VirtualTrainer trainer)
    {
        if (effect is MergeEffect.Finalized)
        {
            Require(Final >= Round, $"island {bridge.Place} finalizes before every island holds the last result");
        }

        if (effect is MergeEffect.Merged { Result: { Skip: false } result } && bridge.Machine.Round is > 0 and var round
            && bridge.Machine.State.Epoch.Number == Epoch?.Number && round <= _results.Count && _results[(int)round - 1].Mode is not SyncMode.EveryStep and var mode)
        {
            // As streaming ends trainers are given all parameters, as is who begins anew.
            var part = result.Reset || bridge.Machine.Mode != mode ? .. : _scenario.PartOf(round - 1, mode);
            Require(
                trainer.Buffers.Merged.Span[part].SequenceEqual(_results[(int)round - 1].Parameters.AsSpan(part)),
                $"the trainer of island {bridge.Place} is given other parameters than round {round - 1} led to");
        }
    }

    /// <summary>A checkpoint is cut.</summary>
    public void Cut(SimulatedBridge bridge, CheckpointState state)
    {
        if (state.Epoch < _job!.LineageEpoch)
        {
            // It has not heard yet that the run went back: what it holds was final before.
            return;
        }

        var final = _scenario.Lanes == 1 ? Final : _finalIn[bridge.Lane];
        Require(state.Round <= final, $"island {bridge.Place} cuts a checkpoint after round {state.Round}, which is not final: {final} are");
        Require(state.Round == 0 || _results[(int)state.Round - 1].IsIn(bridge.Lane, state), $"the checkpoint of island {bridge.Place} after round {state.Round} is of another history");
    }

    /// <summary>A gang goes on from a checkpoint.</summary>
    public void Restoring(int place, int lane, CheckpointState state) =>
        Require(state.Round <= _results.Count && (state.Round == 0 || _results[(int)state.Round - 1].IsIn(lane, state)), $"island {place} goes on from a checkpoint that is not of this history");

    /// <summary>A message arrived at a host.</summary>
    public void Arrived(int lane, int from, int to, MergeMessage message)
    {
        if (message is CommitMessage commit)
        {
            _commits.Add(to, lane, commit);
        }

        if (MomentOf(message) is { } moment)
        {
            _world.Director.Notice(moment, to);
        }
    }

    /// <summary>The control plane made a record.</summary>
    public void Recorded(JournalRecord record, FactoryState before, FactoryState after)
    {
        _job = after.Jobs.GetValueOrDefault(1);
        if (_world.Trace.IsHeard)
        {
            _world.Trace.Say(-1, record.ToJson());
        }

        switch (record)
        {
            case SealOrdered:
                _world.Director.Notice(Moment.Sealed, -1);
                break;
            case IslandSealed promise:
                var place = _world.Site(promise.Island).Place;
                Require(_said.Contains((place, promise.Incarnation, promise.Epoch, promise.Round)), $"the control plane takes it that island {place} promised to leave epoch {promise.Epoch} at round {promise.Round}, which it did not say");
                break;
            case IslandSetAside aside:
                PutAside(aside);
                break;
            case IslandRestarted restarted:
                GiveUp(before, restarted);
                break;
            case RunRestarted restarted:
                GoBack(before, after, restarted);
                break;
            case EpochDecided decided:
                Begin(before.Jobs[decided.Job].Epoch, decided.Epoch);
                _world.Director.Notice(Moment.Decided, -1);
                break;
        }
    }

    /// <summary>An island is through.</summary>
    public void Ended(SimulatedBridge bridge, VirtualTrainer trainer)
    {
        var (progress, machine) = (bridge.Machine.Progress, bridge.Machine);
        Require(machine.IsOver && Final >= machine.Round, $"island {bridge.Place} ended before all was merged and final");
        Require(progress.Ledger is { } ledger && ledger.Merged == ledger.Planned && ledger is { InFlight: 0, Free: 0 }, $"island {bridge.Place} ended with the ledger {progress.Ledger}");
        _samples.RequireAll(progress.Ledger!.Planned);
        Require(progress.Ledger.Replayed == _samples.Replayed, $"island {bridge.Place} ended with {progress.Ledger.Replayed} pairs replayed, and {_samples.Replayed} were");
        Require(trainer.Parameters.SequenceEqual(_results[^1].Parameters), $"the model of island {bridge.Place} is not what its run's contributions lead to");
        Require(trainer.Buffers.Statics.Span.SequenceEqual(_statics), $"the buffers of island {bridge.Place} are not the run's");
    }

    /// <summary>The job ended.</summary>
    public static void Ended(FactoryJob job)
    {
        Require(job.End!.State == Model.Views.JobState.Completed, $"the job ended {job.End.State}: {job.End.Reason}");
        Require(job.Islands.Where(island => island.IsFinished).Select(island => island.Result!.ParametersSha256).Distinct().Count() == 1, "islands ended with different models");
    }

    /// <summary>Fails the schedule where something does not hold.</summary>
    public static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Sentence otherwise)
    {
        if (!holds)
        {
            throw new ViolationException(otherwise.ToString());
        }
    }

    /// <summary>Fails the schedule where something does not hold.</summary>
    public static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ViolationException(otherwise);
        }
    }

    private static Moment? MomentOf(MergeMessage message) => message switch
    {
        ChunkMessage => Moment.Chunk,
        CommitMessage => Moment.Commit,
        AppliedMessage => Moment.Applied,
        FetchMessage { Kind: FetchKind.Replica } => Moment.Learning,
        _ => null,
    };

    private bool IsMember(int place, int incarnation)
    {
        foreach (var member in Epoch!.Members)
        {
            if (member.Incarnation == incarnation && member.Island == _world.Sites[place].Name)
            {
                return true;
            }
        }

        return false;
    }

    private void See(SimulatedBridge bridge, MergeEffect effect)
    {
        var (place, incarnation, voice) = (bridge.Place, bridge.Gang.Assignment.Incarnation, bridge.Voice);
        if (effect is MergeEffect.Begin)
        {
            _seeking.Remove(place);
        }

        if (effect is MergeEffect.Begin { LoadMerged: false, Steps: null })
        {
            // The run begins with what this trainer had, though it may have ended since.
            (_parameters, _statics) = (_scenario.Initial(place), _scenario.Statics(place));
        }

        if (effect is not MergeEffect.Send { Message: var message } send)
        {
            _world.Trace.Add(voice, 'e', effect.GetType().Name.Length, bridge.Machine.Round);
            if (_world.Trace.IsHeard)
            {
                _world.Trace.Say(voice, effect.ToString()!);
            }

            return;
        }

        _world.Trace.Add(voice, 's', send.Island, message.GetType().Name.Length, unchecked((long)ContentHash.Of(message.Payload.Span)));
        if (_world.Trace.IsHeard)
        {
            _world.Trace.Say(voice, $"to site-{send.Island}: {message}");
        }

        Require(_promised.GetValueOrDefault((place, incarnation, bridge.Lane)) < message.Epoch, $"island {place} says something in epoch {message.Epoch}, which it had promised to leave");
        Require(message.Incarnation == incarnation, $"island {place} speaks as incarnation {message.Incarnation} of itself, and is incarnation {incarnation}");
        if (message is CommitMessage commit)
        {
            _commits.Add(place, bridge.Lane, commit);
        }
        else if (message is FetchMessage { Kind: FetchKind.Trainer or FetchKind.Replica or FetchKind.Steps } && bridge.Machine.Mode == SyncMode.EveryStep)
        {
            _seeking.Add(place);
        }
    }
}
