using Superfactory.Lab.Fibre;

namespace Superfactory.Lab.Tests.Fibre;

/// <summary>A link that changes while packets wait for it, in virtual time.</summary>
public sealed class LaneChangeTests
{
    private const long Millisecond = 1_000_000;

    // 1,000 bytes take 1 ms.
    private static readonly LaneSettings _slow = new(8_000_000, 10 * Millisecond, 0, 0, 100_000);

    private readonly LaneModel _model = new(_slow, 1);
    private readonly CrossingQueue _waiting = new();

    [Fact]
    public void What_waits_leaves_at_the_new_rate_and_what_left_keeps_its_time()
    {
        Send(0, 4);

        // The first has left, half of the second too.
        _model.Change(1_500_000, _slow with { BitsPerSecond = 80_000_000 }, _waiting);

        Dues().ShouldBe([11_000_000, 11_550_000, 11_650_000, 11_750_000]);
        _model.QueuedBytes(1_500_000).ShouldBe(2500);
    }

    [Fact]
    public void A_shorter_delay_overtakes_nothing()
    {
        Send(0, 3);
        _model.Change(1_500_000, _slow with { Delay = 0 }, _waiting);
        Dues().ShouldBe([11_000_000, 11_000_000, 11_000_000]);
    }

    [Fact]
    public void A_longer_delay_holds_what_has_not_left()
    {
        Send(0, 3);
        _model.Change(1_500_000, _slow with { Delay = 50 * Millisecond }, _waiting);
        Dues().ShouldBe([11_000_000, 52_000_000, 53_000_000]);
    }

    [Fact]
    public void What_no_longer_fits_into_the_queue_is_dropped_from_its_end()
    {
        Send(0, 10);
        _model.Change(0, _slow with { QueueBytes = 4000 }, _waiting);

        _waiting.Count.ShouldBe(4);
        _model.Counters.QueueDrops.ShouldBe(6);
        _model.QueuedBytes(0).ShouldBe(4000);
        Dues()[^1].ShouldBe(14_000_000);
    }

    [Fact]
    public void The_packet_that_comes_next_leaves_behind_those_that_wait()
    {
        Send(0, 2);
        _model.Change(0, _slow with { BitsPerSecond = 80_000_000 }, _waiting);
        Send(0, 1);
        Dues().ShouldBe([10_100_000, 10_200_000, 10_300_000]);
    }

    private List<long> Dues() => [.. Enumerable.Range(0, _waiting.Count).Select(index => _waiting[index].Due)];

    private void Send(long now, int packets)
    {
        var runs = new Run[LaneModel.RunsMax];
        for (var packet = 0; packet < packets; packet++)
        {
            _model.Send(now, Burst.Single(1000), runs).ShouldBe(1);
            _waiting.Add(new Crossing { LastBit = runs[0].LastBit, Due = runs[0].Due, Segments = 1, Bytes = 1000 });
        }
    }
}
