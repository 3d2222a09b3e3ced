using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Training;

/// <summary>A trainer as the merge sees it: what it does next is an input for the machine, given when its time has come.</summary>
internal sealed partial class VirtualTrainer
{
    private readonly Scenario _scenario;
    private readonly int _island;
    private readonly MergeBuffers _buffers;
    private readonly float[] _momentum;
    private readonly Dictionary<int, DealtSamples> _deals = [];
    private float[] _parameters;
    private byte[] _statics;
    private readonly Queue<(MergeEffect Effect, int Meanwhile)> _meanwhile = [];
    private DealtSamples? _samples;
    private RoundTurn? _turn;
    private float[]? _before;
    private byte[]? _kept;
    private bool _answers;

    /// <summary>A trainer's process that has just started.</summary>
    /// <param name="scenario">The run.</param>
    /// <param name="island">Its island's place.</param>
    /// <param name="buffers">The memory that it shares with its bridge: whatever an earlier one left in it is written over.</param>
    public VirtualTrainer(Scenario scenario, int island, MergeBuffers buffers)
    {
        (_scenario, _island, _buffers) = (scenario, island, buffers);
        _parameters = scenario.Initial(island);
        _momentum = new float[_parameters.Length];
        _statics = scenario.Statics(island);
        _parameters.CopyTo(buffers.Local);
        _statics.CopyTo(buffers.Statics);
        Next = () => new MergeInput.TrainerRegistered(scenario.Table, _buffers);
    }

    /// <summary>What it does next; null where it waits for an answer.</summary>
    public Func<MergeInput>? Next { get; private set; }

    /// <summary>Rises whenever what it does next changes.</summary>
    public int Version { get; private set; }

    /// <summary>Steps that it takes before it does what it does next.</summary>
    public int StepsToTake { get; private set; }

    /// <summary>The turn at whose end it contributes next; null where it does something else next.</summary>
    public RoundTurn? Contributes { get; private set; }

    /// <summary>How what it contributes next is not what it trained; null where nothing is wrong.</summary>
    public Spoiling? Spoils { get; set; }

    /// <summary>The final model's hash; null before it has it.</summary>
    public string? ModelHash { get; private set; }

    /// <summary>Whether it was told that the run is over.</summary>
    public bool Done { get; private set; }

    /// <summary>Its parameters.</summary>
    public ReadOnlySpan<float> Parameters => _parameters;

    /// <summary>Told what it contributes.</summary>
    public Action<GivenRound>? OnContributed { get; init; }

    /// <summary>Whether it takes no notice of a new segment of samples, as no trainer may.</summary>
    public bool KeepsItsSamples { get; init; }

    /// <summary>Whether it goes on with its own optimizer where all are to take another one's state, as no trainer may.</summary>
    public bool KeepsItsOptimizer { get; init; }

    /// <summary>Whether it gives the parameters from before its last step as the mode changes from every-step, as no trainer may.</summary>
    public bool AnchorsBeforeItsStep { get; init; }

    /// <summary>The memory that it shares with its bridge.</summary>
    public MergeBuffers Buffers => _buffers;

    private SyncMode Mode => _turn?.Mode ?? _scenario.Mode;

    /// <summary>Takes what its bridge says.</summary>
    /// <param name="effect">What that is.</param>
    /// <param name="meanwhile">Steps that it had time for since it contributed.</param>
    public void Take(MergeEffect effect, int meanwhile)
    {
        if (_answers)
        {
            // As the bridge has it: what comes while a state is written or taken waits.
            _meanwhile.Enqueue((effect, meanwhile));
            return;
        }

        switch (effect)
        {
            case MergeEffect.Begin begin:
                Begin(begin);
                break;
            case MergeEffect.Deal deal:
                _turn = deal.Turn;
                Learn(deal.Samples, deal.Following);
                Proceed();
                break;
            case MergeEffect.Merged merged when Mode == SyncMode.Streaming && merged.Result.Next.Mode is null or SyncMode.Streaming:
                MergeFragment(merged.Result, meanwhile);
                break;
            case MergeEffect.Merged merged:
                Merge(merged.Result);
                break;
            case MergeEffect.CopyTrainerState { Rest: var rest }:
                var copy = rest ? SHA256.HashData(CopyState()) : CopyState();
                Answer(new MergeInput.TrainerStateCopied(copy, rest));
                break;
            case MergeEffect.Follow follow:
                Follow(follow);
                break;
            case MergeEffect.Finalized finalized:
                _parameters = finalized.LoadMerged ? _buffers.Merged.ToArray() : _parameters;
                _statics = finalized.LoadStatics ? _buffers.Statics.ToArray() : _statics;
                var hash = ModelHash = Convert.ToHexStringLower(SHA256.HashData([.. MemoryMarshal.AsBytes(_parameters.AsSpan()), .. _statics]));
                Do(() => new MergeInput.TrainerFinished(hash));
                break;
            case MergeEffect.Done:
                Done = true;
                break;
        }
    }

    /// <summary>Its state at the boundary that it waits at: the optimizer, and in every-step the parameters before it, which are the trainers' there.</summary>
    public byte[] CopyState() =>
        [.. Mode == SyncMode.EveryStep ? MemoryMarshal.AsBytes(_parameters.AsSpan()) : [], .. MemoryMarshal.AsBytes(_momentum.AsSpan())];

    /// <summary>Does what it does next.</summary>
    public MergeInput Act()
    {
        var action = Next!;
        (Next, StepsToTake, Contributes) = (null, 0, null);
        return action();
    }

    private void Do(Func<MergeInput> next, int steps = 0)
    {
        (Next, StepsToTake, Contributes) = (next, steps, null);
        Version++;
    }

    private void Begin(MergeEffect.Begin begin)
    {
        _turn = begin.Turn;
        Forget();
        if (begin.LoadMerged)
        {
            _parameters = _buffers.Merged.ToArray();
            _statics = _buffers.Statics.ToArray();
        }

        if (begin.TrainerState is { } state)
        {
            TakeState(state);
        }

        if (begin.Steps is { } steps)
        {
            if (_scenario.Refuses(_island))
            {
                Do(() => new MergeInput.TrainerUnfit());
                return;
            }

            _statics = _buffers.Statics.ToArray();
            TakeSteps(steps.Steps);
            if (!steps.Rest.Span.SequenceEqual(SHA256.HashData(CopyState())))
            {
                throw new ViolationException($"the trainer of island {_island} comes to another state than the one whose steps it took, in round {begin.Turn.Round}");
            }
        }

        if (begin.Turn.Finished)
        {
            Proceed();
        }
        else
        {
            Do(() => new MergeInput.TrainerData(new DataDeclaration(10_000, _scenario.Batches[_island], "corpus")));
        }
    }

    /// <summary>Says something when it has had the time for it; what comes meanwhile it takes then.</summary>
    private void Answer(MergeInput answer)
    {
        _answers = true;
        Do(() =>
        {
            _answers = false;
            for (var left = _meanwhile.Count; left > 0; left--)
            {
                var (effect, meanwhile) = _meanwhile.Dequeue();
                Take(effect, meanwhile);
            }

            return answer;
        });
    }

    private void Follow(MergeEffect.Follow follow)
    {
        if (follow.TrainerState is { } state)
        {
            TakeState(state);
        }

        Answer(_scenario.Refuses(_island) ? new MergeInput.TrainerUnfit() : TakeSteps(follow.Steps));
    }

    private MergeInput.TrainerFollowed TakeSteps(ImmutableArray<ReadOnlyMemory<byte>> steps)
    {
        foreach (var step in steps)
        {
            if (step.Length > 1)
            {
                LocalTraining.Step(_parameters, _momentum, MemoryMarshal.Cast<byte, float>(step.Span));
            }
        }

        return new MergeInput.TrainerFollowed();
    }

    private void TakeState(ReadOnlyMemory<byte> state)
    {
        var numbers = MemoryMarshal.Cast<byte, float>(state.Span);
        _parameters = numbers.Length > _momentum.Length ? numbers[.._parameters.Length].ToArray() : _parameters;
        numbers[^_momentum.Length..].CopyTo(_momentum);
    }

    private void Merge(MergeOutcome outcome)
    {
        // As streaming ends, all parameters are the run's, and not those of the last part alone.
        var mode = Mode;
        Forget();
        if (mode != SyncMode.EveryStep)
        {
            _parameters = _buffers.Merged.ToArray();
        }
        else if (!outcome.Skip && _turn!.Steps > 0)
        {
            // As in a loop: only who has samples knows what becomes of gradients before the step.
            _before = AnchorsBeforeItsStep ? (float[])_parameters.Clone() : null;
            LocalTraining.Step(_parameters, _momentum, _buffers.Merged.Span);
        }

        // One byte stands for a step that all skipped.
        _kept = !outcome.Keep ? null : outcome.Skip ? [0] : _turn!.Steps > 0 ? [.. MemoryMarshal.AsBytes(_buffers.Merged.Span)] : null;

        if (outcome.TrainerState is { } state && !KeepsItsOptimizer)
        {
            MemoryMarshal.Cast<byte, float>(state.Span).CopyTo(_momentum);
        }

        Learn(KeepsItsSamples && _samples is not null ? null : outcome.Deal, outcome.FollowingDeal);
        _turn = outcome.Next;
        if (mode == SyncMode.EveryStep && Mode != SyncMode.EveryStep && !_turn.Finished)
        {
            Do(Anchor);
        }
        else
        {
            Proceed();
        }
    }

    /// <summary>The mode changed from every-step: the bridge takes the parameters over.</summary>
    private MergeInput.TrainerAnchored Anchor()
    {
        (_before ?? _parameters).CopyTo(_buffers.Local);
        Proceed();
        return new MergeInput.TrainerAnchored();
    }

    private void Learn(DealtSamples? now, DealtSamples? following)
    {
        _samples = now ?? _samples;
        if (now is not null)
        {
            _deals[now.Segment] = now;
        }

        if (following is not null)
        {
            _deals[following.Segment] = following;
        }
    }

    private void Proceed()
    {
        if (_turn!.Finished)
        {
            Do(Finalize);
            return;
        }

        Do(Mode == SyncMode.Streaming ? ContributeFragment : Contribute, Math.Max(0, _turn.Steps - _inTime));
        Contributes = _turn;
    }

    private MergeInput.TrainerFinalizing Finalize()
    {
        _parameters.CopyTo(_buffers.Local);
        _statics.CopyTo(_buffers.Statics);
        return new MergeInput.TrainerFinalizing();
    }

    private MergeInput.TrainerContributed Contribute()
    {
        var (turn, mode, taken) = (_turn!, Mode, new Taken());
        var (start, momentum, given) = ((float[])_parameters.Clone(), (float[])_momentum.Clone(), (float[])_parameters.Clone());
        Span<float> gradient = stackalloc float[given.Length];
        gradient.Clear();
        for (var step = 0; step < turn.Steps; step++)
        {
            var positions = Positions(_samples, turn.FirstTurn + step);
            LocalTraining.Gradient(given, positions, gradient);
            taken.Add(positions, Math.Abs(gradient[0]));
            if (mode != SyncMode.EveryStep)
            {
                LocalTraining.Step(given, gradient);
            }
        }

        if (mode == SyncMode.EveryStep)
        {
            gradient.CopyTo(given);
        }
        else
        {
            _momentum.AsSpan().Fill(LocalTraining.InnerMomentum(_island, turn.Round));
        }

        var contribution = new Contribution { Round = turn.Round, Steps = turn.Steps, Tokens = taken.Tokens, LossSum = taken.LossSum };
        return Give(contribution, new GivenRound(turn.Round, mode, start, momentum, given, taken.Positions, taken.Tokens, Spoils is not null), 0..given.Length);
    }

    private MergeInput.TrainerContributed Give(Contribution contribution, GivenRound given, Range part)
    {
        if (Spoils is { } spoils)
        {
            Spoils = null;
            contribution = spoils.Apply(contribution, given.Given.AsSpan(part));
        }

        given.Given.AsSpan(part).CopyTo(_buffers.Local.Span[part]);
        OnContributed?.Invoke(given);
        (var kept, _kept) = (_kept, null);
        return new MergeInput.TrainerContributed(contribution, kept is null ? null : (ReadOnlyMemory<byte>?)kept);
    }

    /// <summary>The rule of <see cref="DealtSamples"/>, place by place.</summary>
    private long[] Positions(DealtSamples? samples, long turn)
    {
        if (samples is null)
        {
            throw new InvalidOperationException($"The trainer of island {_island} is to take a step before its samples were dealt.");
        }

        var (skip, found) = ((turn * samples.Stride) + samples.Offset, new List<long>(samples.Batch));
        foreach (var range in samples.Ranges)
        {
            var length = range.End - range.Start;
            for (var position = range.Start + Math.Min(skip, length); position < range.End && found.Count < samples.Batch; position++)
            {
                found.Add(position);
            }

            skip = Math.Max(0, skip - length);
        }

        return [.. found];
    }
}
