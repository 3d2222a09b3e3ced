using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging;

/// <summary>
/// The island's copy of the global model. In diloco and streaming: parameters and outer momentum. In every-step the trainers hold the parameters;
/// here lie those that the mode began with, and the last mean for an island that missed it.
/// </summary>
internal sealed class ModelReplica
{
    private readonly ImmutableArray<FragmentPlan> _parts;
    private readonly ulong[] _hashes;
    private (float[] Parameters, float[] Momentum) _hashed = ([], []);

    public ModelReplica(int parameters, int staticsBytes, SyncMode mode, ImmutableArray<FragmentPlan> parts)
    {
        (_parts, _hashes) = (parts, new ulong[parts.Length]);
        Parameters = new float[parameters];
        Momentum = mode != SyncMode.EveryStep ? new float[parameters] : [];
        Statics = new byte[staticsBytes];
    }

    public float[] Parameters { get; set; }

    /// <summary>Empty in a run that is every-step always.</summary>
    public float[] Momentum { get; set; }

    /// <summary>
    /// The result of the round that is being merged, chunk by chunk; then, in every-step, of the last one, until nobody can need it any more.
    /// It lies where the trainer will read it; empty before the first round.
    /// </summary>
    public Memory<float> Mean { get; set; }

    public byte[] Statics { get; set; }

    /// <summary>Hash of all that islands must hold alike, as of the last commit.</summary>
    public ulong StateHash { get; private set; }

    /// <summary>The trainer's memory is needed for something else: the mean is taken away from there.</summary>
    public void TakeMeanFrom(Memory<float> trainers)
    {
        if (Mean.Equals(trainers))
        {
            Mean = Mean.ToArray();
        }
    }

    /// <summary>Takes a part's mean; in every-step the trainers do it themselves.</summary>
    public void Step(OuterOptimizerSpecification outer, FragmentPlan part)
    {
        VectorMath.NesterovStep(
            Parameters.AsSpan(part.Start, part.Count), Momentum.AsSpan(part.Start, part.Count), Mean.Span.Slice(part.Start, part.Count),
            (float)outer.LearningRate, (float)outer.Momentum);
    }

    /// <summary>Hashes what islands must hold alike. In every-step the parameters lie at the trainers; the history's chain over all results stands for them.</summary>
    /// <param name="history">The history's bytes.</param>
    /// <param name="part">The part that has changed, or that is about to be contributed to; the others' hashes are those of when they were. One that is none stands for all.</param>
    /// <param name="withParameters">Whether the parameters are here.</param>
    public void Seal(ReadOnlySpan<byte> history, int part, bool withParameters)
    {
        StateHash = ContentHash.Of(history);
        if (!withParameters)
        {
            return;
        }

        var replaced = _hashed != (Parameters, Momentum) || part >= _parts.Length;
        _hashed = (Parameters, Momentum);
        for (var index = 0; index < _hashes.Length; index++)
        {
            if (replaced || index == part)
            {
                var (start, count) = (_parts[index].Start, _parts[index].Count);
                _hashes[index] = ContentHash.Of(Hash(Parameters.AsSpan(start, count)), Hash(Momentum.AsSpan(start, count)));
            }

            StateHash = ContentHash.Of(StateHash, _hashes[index]);
        }
    }

    /// <summary>Every part's numbers may have changed in place: the next <see cref="Seal"/> hashes them all.</summary>
    public void Unseal() => _hashed = ([], []);

    /// <summary>Hash of the parameters and statics, for the history of a run that begins from them.</summary>
    public ulong HashOfModel() => ContentHash.Of(Hash(Parameters), ContentHash.Of(Statics));

    private static ulong Hash(ReadOnlySpan<float> numbers)
    {
        // Cut so that the length in bytes fits an int.
        const int ElementsAtOnce = 1 << 28;
        var hash = 0UL;
        for (; numbers.Length > ElementsAtOnce; numbers = numbers[ElementsAtOnce..])
        {
            hash = ContentHash.Of(hash, ChunkHash.Of(MemoryMarshal.AsBytes(numbers[..ElementsAtOnce])));
        }

        return ContentHash.Of(hash, ChunkHash.Of(MemoryMarshal.AsBytes(numbers)));
    }
}
