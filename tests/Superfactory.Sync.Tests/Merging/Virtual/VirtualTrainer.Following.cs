using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>What it gives of its steps, and how it follows with another's.</summary>
internal sealed partial class VirtualTrainer
{
    private readonly Queue<MergeEffect> _meanwhile = [];
    private bool _answers;
    private byte[]? _kept;

    /// <summary>Whether it cannot take steps that others took.</summary>
    public bool Refuses { get; set; }

    /// <summary>Steps of others that it took.</summary>
    public int StepsFollowed { get; private set; }

    /// <summary>Whole states of others that it took.</summary>
    public int StatesTaken { get; private set; }

    /// <summary>As the bridge has it: what comes while a state is written or taken waits.</summary>
    private bool TryDefer(MergeEffect effect)
    {
        if (_answers)
        {
            _meanwhile.Enqueue(effect);
        }

        return _answers;
    }

    private void Answer(MergeInput answer)
    {
        _answers = true;
        Next = () =>
        {
            _answers = false;
            for (var left = _meanwhile.Count; left > 0; left--)
            {
                Take(_meanwhile.Dequeue());
            }

            return answer;
        };
    }

    private byte[] CopyState()
    {
        var held = Mode == SyncMode.EveryStep ? MemoryMarshal.AsBytes(_parameters.AsSpan()) : [];
        return [.. held, .. MemoryMarshal.AsBytes(_momentum.AsSpan())];
    }

    private void TakeState(ReadOnlyMemory<byte> state)
    {
        StatesTaken++;
        var numbers = MemoryMarshal.Cast<byte, float>(state.Span);
        _parameters = numbers.Length > _momentum.Length ? numbers[.._parameters.Length].ToArray() : _parameters;
        numbers[^_momentum.Length..].CopyTo(_momentum);
    }

    private void Follow(MergeEffect.Follow follow)
    {
        if (follow.TrainerState is { } state)
        {
            TakeState(state);
        }

        TakeSteps(follow.Steps);
        Answer(Refuses ? new MergeInput.TrainerUnfit() : new MergeInput.TrainerFollowed());
    }

    /// <summary>Takes the last steps before it begins; whether it came to the state of the trainer that took them first.</summary>
    private bool TryTake(StepsTaken steps)
    {
        _statics = _buffers.Statics.ToArray();
        TakeSteps(steps.Steps);
        return !Refuses && steps.Rest.Span.SequenceEqual(SHA256.HashData(CopyState()));
    }

    private void TakeSteps(ImmutableArray<ReadOnlyMemory<byte>> steps)
    {
        foreach (var step in steps)
        {
            StepsFollowed++;
            if (step.Length > 1)
            {
                LocalTraining.Step(_parameters, _momentum, MemoryMarshal.Cast<byte, float>(step.Span));
            }
        }
    }

    /// <summary>The step that it took with a result, where it is to be kept; one byte where all skipped it.</summary>
    private byte[]? KeptOf(MergeOutcome outcome) =>
        !outcome.Keep ? null : outcome.Skip ? [0] : _turn!.Steps > 0 ? MemoryMarshal.AsBytes(_buffers.Merged.Span).ToArray() : null;

    private ReadOnlyMemory<byte>? TakeKept()
    {
        (var kept, _kept) = (_kept, null);
        return kept is null ? null : (ReadOnlyMemory<byte>?)kept;
    }
}
