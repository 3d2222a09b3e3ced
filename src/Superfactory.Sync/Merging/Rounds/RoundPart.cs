using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What the rounds that merge by one plan use, one after another; memory is kept from round to round.</summary>
internal sealed class RoundPart(MergeState state, FragmentPlan plan, INumberFormat format)
{
    /// <summary>How far the current attempt is.</summary>
    public RoundWork Work { get; } = new(state.Count, plan);

    /// <summary>What arrived of the others' contributions.</summary>
    public Arrivals Arrivals { get; } = new(state.Count, plan, format.EncodedBytes(plan.ChunkLength));

    /// <summary>Results that this island leads; with two islands none.</summary>
    public LedResults Results { get; } = new(state, plan, state.Configuration.Sync.ErrorFeedback);

    /// <summary>The encoded bytes of this island's contribution.</summary>
    public EncodedChunks Encoded { get; } = new(plan.Chunks);
}

/// <summary>The encoded chunks of an island's contribution to a part, and which of them are those of its newest.</summary>
internal sealed class EncodedChunks(int chunks)
{
    /// <summary>The bytes of each chunk; null where it was never encoded.</summary>
    public byte[]?[] Bytes { get; } = new byte[chunks][];

    /// <summary>Chunks that are encoded for the newest contribution.</summary>
    public ChunkSet Done { get; } = new(chunks);
}
