using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// The encoded results of the chunks that this island leads, with three or more islands. A chunk's bytes stay until every island has
/// contributed to the next round. With error feedback the residual of a result belongs to the fragment's leader in the epoch, and moves
/// with it: who leads a fragment for one attempt only has none.
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

        if (feedback && _format.Format != NumberFormat.Fp32 && IsLed(chunk, state.Self))
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

    /// <summary>The residuals of all chunks that an island leads in this epoch, one after another, as far as this island has them.</summary>
    /// <param name="island">Who leads them.</param>
    /// <param name="numbers">Takes them.</param>
    /// <returns>Whether any is here.</returns>
    public bool Give(int island, List<float> numbers)
    {
        var any = false;
        for (var chunk = 0; chunk < plan.Chunks; chunk++)
        {
            if (IsLed(chunk, island))
            {
                any |= _residuals[chunk] is not null;
                numbers.AddRange(_residuals[chunk] ?? new float[plan.SpanOf(chunk).Length]);
            }
        }

        return any;
    }

    /// <summary>Takes over the residuals of the chunks that this island leads.</summary>
    /// <param name="numbers">At least those, as <see cref="Give"/> has them.</param>
    /// <returns>How many were taken.</returns>
    public int Take(ReadOnlySpan<float> numbers)
    {
        var taken = 0;
        for (var chunk = 0; chunk < plan.Chunks; chunk++)
        {
            if (IsLed(chunk, state.Self))
            {
                var length = plan.SpanOf(chunk).Length;
                _residuals[chunk] = numbers.Slice(taken, length).ToArray();
                taken += length;
            }
        }

        return taken;
    }

    /// <summary>Drops residuals: all, or those of chunks that another island led in the last result's epoch.</summary>
    public void Drop(bool all)
    {
        _advanced.Clear();
        for (var chunk = 0; chunk < plan.Chunks; chunk++)
        {
            if (all || plan.FragmentOf(chunk).LeaderAmong(state.History.Takers, state.Count) != state.Self)
            {
                (_residuals[chunk], _next[chunk]) = (null, null);
            }
        }
    }

    private bool IsLed(int chunk, int island) => state.LeaderOf(plan.FragmentOf(chunk)) == island;

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
