using Superfactory.Control.Writing;

namespace Superfactory.Control.Tests.Writing;

/// <summary>What comes due by the journal's time comes due whatever becomes of the machine's clock.</summary>
public sealed class FactoryTimeTests
{
    [Fact]
    public void Time_goes_on_from_the_journals_newest_where_the_clock_is_behind_it()
    {
        var clock = new SetClock { Told = 5_000 };
        var time = new FactoryTime(clock, least: 60_000);

        clock.Pass(250);

        time.Now.ShouldBe(60_250);
    }

    [Fact]
    public void Time_goes_on_where_the_clock_is_set_back_and_with_the_clock_where_it_is_set_ahead()
    {
        var clock = new SetClock { Told = 60_000 };
        var time = new FactoryTime(clock, least: 0);
        time.Now.ShouldBe(60_000);

        clock.Told -= 3_600_000;
        clock.Pass(700);
        time.Now.ShouldBe(60_700, "half a second for a promise passes all the same");

        clock.Told = 90_000;
        time.Now.ShouldBe(90_000);
        clock.Told = 0;
        clock.Pass(10);
        time.Now.ShouldBe(90_010);
    }

    /// <summary>A clock that may be set, and a timestamp that may not.</summary>
    private sealed class SetClock : TimeProvider
    {
        private long _passed;

        public long Told { get; set; }

        public override long TimestampFrequency => 1_000;

        public void Pass(long milliseconds) => (_passed, Told) = (_passed + milliseconds, Told + milliseconds);

        public override long GetTimestamp() => _passed;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Told);
    }
}
