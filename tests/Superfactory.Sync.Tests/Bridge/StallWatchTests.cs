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
    public void Peer_of_which_nothing_is_due_never_stalls()
    {
        var watch = new StallWatch(_time, Limit);
        watch.IsStalled(1, awaited: true);
        _time.Advance(Limit);

        watch.IsStalled(1, awaited: false).ShouldBeFalse();
        watch.IsStalled(1, awaited: true).ShouldBeFalse();
    }
}
