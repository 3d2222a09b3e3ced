using System.Collections.Immutable;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Fragments;

/// <summary>
/// How the packed parameters, or in streaming those of one of its fragments, are cut: into chunks of equal length, each of which is one stretch of memory and travels in one message,
/// and the chunks are dealt to fragments in rotation. Every island makes the same plan from the same number of parameters. Neighbouring
/// layers go to different fragments, no fragment holds the start or the end of the model alone, and whoever sends chunks in their order
/// sends to all leaders in turn. Immutable and safe to share between threads.
/// </summary>
public sealed class FragmentPlan
{
    /// <summary>Chunks that an average fragment is made of where the model is small: the sizes of any two fragments differ by at most one chunk.</summary>
    public const int ChunksPerFragment = 16;

    private FragmentPlan(ImmutableArray<Fragment> fragments, int start, int count, int chunkLength) =>
        (Fragments, Start, Count, ChunkLength, Chunks) = (fragments, start, count, chunkLength, (int)(((long)count + chunkLength - 1) / chunkLength));

    /// <summary>The fragments by index.</summary>
    public ImmutableArray<Fragment> Fragments { get; }

    /// <summary>The first of its parameters, among all that are packed.</summary>
    public int Start { get; }

    /// <summary>Its parameters.</summary>
    public int Count { get; }

    /// <summary>Chunks in all; at least as many as fragments.</summary>
    public int Chunks { get; }

    /// <summary>Elements of each chunk; the last may be shorter. A multiple of 64 wherever a model of that many parameters has several.</summary>
    public int ChunkLength { get; }

    /// <summary>Makes the plan.</summary>
    /// <param name="total">Parameters in all, at least 1.</param>
    /// <param name="islands">Islands in the run, 1 to <see cref="MergeLimits.IslandsMax"/>.</param>
    /// <param name="wanted">Fragments as the job asks for; 0 chooses by size and number of islands.</param>
    /// <param name="chunkLengthMax">Elements that a chunk may have: as many as fit a message in the run's number formats.</param>
    /// <param name="start">The first parameter, where the plan is for a part of the model.</param>
    public static FragmentPlan Create(int total, int islands, int wanted = 0, int chunkLengthMax = MergeLimits.ChunkLengthMax, int start = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(total, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(islands, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(islands, MergeLimits.IslandsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(wanted);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkLengthMax, 1);
        var fragments = Choose(total, islands, wanted);
        var length = ChunkLengthFor(total, fragments, chunkLengthMax);
        var chunks = (int)(((long)total + length - 1) / length);
        var result = ImmutableArray.CreateBuilder<Fragment>(fragments);
        for (var index = 0; index < fragments; index++)
        {
            var own = ((chunks - 1 - index) / fragments) + 1;
            var count = (int)Math.Min((long)own * length, int.MaxValue);
            count -= (chunks - 1) % fragments == index ? (int)(((long)chunks * length) - total) : 0;
            result.Add(new Fragment(index, index % islands, fragments, own, count));
        }

        return new FragmentPlan(result.MoveToImmutable(), start, total, length);
    }

    /// <summary>The fragment that a chunk belongs to.</summary>
    /// <param name="chunk">The chunk, from 0.</param>
    public Fragment FragmentOf(int chunk) => Fragments[chunk % Fragments.Length];

    /// <summary>Where a chunk lies among the packed parameters.</summary>
    /// <param name="chunk">The chunk, from 0.</param>
    public FragmentSpan SpanOf(int chunk)
    {
        var offset = chunk * ChunkLength;
        return new FragmentSpan(Start + offset, Math.Min(ChunkLength, Count - offset));
    }

    /// <summary>At least one for each island, so that all lead; a multiple of the islands, so that they lead equally much.</summary>
    private static int Choose(int total, int islands, int wanted)
    {
        var bySize = (int)(((total * 4L) + MergeLimits.FragmentBytesTarget - 1) / MergeLimits.FragmentBytesTarget);
        var count = wanted > 0 ? Math.Max(wanted, islands) : (Math.Max(bySize, 1) + islands - 1) / islands * islands;
        return Math.Clamp(count, 1, Math.Min(total, MergeLimits.FragmentsMax / islands * islands));
    }

    /// <summary>A sixteenth of a fragment, within what a message holds and what is worth a message; at most an equal share, so that no fragment is empty.</summary>
    private static int ChunkLengthFor(int total, int fragments, int most)
    {
        const int Block = 64;
        var sixteenth = ((total / ((long)fragments * ChunksPerFragment)) + Block) / Block * Block;
        var length = (int)Math.Clamp(sixteenth, MergeLimits.ChunkLengthMin, MergeLimits.ChunkLengthMax);
        var share = total / fragments;
        return Math.Min(Math.Min(length, most), share > Block ? share / Block * Block : share);
    }
}
