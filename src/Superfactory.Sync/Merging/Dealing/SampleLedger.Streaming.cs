using System.Collections.Immutable;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>What streaming does with a ledger: it takes turns ahead of the rounds that merge them, and settles them when every part has them.</summary>
internal sealed partial class SampleLedger
{
    /// <summary>Samples that are not dealt: the rest of the segment, and what was given back.</summary>
    public long Untaken => Segment.Length - Math.Min(Cursor * Segment.Stride, Segment.Length) + GivenBack;

    /// <summary>Takes turns of the segment.</summary>
    /// <returns>How many there were, up to <paramref name="wanted"/>.</returns>
    public int Take(int wanted)
    {
        var turns = Turns(wanted);
        Cursor += turns;
        return turns;
    }

    /// <summary>A deal is merged in every part.</summary>
    public void Settle(DealtTurns deal) => Add(_merged, deal, deal.Present);

    /// <summary>What some islands trained of a deal is lost: it is dealt again.</summary>
    public void GiveBack(DealtTurns deal, ulong islands) => Add(_givenBack, deal, islands);

    /// <summary>Begins a new segment where this one is used up and something was given back, or where others take turns from here on.</summary>
    /// <param name="batches">The batch of each island from the next deal on; 0 for one that takes no turns.</param>
    /// <returns>Whether one begins.</returns>
    public bool Renew(ImmutableArray<int> batches)
    {
        if (Cursor < Segment.Turns ? batches.SequenceEqual(Segment.Batches) : GivenBack == 0)
        {
            return false;
        }

        BeginSegment(batches);
        return true;
    }

    public static void WriteBatches(WireWriter writer, ImmutableArray<int> batches)
    {
        foreach (var batch in batches)
        {
            writer.Int32(batch);
        }
    }

    public static ImmutableArray<int> ReadBatches(ref WireReader reader, int islands)
    {
        var batches = ImmutableArray.CreateBuilder<int>(islands);
        for (var island = 0; island < islands; island++)
        {
            batches.Add(reader.Int32(0, int.MaxValue));
        }

        return batches.MoveToImmutable();
    }

    private static void Add(RangeSet set, DealtTurns deal, ulong islands)
    {
        for (var turn = deal.First; turn < deal.First + deal.Turns; turn++)
        {
            for (var island = 0; island < deal.Segment!.Batches.Length; island++)
            {
                if ((islands >> island & 1) != 0)
                {
                    Add(set, deal.Segment, deal.Segment.Share(island, turn));
                }
            }
        }
    }
}
