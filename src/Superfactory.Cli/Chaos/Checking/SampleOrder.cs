using System.Numerics;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>
/// The order of samples as <c>docs/python.md</c> states it, written a second time and not shared with the client: what trainers drew is compared
/// with it. Pure.
/// </summary>
internal static class SampleOrder
{
    private const int Rounds = 6;

    /// <summary>The sample at a position of the run's order.</summary>
    /// <param name="position">From 0.</param>
    /// <param name="count">Samples of the dataset, from 1.</param>
    /// <param name="seed">The job's seed.</param>
    public static long At(long position, long count, ulong seed)
    {
        var number = (ulong)(position / count);
        var half = Math.Max(1, (BitOperations.Log2((ulong)Math.Max(1, count - 1)) + (count > 1 ? 1 : 0) + 1) / 2);
        var value = (ulong)(position % count);
        do
        {
            value = Permute(value, half, seed, number);
        }
        while (value >= (ulong)count);

        return (long)value;
    }

    private static ulong Permute(ulong value, int half, ulong seed, ulong number)
    {
        unchecked
        {
            var mask = (1UL << half) - 1;
            var (left, right) = (value >> half, value & mask);
            for (var round = 1; round <= Rounds; round++)
            {
                var key = Mix((seed * 0x9E3779B97F4A7C15) + (number * 0xD1B54A32D192ED03) + ((ulong)round * 0x8CB92BA72F3D8DD7));
                (left, right) = (right, left ^ (Mix(right ^ key) & mask));
            }

            return (left << half) | right;
        }
    }

    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
