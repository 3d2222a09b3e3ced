using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// What the number format rounded away of this island's contributions: added to the next one before it is encoded. It advances when a
/// result with the contribution in it is applied, and not before: what was refused or abandoned leaves it as it was.
/// </summary>
internal sealed class ContributionFeedback(FragmentPlan plan)
{
    private readonly ChunkSet _advanced = new(plan.Chunks);
    private float[] _residual = new float[plan.Count];
    private float[] _next = new float[plan.Count];

    /// <summary>The residual, over the parameters of its plan in their order.</summary>
    public ReadOnlySpan<float> Residual => _residual;

    /// <summary>The header numbers of what <see cref="Encode"/> would write.</summary>
    public HeaderNumbers Measure(INumberFormat format, FragmentSpan span, ReadOnlySpan<float> numbers) =>
        format.MeasureSum(numbers, _residual.AsSpan(span.Offset - plan.Start, span.Length));

    /// <summary>Encodes a chunk with its residual, and computes the next one beside it.</summary>
    public void Encode(INumberFormat format, int chunk, FragmentSpan span, ReadOnlySpan<float> numbers, Span<byte> encoded)
    {
        var residual = _residual.AsSpan(span.Offset - plan.Start, span.Length);
        var next = _next.AsSpan(span.Offset - plan.Start, span.Length);
        format.EncodeSum(numbers, residual, encoded);
        residual.CopyTo(next);
        format.AdvanceResidual(numbers, encoded, next);
        _advanced.Add(chunk);
    }

    /// <summary>
    /// Begins with zero: what this island held is replaced by the run's, and whether the last contribution entered that, with its residual, is not known here.
    /// </summary>
    public void Clear()
    {
        Array.Clear(_residual);
        _advanced.Clear();
    }

    /// <summary>The round is applied, with this island's contribution in it or not.</summary>
    public void Complete(bool contributed)
    {
        if (contributed && _advanced.Count == plan.Chunks)
        {
            (_residual, _next) = (_next, _residual);
        }

        _advanced.Clear();
    }
}
