using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Tests.Routes;

namespace Superfactory.Wan.Tests.Links;

/// <summary>Frames whose checksums are right and whose numbers are at the edge of what can be said.</summary>
public sealed class ExtremeNumberTests
{
    [Theory]
    [InlineData(long.MaxValue, 1, 1)]
    [InlineData(long.MaxValue, int.MaxValue, int.MaxValue)]
    [InlineData(0, int.MaxValue, int.MaxValue)]
    [InlineData(2, 1, 1)]
    public void Acknowledgement_of_numbers_that_were_never_sent_is_refused_and_forgets_nothing(long cumulative, int skipped, int count)
    {
        var ledger = new SendLedger();
        var way = new Way(["atlanta", "iowa"]);
        for (var sent = 0; sent < 2; sent++)
        {
            ledger.Add(Frame.Create(FrameType.Message, TrafficClass.Merge, PooledBuffer.Rent(10)), 1, way, 1, 1);
        }

        ledger.Acknowledge(new AckPayload(cumulative, [new AckRange(skipped, count)]), _ => throw new InvalidOperationException()).ShouldBeFalse();
        ledger.Acknowledge(new AckPayload(2, []), sent => sent.Frame.Payload.Release()).ShouldBeTrue();
        ledger.IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData(long.MaxValue, false)]
    [InlineData(LinkStatePayload.VersionMax + 1, false)]
    [InlineData(LinkStatePayload.VersionMax, true)]
    public void Site_that_hears_an_extreme_version_of_itself_goes_on_to_say_what_is_up(long version, bool isTaken)
    {
        var world = new NetworkWorld(3, streams: 1, "atlanta", "ohio", "wisconsin");
        world.Trouble(500, deaths: false);
        var network = world["atlanta"].Network;
        var frame = Frame.Control(FrameType.LinkState, new LinkStatePayload("atlanta", version, []).Encode());
        network.Receive("ohio", frame.Header, null, frame.Payload, world.Now).ShouldBe(isTaken ? FrameRefusal.None : FrameRefusal.Payload);
        world.Cut.Add(("atlanta", "wisconsin"));
        world.Trouble(500, deaths: false);
        world.Cut.Clear();
        world.Trouble(500, deaths: true);
        world.Settle();
        world["atlanta"].ShouldHaveReached(world["wisconsin"]);
    }

    [Theory]
    [InlineData(-5, 1)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(TimeSpan.TicksPerMillisecond, 1)]
    [InlineData(TimeSpan.TicksPerMillisecond + 1, 2)]
    public void Alarm_waits_for_whole_milliseconds_and_never_for_none(long ticks, int milliseconds)
        => GatewayCore.AlarmSpan(ticks).ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
}
