using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Training;

/// <summary>A trainer as the merge sees it: what it does next is an input for the machine, given when its time has come.</summary>
internal sealed class VirtualTrainer
{
    private readonly Scenario _scenario;
    private readonly int _island;
    private readonly MergeBuffers _buffers;
    private readonly float[] _momentum;
    private float[] _parameters;
    private byte[] _statics;
    private DealtSamples? _samples;
    private RoundTurn? _turn;

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

    /// <summary>Whether the next contribution is not finite.</summary>
    public bool Poison { get; set; }

    /// <summary>The final model's hash; null before it has it.</summary>
    public string? ModelHash { get; private set; }

    /// <summary>Whether it was told that the run is over.</summary>
    public bool Done { get; private set; }

    /// <summary>Its parameters.</summary>
    public ReadOnlySpan<float> Parameters => _parameters;

    /// <summary>Told what it contributes: the turn, the positions, what it gives, its tokens, and whether it is not finite.</summary>
    public Action<RoundTurn, List<long[]>, float[], long, bool>? OnContributed { get; init; }

    /// <summary>Whether it takes no notice of a new segment of samples, as no trainer may.</summary>
    public bool KeepsItsSamples { get; init; }

    /// <summary>The memory that it shares with its bridge.</summary>
    public MergeBuffers Buffers => _buffers;

    /// <summary>Takes what its bridge says.</summary>
    public void Take(MergeEffect effect)
    {
        switch (effect)
        {
            case MergeEffect.Begin begin:
                Begin(begin);
                break;
            case MergeEffect.Deal deal:
                (_samples, _turn) = (deal.Samples, deal.Turn);
                Proceed();
                break;
            case MergeEffect.Merged merged:
                Merge(merged.Result);
                break;
            case MergeEffect.CopyTrainerState:
                var copy = CopyState();
                Do(() => new MergeInput.TrainerStateCopied(copy));
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

    /// <summary>Parameters and optimizer, as they are at the boundary that it waits at.</summary>
    public byte[] CopyState() => [.. MemoryMarshal.AsBytes(_parameters.AsSpan()), .. MemoryMarshal.AsBytes(_momentum.AsSpan())];

    /// <summary>Does what it does next.</summary>
    public MergeInput Act()
    {
        var action = Next!;
        (Next, StepsToTake) = (null, 0);
        return action();
    }

    private void Do(Func<MergeInput> next, int steps = 0)
    {
        (Next, StepsToTake) = (next, steps);
        Version++;
    }

    private void Begin(MergeEffect.Begin begin)
    {
        _turn = begin.Turn;
        if (begin.LoadMerged)
        {
            _parameters = _buffers.Merged.ToArray();
            _statics = _buffers.Statics.ToArray();
        }

        if (begin.TrainerState is { } state)
        {
            var numbers = MemoryMarshal.Cast<byte, float>(state.Span);
            _parameters = numbers[.._parameters.Length].ToArray();
            numbers[_parameters.Length..].CopyTo(_momentum);
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

    private void Merge(MergeOutcome outcome)
    {
        if (_scenario.Mode == SyncMode.Diloco)
        {
            _parameters = _buffers.Merged.ToArray();
        }
        else if (!outcome.Skip)
        {
            LocalTraining.Step(_parameters, _momentum, _buffers.Merged.Span);
        }

        _samples = KeepsItsSamples ? _samples ?? outcome.Deal : outcome.Deal ?? _samples;
        _turn = outcome.Next;
        Proceed();
    }

    private void Proceed()
    {
        if (_turn!.Finished)
        {
            Do(Finalize);
        }
        else
        {
            Do(Contribute, _turn.Steps);
        }
    }

    private MergeInput.TrainerFinalizing Finalize()
    {
        _parameters.CopyTo(_buffers.Local);
        _statics.CopyTo(_buffers.Statics);
        return new MergeInput.TrainerFinalizing();
    }

    private MergeInput.TrainerContributed Contribute()
    {
        var turn = _turn!;
        var steps = new List<long[]>(turn.Steps);
        for (var step = 0; step < turn.Steps; step++)
        {
            steps.Add(Positions(turn.FirstTurn + step));
        }

        var given = new float[_parameters.Length];
        var (tokens, lossSum) = LocalTraining.Round(_scenario.Mode, _parameters, steps, given);
        var poisoned = Poison && turn.Steps > 0;
        if (poisoned)
        {
            Poison = false;
            given[^1] = tokens % 2 == 0 ? float.NaN : given[^1];
        }

        given.CopyTo(_buffers.Local);
        OnContributed?.Invoke(turn, steps, given, tokens, poisoned);
        return new MergeInput.TrainerContributed(new Contribution
        {
            Round = turn.Round, Steps = turn.Steps, Tokens = tokens, LossSum = poisoned ? double.NaN : lossSum,
        });
    }

    /// <summary>The rule of <see cref="DealtSamples"/>, place by place.</summary>
    private long[] Positions(long turn)
    {
        var samples = _samples ?? throw new InvalidOperationException($"The trainer of island {_island} is to take a step before its samples were dealt.");
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
