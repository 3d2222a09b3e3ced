using System.Collections.Immutable;

namespace Superfactory.Sync.Fragments;

/// <summary>A stretch of the packed parameters: fp32 elements from <paramref name="Offset"/> on.</summary>
/// <param name="Offset">Its first element among all parameters, packed in registered order.</param>
/// <param name="Length">Its elements; at least 1.</param>
public readonly record struct FragmentSpan(int Offset, int Length);

/// <summary>A part of the parameters that is sent, merged and committed by itself. Immutable.</summary>
public sealed class Fragment
{
    internal Fragment(int index, int leader, ImmutableArray<FragmentSpan> spans)
    {
        Index = index;
        Leader = leader;
        Spans = spans;
        foreach (var span in spans)
        {
            Count += span.Length;
        }
    }

    /// <summary>Its number, from 0.</summary>
    public int Index { get; }

    /// <summary>The place of the island that leads it.</summary>
    public int Leader { get; }

    /// <summary>Its stretches, by rising offset, apart from each other.</summary>
    public ImmutableArray<FragmentSpan> Spans { get; }

    /// <summary>Its elements.</summary>
    public int Count { get; }

    /// <summary>Copies its elements out of the packed parameters, one stretch after another.</summary>
    /// <param name="packed">All parameters.</param>
    /// <param name="destination">Exactly <see cref="Count"/> elements.</param>
    public void Gather(ReadOnlySpan<float> packed, Span<float> destination)
    {
        foreach (var span in Spans)
        {
            packed.Slice(span.Offset, span.Length).CopyTo(destination);
            destination = destination[span.Length..];
        }
    }

    /// <summary>Copies its elements to their places among the packed parameters.</summary>
    /// <param name="source">Exactly <see cref="Count"/> elements.</param>
    /// <param name="packed">All parameters.</param>
    public void Scatter(ReadOnlySpan<float> source, Span<float> packed)
    {
        foreach (var span in Spans)
        {
            source[..span.Length].CopyTo(packed.Slice(span.Offset, span.Length));
            source = source[span.Length..];
        }
    }
}
