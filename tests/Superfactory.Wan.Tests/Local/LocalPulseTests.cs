using Superfactory.Wan.Local;

namespace Superfactory.Wan.Tests.Local;

/// <summary>When a bridge that is connected is believed to be paused.</summary>
public sealed class LocalPulseTests
{
    private readonly Hands _time = new();

    [Fact]
    public void Others_know_of_a_paused_bridge_within_three_seconds() =>
        (LocalPulse.SilenceMax + (2 * LocalPulse.Interval)).ShouldBeLessThan(TimeSpan.FromSeconds(3));

    [Fact]
    public void Client_that_beat_once_and_then_says_nothing_is_silent_after_two_seconds_and_not_before()
    {
        var pulse = Beating();

        Pass(pulse, LocalPulse.SilenceMax - LocalPulse.Interval).ShouldBeFalse();
        Pass(pulse, LocalPulse.Interval).ShouldBeTrue();
    }

    [Fact]
    public void Whatever_comes_shows_that_it_runs()
    {
        var pulse = Beating();
        Pass(pulse, LocalPulse.SilenceMax - LocalPulse.Interval);
        pulse.Hear();
        pulse.Wait();

        Pass(pulse, LocalPulse.SilenceMax - LocalPulse.Interval).ShouldBeFalse();
    }

    [Fact]
    public void Client_that_the_gateway_does_not_read_meanwhile_is_not_silent()
    {
        var pulse = Beating();
        pulse.Hear();

        Pass(pulse, 3 * LocalPulse.SilenceMax).ShouldBeFalse();
    }

    [Fact]
    public void Pause_of_the_gateway_itself_counts_against_nobody()
    {
        var pulse = Beating();
        _time.Advance(2 * LocalPulse.SilenceMax);

        pulse.IsSilent().ShouldBeFalse();
        Pass(pulse, LocalPulse.SilenceMax).ShouldBeTrue();
    }

    [Fact]
    public void Client_that_never_beat_is_not_judged()
    {
        var pulse = new LocalPulse(_time);
        pulse.Wait();

        Pass(pulse, 3 * LocalPulse.SilenceMax).ShouldBeFalse();
    }

    private LocalPulse Beating()
    {
        var pulse = new LocalPulse(_time);
        pulse.Beat();
        pulse.Wait();
        return pulse;
    }

    private bool Pass(LocalPulse pulse, TimeSpan time)
    {
        var silent = false;
        for (var passed = TimeSpan.Zero; passed < time; passed += LocalPulse.Interval)
        {
            _time.Advance(LocalPulse.Interval);
            silent = pulse.IsSilent();
        }

        return silent;
    }

    private sealed class Hands : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
