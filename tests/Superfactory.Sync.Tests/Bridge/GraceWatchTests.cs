using Superfactory.Sync.Bridge.Peers;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>How long a round waits for late islands.</summary>
public sealed class GraceWatchTests
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(250);

    private readonly ManualTime _time = new();

    [Fact]
    public void Grace_begins_when_enough_have_contributed_and_is_over_until_the_round_ends()
    {
        var watch = new GraceWatch(_time, TimeSpan.FromSeconds(1));

        Looks(watch, new RoundAttempt(4, 0), quorate: false, 20).ShouldAllBe(over => !over);
        Looks(watch, new RoundAttempt(4, 0), quorate: true, 6).ShouldBe([false, false, false, false, true, true]);
        Looks(watch, new RoundAttempt(4, 1), quorate: true, 1).ShouldBe([true], "another attempt at the round has the same grace");
        Looks(watch, new RoundAttempt(5, 0), quorate: true, 2).ShouldBe([false, false]);
    }

    [Fact]
    public void Grace_begins_anew_after_a_pause_in_which_nothing_was_read()
    {
        var watch = new GraceWatch(_time, TimeSpan.FromSeconds(1));
        Looks(watch, new RoundAttempt(0, 0), quorate: true, 4);

        _time.Advance(TimeSpan.FromSeconds(30));

        Looks(watch, new RoundAttempt(0, 0), quorate: true, 5).ShouldBe([false, false, false, false, true]);
    }

    [Fact]
    public void No_grace_closes_at_once() =>
        new GraceWatch(_time, TimeSpan.Zero).IsOver(new RoundAttempt(0, 0), quorate: true).ShouldBeTrue();

    private List<bool> Looks(GraceWatch watch, RoundAttempt attempt, bool quorate, int count)
    {
        var seen = new List<bool>();
        for (var look = 0; look < count; look++)
        {
            seen.Add(watch.IsOver(attempt, quorate));
            _time.Advance(_look);
        }

        return seen;
    }
}
