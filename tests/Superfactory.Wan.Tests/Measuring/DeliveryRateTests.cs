using Superfactory.Wan.Measuring;

namespace Superfactory.Wan.Tests.Measuring;

public sealed class DeliveryRateTests
{
    private const double Moment = 0.2;
    private const double Line = 12_500_000;

    private readonly DeliveryRate _rate = new();

    [Fact]
    public void Full_link_shows_what_it_carries()
    {
        Full(Line, 20).ShouldBe(Line, 1);
    }

    [Fact]
    public void Chance_peak_is_forgotten_by_a_link_that_is_full()
    {
        Full(Line, 20);
        _rate.Add(1.5 * Line * Moment, Moment, Moment, isFull: false).ShouldBeGreaterThan(1.2 * Line);
        Full(Line, DeliveryRate.MomentsKept + 2).ShouldBe(Line, 1);
    }

    [Fact]
    public void Moment_that_is_counted_late_makes_no_peak()
    {
        for (var index = 0; index < 40; index++)
        {
            // A timer is late by a tenth every other time, and the count of what arrived knows nothing of it.
            _rate.Add(Line * Moment * (index % 2 == 0 ? 1.1 : 0.9), Moment, Moment, isFull: true).ShouldBeLessThan(1.11 * Line);
        }

        Full(Line, 1).ShouldBe(Line, Line * 0.06);
    }

    [Fact]
    public void Link_that_has_become_slower_is_known_after_two_full_seconds()
    {
        Full(Line, 20);
        Full(Line / 10, DeliveryRate.MomentsKept + 1).ShouldBe(Line / 10, 1);
    }

    [Fact]
    public void Link_that_is_not_full_keeps_what_was_found()
    {
        Full(Line, 20);
        for (var index = 0; index < 1000; index++)
        {
            _rate.Add(Line / 100 * Moment, Moment, Moment, isFull: false).ShouldBe(Line, 1);
        }
    }

    [Fact]
    public void Connections_that_were_busy_one_after_the_other_are_not_taken_for_one_that_is_twice_as_fast()
    {
        // Two of 0.1 s each.
        var moment = new StreamSample(1_250_000, 0, 0, 0, 100_000).Beside(new StreamSample(1_250_000, 0, 0, 0, 100_000));
        var meter = new LinkMeter();
        meter.Add(moment, Moment, isFull: false);
        meter.AchievableBytesPerSecond.ShouldBe((long)Line);
    }

    [Fact]
    public void Burst_shows_a_lower_bound_that_is_no_higher_than_the_line()
    {
        _rate.Add(Line * 0.05, 0.07, Moment, isFull: false).ShouldBe(Line / 2, 1);
        _rate.Add(Line * 0.15, 0.17, Moment, isFull: false).ShouldBeInRange(Line / 2, Line);
    }

    private double Full(double rate, int moments)
    {
        var known = 0.0;
        for (var index = 0; index < moments; index++)
        {
            known = _rate.Add(rate * Moment, Moment, Moment, isFull: true);
        }

        return known;
    }
}
