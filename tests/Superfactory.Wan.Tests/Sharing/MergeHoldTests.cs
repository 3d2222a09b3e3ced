using Superfactory.Wan.Sharing;

namespace Superfactory.Wan.Tests.Sharing;

/// <summary>How long bulk waits for merges that have nothing to send at the moment.</summary>
public sealed class MergeHoldTests
{
    private readonly MergeHold _hold = new() { LengthMax = 30 };

    [Fact]
    public void Nothing_is_held_where_there_was_no_merge()
    {
        _hold.Look(isReady: false, 1).ShouldBeFalse();
        _hold.Look(isReady: false, 1000).ShouldBeFalse();
        _hold.Until.ShouldBeLessThanOrEqualTo(1000);
    }

    [Fact]
    public void Bulk_is_held_after_a_merge_for_a_time_and_not_for_longer()
    {
        _hold.Look(isReady: true, 100);
        _hold.Look(isReady: true, 200);
        _hold.Look(isReady: false, 300).ShouldBeTrue();
        _hold.Until.ShouldBe(330);
        _hold.Look(isReady: false, 329).ShouldBeTrue();
        _hold.Look(isReady: false, 330).ShouldBeFalse();
        _hold.Look(isReady: false, 1000).ShouldBeFalse();
    }

    [Fact]
    public void Bulk_is_held_no_longer_than_merges_kept_the_link_busy()
    {
        _hold.Look(isReady: true, 100);
        _hold.Look(isReady: false, 105).ShouldBeTrue();
        _hold.Until.ShouldBe(110);
        _hold.Look(isReady: false, 110).ShouldBeFalse();
    }

    [Fact]
    public void Merges_that_trickle_keep_bulk_from_no_more_of_the_link_than_they_use()
    {
        var (held, busy) = (0, 0);
        for (var now = 0; now < 10_000; now++)
        {
            // A frame that takes two units, each twenty.
            var isReady = now % 20 < 2;
            busy += isReady ? 1 : 0;
            held += _hold.Look(isReady, now) ? 1 : 0;
        }

        held.ShouldBeInRange(1, busy);
    }

    [Fact]
    public void What_a_merge_goes_on_with_counts_to_what_it_had_before()
    {
        _hold.Look(isReady: true, 100);
        _hold.Look(isReady: false, 120).ShouldBeTrue();
        _hold.Look(isReady: true, 125).ShouldBeFalse();
        _hold.Look(isReady: false, 135).ShouldBeTrue();
        _hold.Until.ShouldBe(160);
    }
}
