using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging;

/// <summary>
/// The island's copy of the global model. In diloco: parameters and outer momentum. In every-step the trainers hold the parameters;
/// here lie the initial ones, and the last mean for an island that missed it.
/// </summary>
internal sealed class ModelReplica
{
    private readonly bool _outer;

    public ModelReplica(TensorTable table, SyncMode mode, FragmentPlan plan)
    {
        _outer = mode == SyncMode.Diloco;
        Parameters = new float[plan.Count];
        Momentum = _outer ? new float[plan.Count] : [];
        Statics = new byte[table.StaticsBytes];
    }

    public float[] Parameters { get; set; }

    /// <summary>Empty in every-step.</summary>
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

    /// <summary>Takes the whole mean; in every-step the trainers do it themselves.</summary>
    public void Step(OuterOptimizerSpecification outer)
    {
        if (_outer)
        {
            VectorMath.NesterovStep(Parameters, Momentum, Mean.Span, (float)outer.LearningRate, (float)outer.Momentum);
        }
    }

    /// <summary>Hashes what islands must hold alike. In every-step the parameters lie at the trainers; the history's chain over all results stands for them.</summary>
    /// <param name="history">The history's bytes.</param>
    public void Seal(ReadOnlySpan<byte> history) => StateHash = _outer
        ? ContentHash.Of(ContentHash.Of(history), Hash(Parameters), Hash(Momentum))
        : ContentHash.Of(history);

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
