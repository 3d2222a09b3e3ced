using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Tests.Merging;

public sealed class SampleLedgerTests
{
    [Fact]
    public void Every_sample_is_merged_once_whatever_is_refused() => Prop.ForAll(
        Gen.Choose(1, 400).ToArbitrary(),
        Gen.Choose(1, 9).ArrayOf().Where(batches => batches.Length is > 0 and < 6).ToArbitrary(),
        Gen.Choose(1, 7).ToArbitrary(),
        (planned, batches, every) =>
        {
            var ledger = new SampleLedger(planned, [.. batches]);
            var seen = new HashSet<long>();
            for (var round = 0; !ledger.Finished; round++)
            {
                // Refusals end: a run in which they did not would be failed.
                var refused = round < 30 ? (ulong)(round * 5 % (1 << batches.Length)) : 0;
                var places = ledger.Places(every);
                var free = ledger.Segment.Length - places.End + ledger.GivenBack;
                if (ledger.Merged + (places.End - places.Start) + free != planned)
                {
                    return false;
                }

                for (var turn = ledger.Cursor; turn < ledger.Cursor + ledger.Turns(every); turn++)
                {
                    for (var island = 0; island < batches.Length; island++)
                    {
                        var accepted = (refused >> island & 1) == 0;
                        foreach (var range in ledger.Segment.Positions(ledger.Segment.Share(island, turn)))
                        {
                            for (var position = range.Start; position < range.End && accepted; position++)
                            {
                                if (!seen.Add(position))
                                {
                                    return false;
                                }
                            }
                        }
                    }
                }

                ledger.Commit(every, refused, [.. batches]);
                ledger = Copy(ledger, batches);
            }

            return seen.Count == planned && ledger.MergedRanges is [{ Start: 0 }];
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Steps_of_an_island_are_the_turns_in_which_its_share_is_not_empty()
    {
        var segment = new SampleSegment(0, [new PositionRange(0, 13)], [2, 3, 1]);

        segment.Turns.ShouldBe(3);
        Enumerable.Range(0, 3).Select(island => segment.Steps(island, 0, 3)).ShouldBe([3, 2, 2]);
        segment.Share(0, 2).ShouldBe(new PositionRange(12, 13));
        segment.Share(1, 2).ShouldBe(new PositionRange(13, 13));
    }

    [Fact]
    public void Range_set_refuses_what_it_holds_and_joins_what_touches()
    {
        var set = new RangeSet();

        set.TryAdd(new PositionRange(5, 8)).ShouldBeTrue();
        set.TryAdd(new PositionRange(10, 12)).ShouldBeTrue();
        set.TryAdd(new PositionRange(7, 9)).ShouldBeFalse();
        set.TryAdd(new PositionRange(0, 6)).ShouldBeFalse();
        set.TryAdd(new PositionRange(8, 10)).ShouldBeTrue();

        set.Ranges.ShouldBe([new PositionRange(5, 12)]);
        set.Count.ShouldBe(7);
    }

    private static SampleLedger Copy(SampleLedger ledger, int[] batches)
    {
        var buffer = new ArrayBufferWriter<byte>();
        ledger.Write(new WireWriter(buffer));
        var reader = new WireReader(buffer.WrittenSpan);
        return SampleLedger.Read(ref reader, [.. batches]).ShouldNotBeNull();
    }
}
