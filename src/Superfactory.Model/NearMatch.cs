namespace Superfactory.Model;

/// <summary>Finds what a misspelt name was probably meant to be. Pure and safe to call from any thread.</summary>
public static class NearMatch
{
    // Nothing that people name is longer; what is cannot be a slip of the finger, and the search takes length times length.
    private const int LengthMax = 100;

    /// <summary>
    /// The known name that is the fewest slips away from <paramref name="given"/>: letters left out, added, changed or swapped with
    /// their neighbour, upper and lower case the same. Null where none is within a third of the length (at least one slip).
    /// Of several equally near, the first in ordinal order, whatever the order of <paramref name="known"/>.
    /// </summary>
    public static string? Find(string given, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(known);
        if (given.Length is 0 or > LengthMax)
        {
            return null;
        }

        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var name in known)
        {
            if (name.Length is 0 or > LengthMax)
            {
                continue;
            }

            var distance = Distance(Fold(given), Fold(name));
            var slips = Math.Max(1, Math.Max(given.Length, name.Length) / 3);
            if (distance <= slips
                && (distance < bestDistance || (distance == bestDistance && string.CompareOrdinal(name, best) < 0)))
            {
                (best, bestDistance) = (name, distance);
            }
        }

        return best;
    }

    /// <summary>A sentence for <see cref="Problem.Hint"/>, <c>Did you mean 'every'?</c>; null where nothing is near.</summary>
    public static string? Hint(string given, IEnumerable<string> known) =>
        Find(given, known) is { } near ? $"Did you mean '{near}'?" : null;

    // Fields and values are written with hyphens and underscores, and the wrong one of the two is no slip at all.
    private static string Fold(string name) => name.ToLowerInvariant().Replace('-', '_');

    /// <summary>The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.</summary>
    private static int Distance(string left, string right)
    {
        var (beforeLast, last, current) = (new int[right.Length + 1], new int[right.Length + 1], new int[right.Length + 1]);
        for (var column = 0; column <= right.Length; column++)
        {
            last[column] = column;
        }

        for (var row = 1; row <= left.Length; row++)
        {
            current[0] = row;
            for (var column = 1; column <= right.Length; column++)
            {
                var same = left[row - 1] == right[column - 1];
                var best = Math.Min(Math.Min(last[column], current[column - 1]) + 1, last[column - 1] + (same ? 0 : 1));
                if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1])
                {
                    best = Math.Min(best, beforeLast[column - 2] + 1);
                }

                current[column] = best;
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last[right.Length];
    }
}
