namespace Superfactory.Scheduling.Placing;

/// <summary>
/// The sizes that an island of a range of accelerators may have. They go from the most down in steps of the greatest common divisor of the most and the least, such as whole racks, so that each is a multiple of
/// it; the step is doubled until there are no more than <see cref="TriesMax"/> sizes beside the least. Pure.
/// </summary>
public static class ElasticSizes
{
    /// <summary>Sizes that are tried beside the least: each is a search for places, of microseconds.</summary>
    public const int TriesMax = 16;

    /// <summary>The sizes from the most down to the least, both included.</summary>
    public static IEnumerable<int> Of(int least, int most)
    {
        long step = least;
        for (long rest = most % least; rest != 0;)
        {
            (step, rest) = (rest, step % rest);
        }

        while ((most - least + step - 1) / step > TriesMax)
        {
            step *= 2;
        }

        for (long size = most; size > least; size -= step)
        {
            yield return (int)size;
        }

        yield return least;
    }
}
