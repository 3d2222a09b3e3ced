using Superfactory.Wan.Sharing;

namespace Superfactory.Wan.Tests.Sharing;

public sealed class PacerTests
{
    [Theory]
    [InlineData(1_000_000, 1000)]
    [InlineData(12_500_000, 262_144)]
    [InlineData(125_000_000, 262_144)]
    public void Sender_that_always_has_something_keeps_to_the_rate(long bytesPerSecond, int frameBytes)
    {
        var pacer = new Pacer(TimeSpan.TicksPerSecond);
        var now = 1L;
        pacer.SetRate(bytesPerSecond, now);
        var sent = 0L;
        while (now < TimeSpan.TicksPerSecond * 10)
        {
            if (pacer.MaySend(now))
            {
                pacer.Sent(frameBytes);
                sent += frameBytes;
            }
            else
            {
                pacer.NextAt(now).ShouldBeGreaterThan(now);
                now = pacer.NextAt(now);
            }
        }

        (sent / 10.0).ShouldBe(bytesPerSecond, (bytesPerSecond * 0.002) + (frameBytes / 5.0));
    }

    [Fact]
    public void Pause_earns_no_more_than_a_burst()
    {
        var pacer = new Pacer(TimeSpan.TicksPerSecond);
        pacer.SetRate(1_000_000, 1);
        var later = TimeSpan.TicksPerSecond * 100;
        var sent = 0;
        while (pacer.MaySend(later))
        {
            pacer.Sent(1000);
            sent += 1000;
        }

        sent.ShouldBe(10_000);
    }

    [Fact]
    public void Rate_of_nothing_is_no_limit()
    {
        var pacer = new Pacer(TimeSpan.TicksPerSecond);
        pacer.Sent(int.MaxValue);
        pacer.MaySend(1).ShouldBeTrue();
        pacer.SetRate(1000, 1);
        pacer.SetRate(0, 2);
        pacer.Sent(int.MaxValue);
        pacer.MaySend(2).ShouldBeTrue();
    }
}
