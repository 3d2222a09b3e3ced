using System.Collections.Immutable;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Fragments;

/// <summary>
/// How the packed parameters are cut into fragments: every island makes the same plan from the same tensor table. Fragments are
/// balanced in bytes, and neighbouring layers go to different ones, so that no fragment holds the start or the end of the model alone.
/// Immutable and safe to share between threads.
/// </summary>
public sealed class FragmentPlan
{
    /// <summary>Pieces that an average fragment is made of: the sizes of any two fragments differ by at most one piece.</summary>
    public const int PiecesPerFragment = 16;

    private FragmentPlan(ImmutableArray<Fragment> fragments, int count)
    {
        Fragments = fragments;
        Count = count;
        foreach (var fragment in fragments)
        {
            LargestCount = Math.Max(LargestCount, fragment.Count);
        }
    }

    /// <summary>The fragments by index.</summary>
    public ImmutableArray<Fragment> Fragments { get; }

    /// <summary>Parameters in all.</summary>
    public int Count { get; }

    /// <summary>Elements of the largest fragment.</summary>
    public int LargestCount { get; }

    /// <summary>Makes the plan.</summary>
    /// <param name="sizes">Elements of each parameter tensor, in registered order; at least one in all.</param>
    /// <param name="islands">Islands in the run, 1 to <see cref="MergeLimits.IslandsMax"/>.</param>
    /// <param name="wanted">Fragments as the job asks for; 0 chooses by size and number of islands.</param>
    public static FragmentPlan Create(ReadOnlySpan<int> sizes, int islands, int wanted = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(islands, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(islands, MergeLimits.IslandsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(wanted);
        var total = 0;
        foreach (var size in sizes)
        {
            total += size;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(total, 1, nameof(sizes));
        var fragments = Choose(total, islands, wanted);
        var spans = Deal(sizes, total, fragments);
        var result = ImmutableArray.CreateBuilder<Fragment>(fragments);
        for (var index = 0; index < fragments; index++)
        {
            result.Add(new Fragment(index, index % islands, spans[index].ToImmutable()));
        }

        return new FragmentPlan(result.MoveToImmutable(), total);
    }

    /// <summary>At least one for each island, so that all lead; a multiple of the islands, so that they lead equally much.</summary>
    private static int Choose(int total, int islands, int wanted)
    {
        var bySize = (int)(((total * 4L) + MergeLimits.FragmentBytesTarget - 1) / MergeLimits.FragmentBytesTarget);
        var count = wanted > 0 ? wanted : (Math.Max(bySize, 1) + islands - 1) / islands * islands;
        return Math.Clamp(count, 1, Math.Min(total, MergeLimits.FragmentsMax / islands * islands));
    }

    /// <summary>Cuts tensors into pieces and gives each to the fragment that has least, the lowest index first: nearly in rotation.</summary>
    private static ImmutableArray<FragmentSpan>.Builder[] Deal(ReadOnlySpan<int> sizes, int total, int fragments)
    {
        var pieceMax = Math.Max(1, (int)(total / ((long)fragments * PiecesPerFragment)));
        var spans = new ImmutableArray<FragmentSpan>.Builder[fragments];
        var order = new PriorityQueue<int, (long Elements, int Index)>(fragments);
        for (var index = 0; index < fragments; index++)
        {
            spans[index] = ImmutableArray.CreateBuilder<FragmentSpan>();
            order.Enqueue(index, (0, index));
        }

        var offset = 0;
        foreach (var size in sizes)
        {
            for (var rest = size; rest > 0;)
            {
                var length = Math.Min(rest, pieceMax);
                order.TryDequeue(out var index, out var load);
                Append(spans[index], new FragmentSpan(offset, length));
                order.Enqueue(index, (load.Elements + length, index));
                offset += length;
                rest -= length;
            }
        }

        return spans;
    }

    private static void Append(ImmutableArray<FragmentSpan>.Builder spans, FragmentSpan next)
    {
        if (spans.Count > 0 && spans[^1] is var last && last.Offset + last.Length == next.Offset)
        {
            spans[^1] = last with { Length = last.Length + next.Length };
            return;
        }

        spans.Add(next);
    }
}
