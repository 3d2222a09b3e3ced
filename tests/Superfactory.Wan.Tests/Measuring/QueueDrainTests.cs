using Superfactory.Wan.Measuring;

namespace Superfactory.Wan.Tests.Measuring;

/// <summary>When a connection full of bulk sends more slowly to empty the link's queue, and for how long.</summary>
public sealed class QueueDrainTests
{
    private const int Rate = 10_000_000;
    private const int Least = 20_000;

    private readonly QueueDrain _drain = new();

    [Theory]
    [InlineData(20_500)]
    [InlineData(23_900)]
    public void Round_trip_near_the_least_is_no_queue(int roundTrip) => Look(roundTrip).ShouldBe(QueueDrain.None);

    [Fact]
    public void Round_trip_of_a_long_link_may_vary_by_a_fifth() => _drain.Look(Rate, 110_000, 100_000, isBulkAlone: true).ShouldBe(QueueDrain.None);

    [Fact]
    public void Queue_of_merges_is_left_alone() => _drain.Look(Rate, 40_000, Least, isBulkAlone: false).ShouldBe(QueueDrain.None);

    [Fact]
    public void Round_trip_that_is_not_known_is_no_queue() => _drain.Look(Rate, 40_000, int.MaxValue, isBulkAlone: true).ShouldBe(QueueDrain.None);

    [Fact]
    public void Connection_sends_a_tenth_more_slowly_until_the_queue_is_gone_and_no_slower_as_its_own_rate_falls()
    {
        Look(40_000).ShouldBe(Rate * 9 / 10);
        _drain.Look(Rate * 9 / 10, 30_000, Least, isBulkAlone: true).ShouldBe(Rate * 9 / 10);
        Look(21_000).ShouldBe(QueueDrain.None);
    }

    [Fact]
    public void Merge_that_begins_ends_it()
    {
        Look(40_000).ShouldNotBe(QueueDrain.None);
        _drain.Look(Rate, 40_000, Least, isBulkAlone: false).ShouldBe(QueueDrain.None);
    }

    [Fact]
    public void Way_that_became_longer_costs_a_hundredth_of_the_link_at_most()
    {
        var lost = 0.0;
        for (var look = 0; look < 10_000; look++)
        {
            lost += Look(60_000) == QueueDrain.None ? 0 : 0.1;
        }

        (lost / 10_000).ShouldBeInRange(0.001, 0.01);
    }

    private long Look(int roundTrip) => _drain.Look(Rate, roundTrip, Least, isBulkAlone: true);
}
