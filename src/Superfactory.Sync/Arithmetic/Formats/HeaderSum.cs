using System.Diagnostics.CodeAnalysis;

namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>Adds up <see cref="HeaderNumbers"/> piece by piece; each piece but the last holds a multiple of <see cref="SquareSum.Lanes"/> numbers.</summary>
internal struct HeaderSum(VectorWidth width)
{
    private SquareSum _squares;
    private long _nonFinite;

    /// <summary>Adds the squares of decoded numbers, and counts those that are not finite.</summary>
    public void Add(ReadOnlySpan<float> numbers)
    {
        _squares.Add(numbers, width);
        Added(numbers);
    }

    /// <summary>The lanes of the squares, for a loop that adds them itself; <see cref="Added"/> follows.</summary>
    [UnscopedRef]
    public Span<double> Extend() => _squares.Extend();

    /// <summary>Counts what is not finite among numbers whose squares were added.</summary>
    public void Added(ReadOnlySpan<float> numbers)
    {
        // A square is below 2^256 and a run has fewer than 2^31 of them: a sum that is not finite has met a number that is not, and
        // stays so. Until then there is nothing to count.
        if (!_squares.IsFinite())
        {
            CountNonFinite(numbers);
        }
    }

    /// <summary>Counts what is not finite among numbers that others will not see as they are.</summary>
    public void CountNonFinite(ReadOnlySpan<float> numbers) => _nonFinite += VectorMath.CountNonFinite(numbers, width);

    /// <summary>All of it.</summary>
    public HeaderNumbers Total() => new(_nonFinite == 0 ? _squares.Total() : 0, _nonFinite);
}
