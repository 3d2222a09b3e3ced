namespace Superfactory.Sync.Arithmetic.Formats;

/// <summary>What a contribution's header says of its numbers as others will read them, that is after encoding and decoding. Immutable.</summary>
/// <param name="SquaredNorm">The sum of the squares of the decoded numbers in the order of <see cref="VectorMath.SumOfSquares"/>; 0 where <paramref name="NonFinite"/> is not.</param>
/// <param name="NonFinite">How many numbers are infinite or NaN, or become infinite by encoding.</param>
public readonly record struct HeaderNumbers(double SquaredNorm, long NonFinite)
{
    /// <summary>Those of a chunk after those of the chunks before it: who compares sums must add up the same chunks in the same order.</summary>
    public static HeaderNumbers operator +(HeaderNumbers before, HeaderNumbers chunk) => Add(before, chunk);

    /// <summary>The same as the operator.</summary>
    public static HeaderNumbers Add(HeaderNumbers before, HeaderNumbers chunk)
    {
        var nonFinite = before.NonFinite + chunk.NonFinite;
        return new HeaderNumbers(nonFinite == 0 ? before.SquaredNorm + chunk.SquaredNorm : 0, nonFinite);
    }
}
