using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Routing.Grants;
using Superfactory.Routing.Watching;

namespace Superfactory.Routing.Tests.Watching;

/// <summary>What is found of links: by what lasts, of both ends, and never by silence.</summary>
public sealed class LinkWatchTests
{
    private const long Declared = 100_000_000;

    private readonly LinkWatch _watch = new();
    private readonly List<string> _found = [];
    private long _now = 5_000;
    private long _full;
    private long? _standing;

    [Fact]
    public void Link_that_is_down_for_fifteen_seconds_is_cut_and_one_that_comes_back_before_is_not()
    {
        Pass(60, Link(up: true));
        Pass(14, Link(up: false));
        Pass(1, Link(up: true));
        Pass(14, Link(up: false));
        _found.ShouldBeEmpty();

        Pass(1, Link(up: false));
        _found.ShouldBe(["cut: The gateways at both its ends have had no connection for 15 s."]);
        Pass(60, Link(up: false));
        _found.Count.ShouldBe(1, "it is told once");
    }

    [Fact]
    public void Link_that_one_end_alone_has_down_is_cut_and_the_reason_names_who_says_so()
    {
        Pass(16, (Report("b", up: true), Report("a", up: false)));

        _found.ShouldBe(["cut: The gateway of b has had no connection to a for 15 s."]);
    }

    [Fact]
    public void Link_that_is_up_again_for_ten_seconds_is_restored_and_later_each_time_that_it_is_cut_again()
    {
        foreach (var seconds in new[] { 10, 20, 40, 80, 160, 160 })
        {
            _found.Clear();
            Pass(16, Link(up: false));
            Pass(seconds - 1, Link(up: true));
            _found.Count.ShouldBe(1);
            Pass(1, Link(up: true));
            _found[^1].ShouldBe($"whole: The gateways at both its ends have had a connection for {seconds} s.");
        }

        Pass(601, Link(up: true));
        _found.Clear();
        Pass(16, Link(up: false));
        Pass(10, Link(up: true));
        _found.Count.ShouldBe(2, "ten minutes without a cut are as if there had never been any");
    }

    [Fact]
    public void Link_is_not_judged_while_a_gateway_at_its_ends_is_not_heard_nor_while_nobody_looked()
    {
        Pass(60, (Report("b", up: false), null));
        Pass(10, Link(up: false));
        _now += 3_600_000;
        Pass(2, Link(up: false));
        _found.ShouldBeEmpty("an hour in which nobody looked counts as two seconds");
        Pass(60, (null, null));
        Pass(14, Link(up: false));
        _found.ShouldBeEmpty();
    }

    [Fact]
    public void Idle_link_that_showed_little_is_not_slow()
    {
        Pass(600, Link(up: true, megabits: 5));

        _found.ShouldBeEmpty();
    }

    [Fact]
    public void Link_that_is_full_for_thirty_seconds_and_carries_much_less_is_slow_in_whichever_direction_and_a_burst_is_not()
    {
        Pass(11, Link(up: true, megabits: 40, full: 900));
        Pass(120, Link(up: true, megabits: 40));
        Pass(31, Link(up: true, megabits: 76, full: 900));
        _found.ShouldBeEmpty();

        Pass(90, (Report("b", up: true, megabits: 41, full: _full += 900), Report("a", up: true)), grows: true);
        _found.ShouldBe(["41000000: The gateways at its ends measured no more in 10 s in which it was full."]);
    }

    [Fact]
    public void Slow_link_is_found_to_carry_more_where_it_shows_that_and_to_be_whole_where_it_shows_nearly_all()
    {
        Pass(31, Link(up: true, megabits: 30, full: 900));
        Pass(31, Link(up: true, megabits: 33, full: 900));
        _found.Count.ShouldBe(1, "a tenth more is no news");
        Pass(31, Link(up: true, megabits: 52, full: 900));
        Pass(31, Link(up: true, megabits: 91, full: 900));

        _found.Select(static text => text[..text.IndexOf(':', StringComparison.Ordinal)]).ShouldBe(["30000000", "52000000", "whole"]);
    }

    [Fact]
    public void Slow_link_that_nobody_fills_any_more_is_taken_for_whole_after_ten_minutes()
    {
        Pass(31, Link(up: true, megabits: 30, full: 900));
        Pass(598, Link(up: true, megabits: 30));
        _found.Count.ShouldBe(1);

        Pass(4, Link(up: true, megabits: 30));
        _found[1].ShouldBe("whole: Nothing that the gateways at its ends measure speaks against what it is declared to carry any more.");
    }

    [Fact]
    public void Slow_link_that_is_found_slow_again_each_time_that_it_is_tried_is_gone_by_twice_as_long_each_time()
    {
        foreach (var minutes in new[] { 10, 20, 40, 80, 160, 160 })
        {
            _found.Clear();
            Pass(31, Link(up: true, megabits: 50, full: 900));
            Pass((minutes * 60) - 2, Link(up: true, megabits: 50));
            _found.Count.ShouldBe(1, $"it is slow for {minutes} min");
            Pass(4, Link(up: true, megabits: 50));
            _found.Count.ShouldBe(2, $"and for no longer than {minutes} min");
        }
    }

    [Theory]
    [InlineData(60, 95, 900)]
    [InlineData(9_700, 50, 0)]
    public void Slow_link_that_showed_nearly_all_or_was_not_found_slow_for_long_is_trusted_again(int seconds, int megabits, int full)
    {
        for (var time = 0; time < 3; time++)
        {
            Pass(31, Link(up: true, megabits: 50, full: 900));
            Pass(2_402, Link(up: true, megabits: 50));
        }

        Pass(seconds, Link(up: true, megabits, full));
        _found.Clear();
        Pass(62, Link(up: true, megabits: 50, full: 900));
        Pass(602, Link(up: true, megabits: 50));
        _found.Count.ShouldBe(2, "ten minutes, as the first time");
    }

    [Theory]
    [InlineData(long.MinValue, 5)]
    [InlineData(-1, long.MaxValue)]
    [InlineData(long.MaxValue, long.MinValue)]
    public void Counts_that_make_no_sense_keep_no_link_from_being_judged(long one, long other)
    {
        for (var second = 0; second < 60; second++)
        {
            var odd = Report("b", up: true, megabits: 10) with { FullMilliseconds = second % 2 == 0 ? one : other };
            var look = Look([new WatchedLink("a", "b", Declared, null)], [new SiteLinks("a", [odd]), new SiteLinks("b", [Report("a", up: true)])]);
            look.Faults.ShouldBeEmpty();
        }

        Pass(33, Link(up: true, megabits: 30, full: 900));
        _found[^1].ShouldStartWith("30000000: ");
    }

    [Fact]
    public void Link_that_cannot_be_judged_is_told_and_keeps_no_other_from_being_judged()
    {
        List<string> faults = [], found = [];
        for (var second = 1; second <= 31; second++)
        {
            // Nothing can carry an eighth more than this.
            var look = Look(
                [new WatchedLink("a", "b", Declared, long.MaxValue), new WatchedLink("b", "c", Declared, null)],
                [
                    new SiteLinks("a", [Report("b", up: true, megabits: 80, full: second * 900)]),
                    new SiteLinks("b", [Report("a", up: true), Report("c", up: true, megabits: 40, full: second * 900)]),
                    new SiteLinks("c", [Report("b", up: true)]),
                ]);
            faults.AddRange(look.Faults.Select(static fault => $"{fault.A}–{fault.B}: {fault.Exception.GetType().Name}"));
            found.AddRange(look.Findings.Select(static finding => $"{finding.A}–{finding.B}: {finding.BitsPerSecond}"));
        }

        faults.ShouldBe(["a–b: OverflowException"]);
        found.ShouldContain("b–c: 40000000");
    }

    [Fact]
    public void What_was_found_before_this_process_began_stands_until_something_else_is_found()
    {
        _standing = 20_000_000;
        Pass(60, Link(up: true, megabits: 20));
        _found.ShouldBeEmpty();
        _standing = 0;
        Pass(9, (null, null));
        Pass(10, Link(up: true));
        _found.ShouldBe(["20000000: The gateways at both its ends have had a connection for 10 s."]);
    }

    [Fact]
    public void Gateway_that_was_started_anew_counts_from_zero_and_is_not_taken_for_slow()
    {
        Pass(29, Link(up: true, megabits: 30, full: 900));
        Pass(1, (null, null));
        _full = 0;
        Pass(29, Link(up: true, megabits: 30, full: 900));

        _found.ShouldBeEmpty();
    }

    private static LinkReport Report(string peer, bool up, long megabits = 0, long full = 0) => new()
    {
        Peer = peer, Connected = up, BytesSent = 0, BytesReceived = 0, AchievableBytesPerSecond = megabits * 125_000, FullMilliseconds = full,
    };

    private static (LinkReport?, LinkReport?, long) Link(bool up, long megabits = 0, long full = 0) => (Report("b", up, megabits), Report("a", up, megabits), full);

    private LinkLook Look(ImmutableArray<WatchedLink> links, ImmutableArray<SiteLinks> sites) => _watch.Look(links, sites, _now += 1_000);

    private void Pass(int seconds, (LinkReport? There, LinkReport? Back, long Full) link) => Pass(seconds, (link.There, link.Back), link.Full);

    private void Pass(int seconds, (LinkReport? There, LinkReport? Back) link, bool grows = false) => Pass(seconds, link, grows ? 900 : 0);

    private void Pass(int seconds, (LinkReport? There, LinkReport? Back) link, long full)
    {
        for (var second = 0; second < seconds; second++)
        {
            _now += 1_000;
            _full += full;
            ImmutableArray<SiteLinks> sites =
            [
                .. link.There is { } there ? [new SiteLinks("a", [there with { FullMilliseconds = _full }])] : Array.Empty<SiteLinks>(),
                .. link.Back is { } back ? [new SiteLinks("b", [back with { FullMilliseconds = link.There?.AchievableBytesPerSecond == back.AchievableBytesPerSecond ? _full : 0 }])] : Array.Empty<SiteLinks>(),
            ];
            foreach (var finding in _watch.Look([new WatchedLink("a", "b", Declared, _standing)], sites, _now).Findings)
            {
                _standing = finding.BitsPerSecond;
                _found.Add($"{finding.BitsPerSecond switch { 0 => "cut", null => "whole", var bits => $"{bits}" }}: {finding.Reason}");
            }
        }
    }
}
