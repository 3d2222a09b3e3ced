using System.Collections.Immutable;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>
/// Which samples are merged, which are dealt and which are free: part of the replicated history, changed by committed rounds alone,
/// so that every island deals the same without asking anybody.
/// </summary>
internal sealed partial class SampleLedger
{
    private RangeSet _merged = new();
    private RangeSet _givenBack = new();

    /// <summary>Nothing is merged.</summary>
    /// <param name="planned">Samples that the run is to merge.</param>
    /// <param name="batches">The batch of each island; 0 for one that takes no turns.</param>
    /// <param name="number">The first segment's number.</param>
    public SampleLedger(long planned, ImmutableArray<int> batches, int number = 0)
    {
        Planned = planned;
        Segment = new SampleSegment(number, [new PositionRange(0, planned)], batches);
    }

    /// <summary>Samples that the run is to merge.</summary>
    public long Planned { get; }

    /// <summary>The line that is dealt now.</summary>
    public SampleSegment Segment { get; private set; }

    /// <summary>Turns of the segment that committed rounds used up; in streaming those that are dealt.</summary>
    public long Cursor { get; private set; }

    /// <summary>Samples in committed results.</summary>
    public long Merged => _merged.Count;

    /// <summary>Samples of refused contributions that wait for the next segment.</summary>
    public long GivenBack => _givenBack.Count;

    /// <summary>The merged positions.</summary>
    public IReadOnlyList<PositionRange> MergedRanges => _merged.Ranges;

    /// <summary>Whether everything planned is merged.</summary>
    public bool Finished => Merged == Planned;

    /// <summary>Turns in a round that starts now.</summary>
    public int Turns(int every) => (int)Math.Min(every, Segment.Turns - Cursor);

    /// <summary>Places that a round that starts now deals.</summary>
    public PositionRange Places(int every) =>
        new(Math.Min(Cursor * Segment.Stride, Segment.Length), Math.Min((Cursor + Turns(every)) * Segment.Stride, Segment.Length));

    /// <summary>Whether there are so many single ranges that something must be wrong with the run.</summary>
    public bool Crumbled => _givenBack.Ranges.Count > MergeLimits.RangesMax || _merged.Ranges.Count > MergeLimits.RangesMax;

    /// <summary>Takes a committed round: what was dealt is merged, but for the islands in <paramref name="refused"/>, whose shares are given back.</summary>
    /// <param name="every">Steps between merges.</param>
    /// <param name="refused">Bit i for island i.</param>
    /// <param name="batches">The batch of each island from the next round on; 0 for one that takes no turns. Others than before begin a new segment.</param>
    /// <param name="anew">Whether a new segment begins in any case, so that islands that took no turns in this one know where they are.</param>
    /// <returns>Whether a new segment begins with the next round.</returns>
    public bool Commit(int every, ulong refused, ImmutableArray<int> batches, bool anew = false)
    {
        var turns = Turns(every);
        if (refused == 0)
        {
            Add(_merged, Segment, Places(every));
        }
        else
        {
            for (var turn = Cursor; turn < Cursor + turns; turn++)
            {
                for (var island = 0; island < Segment.Batches.Length; island++)
                {
                    Add((refused >> island & 1) == 0 ? _merged : _givenBack, Segment, Segment.Share(island, turn));
                }
            }
        }

        Cursor += turns;
        if (Cursor < Segment.Turns ? !anew && batches.SequenceEqual(Segment.Batches) : GivenBack == 0)
        {
            return false;
        }

        BeginSegment(batches);
        return true;
    }

    private void BeginSegment(ImmutableArray<int> batches)
    {
        if (Cursor < Segment.Turns)
        {
            // What is left of this line and what was given back make the next one, in the order of positions.
            Add(_givenBack, Segment, new PositionRange(Cursor * Segment.Stride, Segment.Length));
        }

        Segment = new SampleSegment(Segment.Number + 1, [.. _givenBack.Ranges], batches);
        _givenBack = new RangeSet();
        Cursor = 0;
    }

    /// <summary>A ledger that goes on with other islands: the merged positions stay merged, all others are one new segment, in their order.</summary>
    public static SampleLedger Resume(long planned, int segment, IReadOnlyList<PositionRange> merged, ImmutableArray<int> batches)
    {
        var ledger = new SampleLedger(planned, batches);
        var free = ImmutableArray.CreateBuilder<PositionRange>();
        var from = 0L;
        foreach (var range in merged)
        {
            ledger._merged.TryAdd(range);
            if (range.Start > from)
            {
                free.Add(new PositionRange(from, range.Start));
            }

            from = range.End;
        }

        if (from < planned)
        {
            free.Add(new PositionRange(from, planned));
        }

        ledger.Segment = new SampleSegment(segment, free.ToImmutable(), batches);
        return ledger;
    }

    public void Write(WireWriter writer)
    {
        writer.Int64(Planned);
        writer.Int32(Segment.Number);
        writer.Int64(Cursor);
        WriteRanges(writer, Segment.Ranges);
        WriteRanges(writer, _merged.Ranges);
        WriteRanges(writer, _givenBack.Ranges);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null, or a broken reader, where it is no ledger.</summary>
    public static SampleLedger? Read(ref WireReader reader, ImmutableArray<int> batches)
    {
        var planned = reader.Int64(1, long.MaxValue / 2);
        var number = reader.Int32(0, int.MaxValue);
        var cursor = reader.Int64(0, planned);
        var line = ReadRanges(ref reader, planned);
        var merged = ReadRanges(ref reader, planned);
        var givenBack = ReadRanges(ref reader, planned);
        if (line is null || merged is null || givenBack is null || !reader.Require(line.Count > 0))
        {
            return null;
        }

        var segment = new SampleSegment(number, [.. line.Ranges], batches);
        return reader.Require(cursor <= segment.Turns)
            ? new SampleLedger(planned, batches) { Segment = segment, Cursor = cursor, _merged = merged, _givenBack = givenBack }
            : null;
    }

    public static void WriteRanges(WireWriter writer, IReadOnlyList<PositionRange> ranges)
    {
        writer.Int32(ranges.Count);
        foreach (var range in ranges)
        {
            writer.Int64(range.Start);
            writer.Int64(range.End);
        }
    }

    public static RangeSet? ReadRanges(ref WireReader reader, long planned)
    {
        var set = new RangeSet();
        var count = reader.Int32();
        if (!reader.Require(count >= 0 && count * 16L <= reader.Remaining))
        {
            return null;
        }

        for (var index = 0; index < count; index++)
        {
            var start = reader.Int64(0, planned);
            var end = reader.Int64(start, planned);
            if (!reader.Require(start < end && set.TryAdd(new PositionRange(start, end))))
            {
                return null;
            }
        }

        return set;
    }

    private static void Add(RangeSet set, SampleSegment segment, PositionRange places)
    {
        foreach (var range in segment.Positions(places))
        {
            if (!set.TryAdd(range))
            {
                throw new InvalidOperationException($"Samples {range.Start} to {range.End} were merged or given back before.");
            }
        }
    }
}
