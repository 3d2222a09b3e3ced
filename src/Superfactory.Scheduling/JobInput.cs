using System.Collections.Immutable;

namespace Superfactory.Scheduling;

/// <summary>What each island of a job reads when it starts and some sites have already, such as a checkpoint. Immutable.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Bytes">Its size; at least 0. Of an unknown size, 0, a site that has it still comes before one that has not.</param>
/// <param name="Sites">The sites that have all of it: to any other all of it has to be copied.</param>
public sealed record JobInput(string Name, long Bytes, ImmutableArray<string> Sites)
{
    /// <summary>The bytes that would have to be copied to a site for an island there, at most <see cref="long.MaxValue"/>.</summary>
    public static long ToCopy(ImmutableArray<JobInput> inputs, string site)
    {
        var bytes = 0L;
        foreach (var input in inputs)
        {
            if (!input.Sites.Contains(site))
            {
                bytes += Math.Min(long.MaxValue - bytes, Math.Max(1, input.Bytes));
            }
        }

        return bytes;
    }
}
