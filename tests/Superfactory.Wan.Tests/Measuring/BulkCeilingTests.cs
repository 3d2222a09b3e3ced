using Superfactory.Wan.Measuring;

namespace Superfactory.Wan.Tests.Measuring;

/// <summary>What a connection full of bulk is bounded to, so that it keeps no queue in the link.</summary>
public sealed class BulkCeilingTests
{
    private const int Rate = 10_000_000;
    private const int Least = 20_000;

    private readonly BulkCeiling _ceiling = new();

    [Fact]
    public void Rate_that_is_not_known_is_not_bounded() => Look(21_000, rate: 0).ShouldBe(BulkCeiling.None);

    [Fact]
    public void Link_that_is_found_to_carry_more_and_more_is_not_bounded()
    {
        for (var rate = Rate / 8; rate <= Rate; rate *= 2)
        {
            Look(40_000, rate: rate).ShouldBe(BulkCeiling.None);
        }

        Look(40_000).ShouldBeLessThan(Rate, "the search is over");
    }

    [Fact]
    public void Merges_are_not_bounded_from_the_look_on_that_sees_them()
    {
        Look(40_000);
        Look(40_000).ShouldNotBe(BulkCeiling.None);
        Look(40_000, isBulkAlone: false).ShouldBe(BulkCeiling.None);
    }

    [Theory]
    [InlineData(20_500, Least, 0.99)]
    [InlineData(23_900, Least, 0.99)]
    [InlineData(24_000, Least, 0.95)]
    [InlineData(110_000, 100_000, 0.99)]
    [InlineData(3_900, 1_000, 0.99)]
    [InlineData(40_000, int.MaxValue, 0.99)]
    public void Bulk_alone_is_bounded_to_what_the_link_carries_and_to_less_while_there_is_a_queue(int roundTrip, int least, double share)
    {
        Look(roundTrip, least: least).ShouldBe(BulkCeiling.None, "the link has just been found to carry so much");
        Look(roundTrip, least: least).ShouldBe((long)(Rate * share));
    }

    [Fact]
    public void One_look_in_eight_goes_over_what_the_link_carries_and_BBR_is_left_free_where_that_becomes_more()
    {
        var bounds = Enumerable.Range(0, 81).Select(_ => Look(21_000)).ToArray();
        bounds.Count(static bound => bound == BulkCeiling.None).ShouldBe(1, "the first, when the rate had just been found");
        bounds.Count(static bound => bound > Rate && bound < Rate * 1.1).ShouldBe(10);
        Look(21_000, rate: (int)(Rate * 1.019)).ShouldBeLessThan(Rate * 11 / 10);
        Look(21_000, rate: Rate * 11 / 10).ShouldBe(BulkCeiling.None);
        Look(21_000, rate: Rate * 12 / 10).ShouldBe(BulkCeiling.None);
        Look(21_000, rate: Rate * 12 / 10).ShouldBe((long)(Rate * 12 / 10 * 0.99));
    }

    [Fact]
    public void Way_that_became_longer_costs_hardly_more_than_the_bound_itself()
    {
        var lost = 0.0;
        for (var look = 0; look < 10_000; look++)
        {
            // Nothing is won by a bound above what the link carries.
            lost += Math.Max(0, 1 - ((double)Look(60_000) / Rate));
        }

        (lost / 10_000).ShouldBeInRange(0.009, 0.015);
    }

    private long Look(int roundTrip, int least = Least, int rate = Rate, bool isBulkAlone = true) =>
        _ceiling.Look(rate, roundTrip, least, isBulkAlone);
}
