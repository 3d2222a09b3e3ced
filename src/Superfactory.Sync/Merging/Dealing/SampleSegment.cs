using System.Collections.Immutable;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>A line of samples and how the islands take turns on it; see <see cref="DealtSamples"/>. Immutable.</summary>
internal sealed class SampleSegment
{
    private readonly ImmutableArray<int> _batches;

    public SampleSegment(int number, ImmutableArray<PositionRange> ranges, ImmutableArray<int> batches)
    {
        Number = number;
        Ranges = ranges;
        _batches = batches;
        Length = ranges.Sum(range => range.End - range.Start);
        Stride = batches.Sum(batch => (long)batch);
        Turns = (Length + Stride - 1) / Stride;
    }

    public int Number { get; }

    public ImmutableArray<PositionRange> Ranges { get; }

    /// <summary>Places on the line.</summary>
    public long Length { get; }

    /// <summary>Places in a turn over all islands.</summary>
    public long Stride { get; }

    /// <summary>Turns until the line is used up; the last may be cut off.</summary>
    public long Turns { get; }

    /// <summary>Where an island's share of a turn begins.</summary>
    public long Offset(int island)
    {
        var offset = 0L;
        for (var other = 0; other < island; other++)
        {
            offset += _batches[other];
        }

        return offset;
    }

    /// <summary>The batch of each island; 0 where it takes no turns.</summary>
    public ImmutableArray<int> Batches => _batches;

    /// <summary>Turns among <paramref name="count"/> from <paramref name="first"/> on in which the island's share is not empty: all, or all but the last.</summary>
    public int Steps(int island, long first, int count)
    {
        if (_batches[island] == 0)
        {
            return 0;
        }

        var last = first + count - 1;
        return count > 0 && (last * Stride) + Offset(island) >= Length ? count - 1 : count;
    }

    /// <summary>The places of an island's share of a turn.</summary>
    public PositionRange Share(int island, long turn)
    {
        var start = Math.Min((turn * Stride) + Offset(island), Length);
        return new PositionRange(start, Math.Min(start + _batches[island], Length));
    }

    /// <summary>The positions that stand at the given places.</summary>
    public IEnumerable<PositionRange> Positions(PositionRange places)
    {
        var before = 0L;
        foreach (var range in Ranges)
        {
            var length = range.End - range.Start;
            var start = Math.Max(places.Start - before, 0);
            var end = Math.Min(places.End - before, length);
            if (start < end)
            {
                yield return new PositionRange(range.Start + start, range.Start + end);
            }

            before += length;
        }
    }

    /// <summary>The segment as an island's trainer is told of it.</summary>
    public DealtSamples For(int island, long planned) => new(Number, Ranges, Stride, Offset(island), _batches[island], planned);
}
