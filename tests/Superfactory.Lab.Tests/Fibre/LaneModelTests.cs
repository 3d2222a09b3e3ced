using Superfactory.Lab.Fibre;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>What a link does to packets, in virtual time.</summary>
public sealed class LaneModelTests
{
    private const long Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;

    private static readonly LaneSettings _line = new(100_000_000, 10 * Millisecond, 0, 0, 1_000_000);

    [Fact]
    public void A_packet_on_an_idle_line_takes_its_bits_time_and_the_delay()
    {
        var runs = Send(new LaneModel(_line, 1), 5 * Second, Burst.Single(1500));

        // 12,000 bits at 100 Mbit/s are 120 µs.
        runs.ShouldBe([new Run(0, 1, (5 * Second) + 120_000, (5 * Second) + 120_000 + (10 * Millisecond))]);
    }

    [Fact]
    public void Packets_that_come_together_leave_one_behind_the_other()
    {
        var model = new LaneModel(_line, 1);

        Send(model, 0, Burst.Single(1500))[0].LastBit.ShouldBe(120_000);
        Send(model, 0, Burst.Single(750))[0].LastBit.ShouldBe(180_000);
        model.QueuedBytes(0).ShouldBe(2250);
        model.QueuedBytes(120_000).ShouldBe(750);
        model.QueuedBytes(Second).ShouldBe(0);
    }

    [Theory]
    [InlineData(100_000_000, 1500)]
    [InlineData(1_000_000_000, 9000)]
    [InlineData(999_999_937, 52)]
    [InlineData(10_000_000_000, 1500)]
    public void A_full_line_carries_exactly_its_rate(long rate, int bytes)
    {
        var model = new LaneModel(_line with { BitsPerSecond = rate, QueueBytes = long.MaxValue / 2 }, 1);
        long last = 0;
        for (var packet = 0; packet < 100_000; packet++)
        {
            last = Send(model, 0, Burst.Single(bytes))[0].LastBit;
        }

        // Exact but for the last fraction of a nanosecond, after a hundred thousand divisions.
        last.ShouldBe((long)((Int128)100_000 * bytes * 8 * Second / rate));
    }

    [Fact]
    public void A_superpacket_counts_the_headers_of_each_segment()
    {
        var burst = new Burst(52, 8948, 65_160 - 52);
        burst.Segments.ShouldBe(8);

        var runs = Send(new LaneModel(_line with { BitsPerSecond = 1_000_000_000 }, 1), 0, burst);

        runs.ShouldHaveSingleItem().LastBit.ShouldBe((65_108 + (8 * 52)) * 8);
    }

    [Fact]
    public void A_superpacket_arrives_in_pieces_of_at_most_a_millisecond()
    {
        // 44 segments of 1,500 bytes at 100 Mbit/s are 5.28 ms.
        var runs = Send(new LaneModel(_line, 1), 0, new Burst(52, 1448, 44 * 1448));

        runs.Sum(static run => run.Count).ShouldBe(44);
        runs.Length.ShouldBe(6);
        runs.Aggregate(0, static (next, run) => run.First == next ? next + run.Count : -1).ShouldBe(44);
        runs.Zip(runs.Prepend(default), static (run, before) => run.LastBit - before.LastBit).ShouldAllBe(static time => time <= Millisecond);
        runs[^1].LastBit.ShouldBe(44 * 120_000);
    }

    [Fact]
    public void A_packet_that_does_not_fit_into_the_queue_is_dropped()
    {
        var model = new LaneModel(_line with { QueueBytes = 3000 }, 1);

        Send(model, 0, Burst.Single(1500)).Length.ShouldBe(1);
        Send(model, 0, Burst.Single(1500)).Length.ShouldBe(1);
        Send(model, 0, Burst.Single(1500)).ShouldBeEmpty();
        model.Counters.QueueDrops.ShouldBe(1);

        // Once the first has left there is room again.
        Send(model, 120_000, Burst.Single(1500)).Length.ShouldBe(1);
    }

    [Fact]
    public void An_idle_line_takes_a_packet_longer_than_its_queue() =>
        Send(new LaneModel(_line with { QueueBytes = 100 }, 1), 0, Burst.Single(1500)).Length.ShouldBe(1);

    [Fact]
    public void A_superpacket_loses_only_the_segments_that_do_not_fit()
    {
        var model = new LaneModel(_line with { QueueBytes = 10_000 }, 1);

        var runs = Send(model, 0, new Burst(52, 1448, 44 * 1448));

        runs.ShouldHaveSingleItem().Count.ShouldBe(6);
        model.Counters.QueueDrops.ShouldBe(38);
    }

    [Fact]
    public void A_lost_segment_takes_its_time_on_the_line_and_cuts_the_superpacket()
    {
        var model = new LaneModel(_line with { Loss = 0.2, BitsPerSecond = 1_000_000_000 }, 3);

        var runs = Send(model, 0, new Burst(52, 1448, 44 * 1448));

        model.Counters.Losses.ShouldBeGreaterThan(0);
        runs.Sum(static run => run.Count).ShouldBe(44 - (int)model.Counters.Losses);
        runs.ShouldAllBe(static run => run.LastBit == (run.First + run.Count) * 12_000);
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.05)]
    [InlineData(0.5)]
    public void The_share_of_lost_packets_is_the_one_asked_for(double loss)
    {
        const int bursts = 20_000;
        var model = new LaneModel(_line with { Loss = loss, QueueBytes = long.MaxValue / 2 }, 42);
        for (var burst = 0; burst < bursts; burst++)
        {
            _ = Send(model, 0, new Burst(52, 1448, 10 * 1448));
        }

        // Five standard deviations of a binomial of 200,000.
        const double packets = bursts * 10;
        ((double)model.Counters.Losses).ShouldBe(packets * loss, 5 * Math.Sqrt(packets * loss * (1 - loss)));
    }

    [Fact]
    public void Everything_is_lost_where_all_is_to_be_and_nothing_where_nothing_is()
    {
        var all = new LaneModel(_line with { Loss = 1 }, 1);
        Send(all, 0, new Burst(52, 1448, 10 * 1448)).ShouldBeEmpty();
        all.Counters.Losses.ShouldBe(10);

        var none = new LaneModel(_line, 1);
        Send(none, 0, new Burst(52, 1448, 10 * 1448)).Sum(static run => run.Count).ShouldBe(10);
        none.Counters.Losses.ShouldBe(0);
    }

    [Fact]
    public void The_same_seed_gives_every_packet_the_same_fate()
    {
        var settings = _line with { Loss = 0.1, Jitter = 2 * Millisecond };
        var (first, second, other) = (new LaneModel(settings, 7), new LaneModel(settings, 7), new LaneModel(settings, 8));
        var (one, same, different) = (Fates(first), Fates(second), Fates(other));

        one.ShouldBe(same);
        one.ShouldNotBe(different);

        static List<Run> Fates(LaneModel model) => [.. Enumerable.Range(0, 500).SelectMany(packet => Send(model, packet * Millisecond, Burst.Single(1000)))];
    }

    [Fact]
    public void Jitter_stays_within_its_bounds_around_the_delay_and_keeps_the_order()
    {
        var model = new LaneModel(_line with { Jitter = 4 * Millisecond }, 5);

        // Further apart than the jitter, so that none holds back the next.
        var delays = Enumerable.Range(0, 10_000).Select(packet => Send(model, packet * 10 * Millisecond, Burst.Single(1500))[0]).Select(static run => run.Due - run.LastBit).ToList();
        delays.ShouldAllBe(static delay => delay >= 6 * Millisecond && delay <= 14 * Millisecond);
        delays.Average().ShouldBe(10 * Millisecond, 0.1 * Millisecond);
        delays.Max().ShouldBeGreaterThan(13 * Millisecond);

        var close = Enumerable.Range(0, 1000).Select(packet => Send(model, (200 * Second) + (packet * 200_000), Burst.Single(1500))[0].Due).ToList();
        close.ShouldBe(close.Order());
    }

    [Fact]
    public void A_cut_line_swallows_everything_until_it_is_restored()
    {
        var model = new LaneModel(_line, 1);
        model.Cut(isCut: true);
        Send(model, 0, new Burst(52, 1448, 10 * 1448)).ShouldBeEmpty();
        model.Counters.CutDrops.ShouldBe(10);
        model.QueuedBytes(0).ShouldBe(0);

        model.Cut(isCut: false);
        Send(model, 0, Burst.Single(1500)).Length.ShouldBe(1);
    }

    [Fact]
    public void A_superpacket_of_tiny_segments_is_cut_into_a_bounded_number_of_pieces()
    {
        var model = new LaneModel(_line with { Loss = 0.5, BitsPerSecond = 10_000_000_000 }, 9);
        var runs = Send(model, 0, new Burst(52, 48, 1300 * 48));
        runs.Length.ShouldBe(LaneModel.RunsMax);
        (runs.Sum(static run => run.Count) + model.Counters.Losses + model.Counters.QueueDrops).ShouldBe(1300);
    }

    private static Run[] Send(LaneModel model, long now, Burst burst)
    {
        var runs = new Run[LaneModel.RunsMax];
        return runs[..model.Send(now, burst, runs)];
    }
}
