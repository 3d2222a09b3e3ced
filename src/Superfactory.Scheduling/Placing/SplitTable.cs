using Superfactory.Scheduling.Capacity;

namespace Superfactory.Scheduling.Placing;

/// <summary>The numbers of equal slices that an island can be cut into. Remembers the divisors of sizes that were asked for lately. Not safe for concurrent use.</summary>
internal sealed class SplitTable
{
    /// <summary>The ways to cut an island into equal slices that are tried, from the fewest slices on: 1, 2, 3, 4, 6, 8, 12 and 16 of an island of 48.</summary>
    public const int SplitsMax = 8;

    // Sizes that differ by a multiple of it take each other's place; jobs ask for few sizes.
    private const int Remembered = 256;

    private readonly int[] _sizes = new int[Remembered];
    private readonly int[][] _divisors = new int[Remembered][];

    /// <summary>How many slices an island can be cut into for a pool, the fewest first; at most <see cref="SplitsMax"/> ways. Valid until the next call.</summary>
    public ReadOnlySpan<int> Of(PoolPlace place, int wanted)
    {
        var at = wanted & (Remembered - 1);
        if (_sizes[at] != wanted)
        {
            (_sizes[at], _divisors[at]) = (wanted, Divisors(wanted));
        }

        var divisors = _divisors[at];
        var (first, least) = (0, ((wanted - 1) / place.Capacity) + 1);
        while (first < divisors.Length && divisors[first] < least)
        {
            first++;
        }

        var end = first;
        while (end < divisors.Length && end - first < SplitsMax && divisors[end] <= place.Count)
        {
            end++;
        }

        return divisors.AsSpan(first, end - first);
    }

    private static int[] Divisors(int number)
    {
        List<int> small = [], large = [];
        for (var divisor = 1; (long)divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                small.Add(divisor);
                if (divisor != number / divisor)
                {
                    large.Add(number / divisor);
                }
            }
        }

        large.Reverse();
        return [.. small, .. large];
    }
}
