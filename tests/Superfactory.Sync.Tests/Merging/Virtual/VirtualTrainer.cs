using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>A trainer as the merge sees it: its next action is an input for the machine, taken when the schedule says so.</summary>
internal sealed partial class VirtualTrainer
{
    private readonly Scenario _scenario;
    private readonly int _island;
    private readonly MergeBuffers _buffers;
    private readonly float[] _momentum;
    private float[] _parameters;
    private byte[] _statics;
    private readonly Dictionary<int, DealtSamples> _deals = [];
    private DealtSamples? _samples;
    private RoundTurn? _turn;
    private (int Steps, long Tokens, double LossSum) _ahead;

    public VirtualTrainer(Scenario scenario, int island)
    {
        (_scenario, _island) = (scenario, island);
        _parameters = scenario.Initial(island);
        _momentum = new float[scenario.Parameters];
        _statics = scenario.Statics(island);
        _buffers = new MergeBuffers(_parameters.ToArray(), new float[scenario.Parameters], _statics.ToArray());
        Next = () => new MergeInput.TrainerRegistered(scenario.Table, _buffers);
    }

    /// <summary>What it does next; null where it waits for an answer.</summary>
    public Func<MergeInput>? Next { get; private set; }

    /// <summary>The final model's hash; null before it has it.</summary>
    public string? ModelHash { get; private set; }

    public bool Done { get; private set; }

    public float[] Parameters => _parameters;

    public byte[] Statics => _statics;

    /// <summary>Results as handed over, by round.</summary>
    public Action<long, float[]>? OnMerged { get; init; }

    /// <summary>Positions that it trained on for a round.</summary>
    public Action<long, List<long>>? OnTrained { get; init; }

    public void Take(MergeEffect effect)
    {
        if (TryDefer(effect))
        {
            return;
        }

        switch (effect)
        {
            case MergeEffect.Begin begin:
                Begin(begin);
                break;
            case MergeEffect.Deal deal:
                (_samples, _turn) = (deal.Samples, deal.Turn);
                Learn(deal.Samples, deal.Following);
                Proceed();
                break;
            case MergeEffect.Merged merged:
                Merge(merged.Result);
                break;
            case MergeEffect.CopyTrainerState { Rest: var rest }:
                var before = Next;
                before.ShouldBeNull("a trainer is asked for its state only while it waits");
                var copy = CopyState();
                Answer(new MergeInput.TrainerStateCopied(rest ? SHA256.HashData(copy) : copy, rest));
                break;
            case MergeEffect.Follow follow:
                Follow(follow);
                break;
            case MergeEffect.Finalized finalized:
                _parameters = finalized.LoadMerged ? _buffers.Merged.ToArray() : _parameters;
                _statics = finalized.LoadStatics ? _buffers.Statics.ToArray() : _statics;
                ModelHash = Convert.ToHexStringLower(SHA256.HashData([.. MemoryMarshal.AsBytes(_parameters.AsSpan()), .. _statics]));
                Next = () => new MergeInput.TrainerFinished(ModelHash);
                break;
            case MergeEffect.Done:
                Done = true;
                break;
        }
    }

    /// <summary>Changes what it gave while it is merged, as no trainer may.</summary>
    public void Belie() => Last += 1000;

    /// <summary>The same of the first number, which is sent first.</summary>
    public void BelieFirst() => _buffers.Local.Span[0] += 1000;

    private ref float Last => ref (Mode == SyncMode.Streaming ? _buffers.Local.Span[_scenario.FragmentOf(_contributed)] : _buffers.Local.Span)[^1];

    private long _contributed;

    /// <summary>Whoever comes after it writes to its memory.</summary>
    public void Scribble() => _buffers.Local.Span.Fill(12345);

    /// <summary>Takes the action.</summary>
    public MergeInput Act()
    {
        var action = Next!;
        Next = null;
        return action();
    }

    private void Begin(MergeEffect.Begin begin)
    {
        (_turn, _ahead) = (begin.Turn, default);
        if (begin.LoadMerged)
        {
            _parameters = _buffers.Merged.ToArray();
            _statics = _buffers.Statics.ToArray();
        }

        if (begin.TrainerState is { } state)
        {
            TakeState(state);
        }

        if (begin.Steps is { } steps && !TryTake(steps))
        {
            Next = () => new MergeInput.TrainerUnfit();
        }
        else if (_scenario.Tracked && !begin.Turn.Finished)
        {
            Next = () => new MergeInput.TrainerData(new DataDeclaration(1000, _scenario.BatchOf(_island), "corpus"));
        }
        else
        {
            Proceed();
        }
    }

    private void Merge(MergeOutcome outcome)
    {
        if (Mode == SyncMode.Streaming && outcome.Next.Mode is null or SyncMode.Streaming)
        {
            MergeFragment(outcome);
            return;
        }

        // As streaming ends, all parameters are the run's, and not the last fragment alone.
        OnMerged?.Invoke(outcome.Round, Mode == SyncMode.Streaming ? _buffers.Merged.Span[_scenario.FragmentOf(outcome.Round)].ToArray() : _buffers.Merged.ToArray());
        Learn(outcome.Deal, outcome.FollowingDeal);
        var mode = Mode;
        _ahead = default;
        if (mode != SyncMode.EveryStep)
        {
            _parameters = _buffers.Merged.ToArray();
        }
        else if (!outcome.Skip && _turn!.Steps > 0)
        {
            // As in a loop: only who has samples knows what becomes of gradients before the step.
            LocalTraining.Step(_parameters, _momentum, _buffers.Merged.Span);
        }

        _kept = KeptOf(outcome);
        if (outcome.TrainerState is { } state)
        {
            MemoryMarshal.Cast<byte, float>(state.Span).CopyTo(_momentum);
        }

        _samples = outcome.Deal ?? _samples;
        _turn = outcome.Next;
        Proceed();
        if (mode == SyncMode.EveryStep && Mode != SyncMode.EveryStep && !_turn.Finished)
        {
            Next = Anchor;
        }
    }

    private SyncMode Mode => _turn?.Mode ?? _scenario.Mode;

    private MergeInput.TrainerAnchored Anchor()
    {
        _parameters.CopyTo(_buffers.Local);
        Proceed();
        return new MergeInput.TrainerAnchored();
    }

    private void Proceed() => Next = _turn!.Finished ? Finalize : Contribute;

    private MergeInput.TrainerFinalizing Finalize()
    {
        _parameters.CopyTo(_buffers.Local);
        _statics.CopyTo(_buffers.Statics);
        return new MergeInput.TrainerFinalizing();
    }

    private void MergeFragment(MergeOutcome outcome)
    {
        var fragment = _scenario.FragmentOf(outcome.Round);
        var merged = _buffers.Merged.Span[fragment];
        OnMerged?.Invoke(outcome.Round, merged.ToArray());
        Learn(outcome.Deal, outcome.FollowingDeal);
        if (outcome.Reset)
        {
            (_parameters, _ahead) = (_buffers.Merged.ToArray(), default);
        }
        else
        {
            var expected = _turn!.Following!;
            outcome.Next.ShouldSatisfyAllConditions(
                next => next.Round.ShouldBe(expected.Round), next => (next.Finished ? expected.Steps : next.Steps).ShouldBe(expected.Steps),
                next => next.FirstTurn.ShouldBe(expected.FirstTurn), next => next.Segment.ShouldBe(expected.Segment));
            LocalTraining.Mix(_parameters.AsSpan(fragment), merged, (float)_scenario.Sync.Mixing);
        }

        _turn = outcome.Next;
        Proceed();
    }

    private void Learn(DealtSamples? now, DealtSamples? following)
    {
        foreach (var deal in new[] { now, following }.OfType<DealtSamples>())
        {
            _deals[deal.Segment] = deal;
        }
    }

    /// <summary>Takes what is left of the round's steps, gives the fragment, and goes on while it is merged.</summary>
    private MergeInput.TrainerContributed ContributeFragment(RoundTurn turn)
    {
        var (taken, tokens, lossSum) = Train(turn, _ahead, turn.Steps);
        _contributed = turn.Round;
        var fragment = _scenario.FragmentOf(turn.Round);
        _parameters.AsSpan(fragment).CopyTo(_buffers.Local.Span[fragment]);
        OnTrained?.Invoke(turn.Round, [.. Enumerable.Range(0, turn.Steps).SelectMany(step => Positions(turn, turn.FirstTurn + step))]);
        var poisoned = _scenario.Poisoned(_island, turn.Round);
        if (poisoned && tokens % 2 == 0)
        {
            Last = float.NaN;
        }

        if (turn.Mode is not null)
        {
            _momentum.AsSpan().Fill(Scenario.InnerMomentum(_island, turn.Round));
        }

        var following = turn.Following!;
        _ahead = Train(following, default, Math.Min(_scenario.Overlap(_island, turn.Round), following.Steps));
        return new MergeInput.TrainerContributed(new Contribution { Round = turn.Round, Steps = taken, Tokens = tokens, LossSum = poisoned ? double.NaN : lossSum });
    }

    private (int Steps, long Tokens, double LossSum) Train(RoundTurn turn, (int Steps, long Tokens, double LossSum) before, int until)
    {
        var (steps, tokens, lossSum) = before;
        for (; steps < until; steps++)
        {
            var positions = Positions(turn, turn.FirstTurn + steps);
            positions.ShouldNotBeEmpty($"seed {_scenario.Seed}: round {turn.Round} asks island {_island} for a step without samples");
            var (trained, some, loss) = LocalTraining.Round(SyncMode.Diloco, _parameters, [positions]);
            (_parameters, tokens, lossSum) = (trained, tokens + some, lossSum + loss);
        }

        return (steps, tokens, lossSum);
    }

    private List<long> Positions(RoundTurn turn, long number)
    {
        _samples = _scenario.Tracked ? _deals[turn.Segment] : null;
        return Positions(number);
    }

    private MergeInput.TrainerContributed Contribute()
    {
        var turn = _turn!;
        if (Mode == SyncMode.Streaming)
        {
            return ContributeFragment(turn);
        }

        var steps = Enumerable.Range(0, turn.Steps).Select(step => Positions(turn.FirstTurn + step)).ToList();
        steps.ShouldAllBe(step => step.Count > 0, $"seed {_scenario.Seed}: round {turn.Round} asks island {_island} for a step without samples");
        var (given, tokens, lossSum) = LocalTraining.Round(Mode, _parameters, steps);
        if (turn.Mode == SyncMode.Diloco)
        {
            _momentum.AsSpan().Fill(Scenario.InnerMomentum(_island, turn.Round));
        }

        given.CopyTo(_buffers.Local);
        if (turn.Steps > 0)
        {
            _scenario.Exaggerate(_island, turn.Round, _buffers.Local.Span);
        }

        OnTrained?.Invoke(turn.Round, [.. steps.SelectMany(step => step)]);
        var poisoned = _scenario.Poisoned(_island, turn.Round);
        if (poisoned && tokens % 2 == 0)
        {
            _buffers.Local.Span[^1] = float.NaN;
        }

        if (turn.Steps > 0 && _scenario.Damages(_island, turn.Round))
        {
            _parameters[0] += 1;
        }

        var contribution = new Contribution
        {
            Round = turn.Round, Steps = turn.Steps, Tokens = tokens, LossSum = poisoned ? double.NaN : lossSum,
            ParametersHash = _scenario.DamageOneIn > 0 ? ContentHash.Of(MemoryMarshal.AsBytes(_parameters.AsSpan()).ToArray()) | 1 : 0,
            Overflow = turn.Steps > 0 && Mode == SyncMode.EveryStep && _scenario.Overflows(_island, turn.Round),
        };
        return new MergeInput.TrainerContributed(contribution, TakeKept());
    }

    /// <summary>The rule of <see cref="DealtSamples"/>, place by place.</summary>
    private List<long> Positions(long turn)
    {
        if (_samples is not { } samples)
        {
            return [(turn * _scenario.Islands) + _island];
        }

        List<long> line = [.. samples.Ranges.SelectMany(range => Enumerable.Range(0, (int)(range.End - range.Start)).Select(place => range.Start + place))];
        var first = (turn * samples.Stride) + samples.Offset;
        return [.. line.Skip((int)first).Take(samples.Batch)];
    }
}
