using Superfactory.Wan.Measuring;

namespace Superfactory.Wan.Tests.Measuring;

public sealed class StreamCountTests
{
    private const double Moment = 0.2;

    /// <summary>A link on which each data connection carries so much, up to what the link carries.</summary>
    [Theory]
    [InlineData(10_000_000, 10_000_000, 2)]
    [InlineData(10_000_000, 40_000_000, 5)]
    [InlineData(10_000_000, 400_000_000, 8)]
    public void Connections_are_added_while_each_carries_more(double each, double all, int expected)
    {
        var count = new StreamCount(1, 8);
        Run(count, 30, wanted => Math.Min(each * (wanted - 1), all));
        count.Wanted.ShouldBe(expected);
    }

    [Fact]
    public void Rate_that_still_grows_by_itself_is_no_base_to_compare_with()
    {
        var count = new StreamCount(1, 8);
        var now = Run(count, 4, _ => 8e6);
        Run(count, 4, _ => 10e6, now);
        count.Wanted.ShouldBe(StreamCount.AtFirst);
    }

    [Fact]
    public void Link_that_is_not_full_is_not_tried()
    {
        var count = new StreamCount(1, 8);
        for (var now = TimeSpan.TicksPerSecond; now < 100 * TimeSpan.TicksPerSecond; now += (long)(Moment * TimeSpan.TicksPerSecond))
        {
            count.Add(1_000_000, Moment, isFull: now % TimeSpan.TicksPerSecond != 0, now);
        }

        count.Wanted.ShouldBe(StreamCount.AtFirst);
    }

    [Fact]
    public void Trial_that_is_cut_short_leaves_no_connection_that_was_never_judged()
    {
        var count = new StreamCount(1, 8);
        var now = Run(count, 6, _ => 10e6);
        count.Wanted.ShouldBe(StreamCount.AtFirst + 1);
        for (var left = 60.0; left > 0; left -= Moment)
        {
            count.Add(1e6, Moment, isFull: false, now += (long)(Moment * TimeSpan.TicksPerSecond));
        }

        count.Wanted.ShouldBe(StreamCount.AtFirst);
    }

    [Fact]
    public void Trial_goes_on_after_a_short_break()
    {
        var count = new StreamCount(1, 3);
        var now = Run(count, 6, _ => 10e6);
        count.Add(1e6, Moment, isFull: false, now += TimeSpan.TicksPerSecond);
        Run(count, 4, _ => 20e6, now);
        count.Wanted.ShouldBe(3);
        var worthless = new StreamCount(1, 3);
        now = Run(worthless, 6, _ => 10e6);
        worthless.Add(1e6, Moment, isFull: false, now += TimeSpan.TicksPerSecond);
        Run(worthless, 4, _ => 10e6, now);
        worthless.Wanted.ShouldBe(2);
    }

    [Fact]
    public void Number_stays_within_its_bounds()
    {
        new StreamCount(1, 1).Wanted.ShouldBe(1);
        new StreamCount(4, 8).Wanted.ShouldBe(4);
        var count = new StreamCount(1, 3);
        Run(count, 30, wanted => wanted * 1e6);
        count.Wanted.ShouldBe(3);
    }

    private static long Run(StreamCount count, int seconds, Func<int, double> rate, long from = TimeSpan.TicksPerSecond)
    {
        var now = from;
        for (; now < from + ((seconds - 1) * TimeSpan.TicksPerSecond); now += (long)(Moment * TimeSpan.TicksPerSecond))
        {
            count.Add(rate(count.Wanted), Moment, isFull: true, now);
        }

        return now;
    }
}
