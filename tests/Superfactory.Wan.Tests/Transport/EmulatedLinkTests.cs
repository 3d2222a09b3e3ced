using Superfactory.Model.Units;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests.Transport;

public sealed class EmulatedLinkTests
{
    // 8 Mbit/s: a byte each microsecond. 14 ms round trip: 7 ms one way.
    private static readonly WanProfile _profile = new(new Bandwidth(8_000_000), TimeSpan.FromMilliseconds(14));

    [Fact]
    public void Bytes_arrive_after_their_time_on_the_link_and_half_the_round_trip() => VirtualTime.Run(async time =>
    {
        var arrivals = new ArrivalStream(time);
        await using var link = new EmulatedLinkStream(arrivals, _profile, time);
        await link.WriteAsync(new byte[1000], TwoSites.Token);
        await Task.Delay(TimeSpan.FromMilliseconds(100), time, TwoSites.Token);

        // 1 ms on the link, 7 ms on the way.
        arrivals.Length.ShouldBe(1000);
        arrivals.Last.ShouldBe(TimeSpan.FromMilliseconds(8));
    });

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000_000)]
    [InlineData(1_000_000_000)]
    [InlineData(10_000_000_000)]
    public void Bulk_flows_at_the_rate_of_the_link_and_in_order(long bitsPerSecond) => VirtualTime.Run(async time =>
    {
        var arrivals = new ArrivalStream(time);
        var profile = _profile with { Rate = new Bandwidth(bitsPerSecond) };
        await using var link = new EmulatedLinkStream(arrivals, profile, time);
        var bytes = new byte[2_000_000];
        new Random(5).NextBytes(bytes);
        for (var offset = 0; offset < bytes.Length; offset += 50_000)
        {
            await link.WriteAsync(bytes.AsMemory(offset, 50_000), TwoSites.Token);
        }

        await Task.Delay(TimeSpan.FromSeconds(1), time, TwoSites.Token);
        arrivals.ToArray().ShouldBe(bytes);
        var expected = TimeSpan.FromMilliseconds(7) + TimeSpan.FromSeconds(bytes.Length / profile.Rate.BytesPerSecond);
        arrivals.Last.TotalMilliseconds.ShouldBe(expected.TotalMilliseconds, 1);
    });

    [Fact]
    public void Writer_runs_ahead_of_the_link_by_its_transmit_queue_and_no_further() => VirtualTime.Run(async time =>
    {
        await using var link = new EmulatedLinkStream(new ArrivalStream(time), _profile, time);
        var ahead = (int)(EmulatedLinkStream.TransmitAheadMax.TotalSeconds * _profile.Rate.BytesPerSecond);
        await link.WriteAsync(new byte[ahead], TwoSites.Token);
        time.Now.ShouldBe(TimeSpan.Zero);
        await link.WriteAsync(new byte[1000], TwoSites.Token);
        time.Now.ShouldBeGreaterThan(TimeSpan.Zero);
    });

    [Fact]
    public void Timer_that_is_late_does_not_slow_the_link() => VirtualTime.Run(async time =>
    {
        time.TimersAreLateBy = TimeSpan.FromMilliseconds(30);
        var arrivals = new ArrivalStream(time);
        await using var link = new EmulatedLinkStream(arrivals, _profile, time);
        await link.WriteAsync(new byte[1_000_000], TwoSites.Token);
        await Task.Delay(TimeSpan.FromSeconds(1), time, TwoSites.Token);
        arrivals.Length.ShouldBe(1_000_000);
        arrivals.Last.TotalMilliseconds.ShouldBeInRange(1007, 1007 + 60);
    });

    [Fact]
    public void Pause_earns_no_credit_for_a_burst() => VirtualTime.Run(async time =>
    {
        var arrivals = new ArrivalStream(time);
        await using var link = new EmulatedLinkStream(arrivals, _profile, time);
        await Task.Delay(TimeSpan.FromSeconds(10), time, TwoSites.Token);
        await link.WriteAsync(new byte[100_000], TwoSites.Token);
        await Task.Delay(TimeSpan.FromSeconds(1), time, TwoSites.Token);
        arrivals.Last.TotalMilliseconds.ShouldBe(10_107, 1);
    });

    [Fact]
    public void Connection_that_fails_under_the_link_fails_the_writer() => VirtualTime.Run(async time =>
    {
        var wire = new MemoryWire(bytesUntilCut: 0);
        await using var link = new EmulatedLinkStream(wire.Left, _profile, time);
        await link.WriteAsync(new byte[10], TwoSites.Token);
        await Task.Delay(TimeSpan.FromSeconds(1), time, TwoSites.Token);
        IOException? failure = null;
        try
        {
            await link.WriteAsync(new byte[10], TwoSites.Token);
        }
        catch (IOException exception)
        {
            failure = exception;
        }

        failure.ShouldNotBeNull();
    });

    /// <summary>Takes note of what arrives when.</summary>
    private sealed class ArrivalStream(VirtualTime time) : MemoryStream
    {
        public TimeSpan Last { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Last = time.Now;
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
