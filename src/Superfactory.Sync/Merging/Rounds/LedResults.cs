using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// The encoded results of the chunks that this island leads, with three or more islands. A chunk's bytes stay until every island has
/// contributed to the next round. With error feedback the residual of a result belongs to the fragment's own leader: who leads it for
/// one attempt only has none.
/// </summary>
internal sealed class LedResults(MergeState state, FragmentPlan plan, bool feedback)
{
    private readonly INumberFormat _format = state.ResultFormat;
    private readonly byte[]?[] _encoded = new byte[plan.Chunks][];
    private readonly float[]?[] _residuals = new float[plan.Chunks][];
    private readonly float[]?[] _next = new float[plan.Chunks][];
    private readonly ChunkSet _advanced = new(plan.Chunks);

    /// <summary>A chunk's bytes, as they are sent.</summary>
    public ReadOnlyMemory<byte> Chunk(int chunk) => _encoded[chunk];

    /// <summary>Encodes a chunk's mean once; afterwards the mean holds what those bytes say, as it does everywhere.</summary>
    /// <returns>The hash of the bytes.</returns>
    public ulong Encode(int chunk, Span<float> mean)
    {
        // What an earlier attempt or round made of the chunk may still wait in the host: it keeps its bytes.
        var bytes = _encoded[chunk];
        if (bytes is null || state.IsRead(bytes))
        {
            bytes = _encoded[chunk] = GC.AllocateUninitializedArray<byte>(_format.EncodedBytes(mean.Length));
        }

        if (feedback && _format.Format != NumberFormat.Fp32 && plan.FragmentOf(chunk).Leader == state.Self)
        {
            var residual = _residuals[chunk] ??= new float[mean.Length];
            var next = _next[chunk] ??= new float[mean.Length];
            _format.EncodeSum(mean, residual, bytes);
            residual.CopyTo(next, 0);
            _format.AdvanceResidual(mean, bytes, next);
            _advanced.Add(chunk);
        }
        else
        {
            _format.Encode(mean, bytes);
        }

        if (_format.Format != NumberFormat.Fp32)
        {
            _format.Decode(bytes, mean);
        }

        return ChunkHash.Of(bytes);
    }

    /// <summary>Another attempt at the round: the residuals are as they were before it.</summary>
    public void Abandon() => _advanced.Clear();

    /// <summary>The round is applied with what was encoded last.</summary>
    public void Complete()
    {
        for (var chunk = 0; chunk < plan.Chunks && _advanced.Count > 0; chunk++)
        {
            if (_advanced.Contains(chunk))
            {
                (_residuals[chunk], _next[chunk]) = (_next[chunk], _residuals[chunk]);
            }
        }

        _advanced.Clear();
    }
}
