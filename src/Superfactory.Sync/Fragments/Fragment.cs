namespace Superfactory.Sync.Fragments;

/// <summary>A stretch of the packed parameters: fp32 elements from <paramref name="Offset"/> on.</summary>
/// <param name="Offset">Its first element among all parameters, packed in registered order.</param>
/// <param name="Length">Its elements; at least 1.</param>
public readonly record struct FragmentSpan(int Offset, int Length);

/// <summary>
/// A part of the parameters that is merged and committed by itself: the chunks <c>Index</c>, <c>Index + Stride</c>,
/// <c>Index + 2 Stride</c> and so on of its plan. Immutable.
/// </summary>
public sealed class Fragment
{
    internal Fragment(int index, int leader, int stride, int chunks, int count) =>
        (Index, Leader, Stride, Chunks, Count) = (index, leader, stride, chunks, count);

    /// <summary>Its number, from 0, and its first chunk.</summary>
    public int Index { get; }

    /// <summary>The place of the island that leads it, unless an attempt is made without that island.</summary>
    public int Leader { get; }

    /// <summary>Who leads it where only some islands can: its leader, or the next one of those.</summary>
    /// <param name="islands">Who can, by place.</param>
    /// <param name="count">Islands in the run.</param>
    internal int LeaderAmong(ulong islands, int count)
    {
        for (var step = 0; step < count; step++)
        {
            var island = (Leader + step) % count;
            if ((islands >> island & 1) != 0)
            {
                return island;
            }
        }

        return Leader;
    }

    /// <summary>The distance from one of its chunks to the next: the fragments of the plan.</summary>
    public int Stride { get; }

    /// <summary>Its chunks; at least 1.</summary>
    public int Chunks { get; }

    /// <summary>Its elements.</summary>
    public int Count { get; }
}
