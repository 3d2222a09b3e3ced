using Superfactory.Sync.Bridge.Peers;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>A peer stalls when it owes chunks for long and sends none.</summary>
public sealed class StallWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();

    [Fact]
    public void Peer_that_owes_chunks_and_sends_none_for_the_limit_stalls_once()
    {
        var watch = new StallWatch(_time, Limit);

        watch.IsStalled(1, awaited: true).ShouldBeFalse();
        _time.Advance(Limit - TimeSpan.FromMilliseconds(1));
        watch.IsStalled(1, awaited: true).ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        watch.IsStalled(1, awaited: true).ShouldBeTrue();
        watch.IsStalled(1, awaited: true).ShouldBeFalse();
    }

    [Fact]
    public void Chunk_that_comes_begins_the_time_anew()
    {
        var watch = new StallWatch(_time, Limit);
        watch.IsStalled(1, awaited: true);
        _time.Advance(Limit);

        watch.Heard(1);

        watch.IsStalled(1, awaited: true).ShouldBeFalse();
    }

    [Fact]
    public void Pause_of_the_bridge_itself_counts_against_nobody()
    {
        var watch = new StallWatch(_time, Limit);
        watch.Look(default);
        watch.IsStalled(1, awaited: true);
        _time.Advance(Limit);

        watch.Look(default);

        watch.IsStalled(1, awaited: true).ShouldBeFalse();
    }

    [Fact]
    public void Another_attempt_begins_the_time_anew_and_looks_in_time_do_not()
    {
        var watch = new StallWatch(_time, Limit);
        watch.Look(default);
        watch.IsStalled(1, awaited: true);
        watch.IsStalled(2, awaited: true);
        for (var second = 0; second < Limit.TotalSeconds; second++)
        {
            _time.Advance(StallWatch.GapMax);
            watch.Look(default);
        }

        watch.IsStalled(1, awaited: true).ShouldBeTrue();
        watch.Look(new(0, 1));

        watch.IsStalled(2, awaited: true).ShouldBeFalse();
    }

    [Fact]
    public void Peer_of_which_nothing_is_due_never_stalls()
    {
        var watch = new StallWatch(_time, Limit);
        watch.IsStalled(1, awaited: true);
        _time.Advance(Limit);

        watch.IsStalled(1, awaited: false).ShouldBeFalse();
        watch.IsStalled(1, awaited: true).ShouldBeFalse();
    }
}
