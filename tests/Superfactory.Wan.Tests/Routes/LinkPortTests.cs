using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Sharing;

namespace Superfactory.Wan.Tests.Routes;

public sealed class LinkPortTests
{
    private static readonly Way _way = new(["atlanta", "iowa"]);
    private long _drawn;

    [Fact]
    public void Class_that_waits_for_its_rate_keeps_its_alarm_when_a_stream_of_another_class_looks()
    {
        var session = Agreed();
        var endpoint = new RegisteredEndpoint(new EndpointAddress("atlanta", "e"), 7);
        var port = new LinkPort("iowa", new ClassFloors(), new StreamShifts(1, 1));
        var (control, data) = (new StreamPort(1, 0), new StreamPort(2, 1));
        port.Open(control);
        port.Open(data);
        var pacer = new Pacer(TimeSpan.TicksPerSecond);
        pacer.SetRate(1000, 1);
        pacer.Sent(1000);
        port.Add(TrafficClass.Merge, new Feed(session, _way, pacer));
        session.TryEnqueueMessage(Frame.Create(FrameType.Message, TrafficClass.Merge, PooledBuffer.Rent(10)), new SenderTally(endpoint.Registration)).ShouldBeNull();
        session.HasWork(TrafficClass.Merge).ShouldBeTrue();

        port.TryTake(data, 2, out _).ShouldBeFalse();
        var until = port.PacedUntil.ShouldNotBeNull();
        port.TryTake(control, 3, out _).ShouldBeFalse();
        port.PacedUntil.ShouldBe(until);

        port.WakePaced(until - 1);
        data.IsIdle.ShouldBeTrue();
        port.WakePaced(until);
        (data.IsIdle, port.PacedUntil).ShouldBe((false, null));
        port.TryTake(data, until, out var outgoing).ShouldBeTrue();
        outgoing.Payload.Release();
        session.Close();
    }

    [Fact]
    public void Bulk_waits_a_moment_after_a_merge_and_is_woken_when_none_came()
    {
        var session = Agreed();
        var (control, data) = (new StreamPort(1, 0), new StreamPort(2, 1));
        var port = new LinkPort("iowa", new ClassFloors(), new StreamShifts(1, 1)) { RoundTripMicroseconds = 20_000 };
        port.Open(control);
        port.Open(data);
        foreach (var trafficClass in new[] { TrafficClass.Merge, TrafficClass.Bulk })
        {
            port.Add(trafficClass, new Feed(session, _way, new Pacer(TimeSpan.TicksPerSecond)));
            Enqueue(session, trafficClass);
        }

        var end = TimeSpan.FromSeconds(1).Ticks;
        ClassTaken(port, data, 1).ShouldBe(TrafficClass.Merge);
        ClassTaken(port, data, end).ShouldBeNull();
        ClassTaken(port, control, end + 1).ShouldBeNull();
        var until = port.PacedUntil.ShouldNotBeNull();
        until.ShouldBe(end + TimeSpan.FromMilliseconds(50).Ticks);
        port.WakePaced(until);
        data.IsIdle.ShouldBeFalse();
        ClassTaken(port, data, until).ShouldBe(TrafficClass.Bulk);

        // An idle link owes a later merge nothing.
        Enqueue(session, TrafficClass.Bulk);
        ClassTaken(port, data, 10 * end).ShouldBe(TrafficClass.Bulk);
        session.Close();
    }

    [Fact]
    public void Merge_that_waits_for_its_rate_holds_no_bulk()
    {
        var session = Agreed();
        var data = new StreamPort(2, 1);
        var port = new LinkPort("iowa", new ClassFloors(), new StreamShifts(1, 1)) { RoundTripMicroseconds = 20_000 };
        port.Open(new StreamPort(1, 0));
        port.Open(data);
        var pacer = new Pacer(TimeSpan.TicksPerSecond);
        pacer.SetRate(1000, 1);
        port.Add(TrafficClass.Merge, new Feed(session, _way, pacer));
        port.Add(TrafficClass.Bulk, new Feed(session, _way, new Pacer(TimeSpan.TicksPerSecond)));
        Enqueue(session, TrafficClass.Merge);
        Enqueue(session, TrafficClass.Merge);
        Enqueue(session, TrafficClass.Bulk);

        var later = TimeSpan.FromSeconds(0.01).Ticks;
        ClassTaken(port, data, 2).ShouldBe(TrafficClass.Merge);
        ClassTaken(port, data, later).ShouldBe(TrafficClass.Bulk);
        session.Close();
    }

    [Fact]
    public void Bulk_is_alone_beside_what_bridges_say_to_each_other_and_not_beside_a_merge()
    {
        var session = Agreed();
        var data = new StreamPort(2, 1);
        var port = new LinkPort("iowa", new ClassFloors(), new StreamShifts(1, 1));
        port.Open(new StreamPort(1, 0));
        port.Open(data);
        foreach (var trafficClass in new[] { TrafficClass.Merge, TrafficClass.Bulk })
        {
            port.Add(trafficClass, new Feed(session, _way, new Pacer(TimeSpan.TicksPerSecond)));
        }

        bool IsAloneAfter(TrafficClass trafficClass, int bytes)
        {
            Enqueue(session, trafficClass, bytes);
            Enqueue(session, TrafficClass.Bulk);
            while (ClassTaken(port, data, 1) is not null)
            {
            }

            return port.TakeBulkAlone();
        }

        port.TakeBulkAlone().ShouldBeFalse();
        IsAloneAfter(TrafficClass.Bulk, 500_000).ShouldBeTrue();
        port.TakeBulkAlone().ShouldBeFalse("it was asked just before");
        IsAloneAfter(TrafficClass.Merge, 500).ShouldBeTrue();
        IsAloneAfter(TrafficClass.Merge, 192 * 1024).ShouldBeFalse();
        IsAloneAfter(TrafficClass.Bulk, 10).ShouldBeTrue("what a merge took is forgotten");
        session.Close();
    }

    [Fact]
    public void Stream_that_takes_the_place_of_one_that_lingers_carries_control()
    {
        var port = new LinkPort("iowa", new ClassFloors(), new StreamShifts(1, 1));
        StreamPort[] streams = [new(1, 0), new(2, 1), new(3, 0)];
        Array.ForEach(streams, port.Open);
        port.Flood("ohio", Frame.Control(FrameType.LinkState, new LinkStatePayload("ohio", 1, []).Encode()));
        port.Add(TrafficClass.Control, new Feed(NewSession("iowa"), _way, new Pacer(TimeSpan.TicksPerSecond)));

        port.TryTake(streams[0], 1, out _).ShouldBeFalse();
        port.TryTake(streams[1], 1, out _).ShouldBeFalse();
        Types(port, streams[2]).ShouldBe([FrameType.LinkState, FrameType.Open]);
    }

    [Fact]
    public void Classes_on_the_same_way_have_windows_and_arrivals_of_their_own()
    {
        var table = new RouteTable(NewSession("iowa"));
        Leg[] legs = [new(["atlanta", "ohio", "iowa"], 0)];
        table.Set(TrafficClass.Merge, legs, 1);
        table.Set(TrafficClass.Bulk, legs, 1);
        var (merge, bulk) = (table.Feeds(TrafficClass.Merge)[0].Way, table.Feeds(TrafficClass.Bulk)[0].Way);
        merge.Sent(100);
        merge.Arrived(100, 5, 9);
        (bulk.BytesUnderWay, bulk.LatestArrivalSentAt).ShouldBe((0, long.MinValue));

        table.Set(TrafficClass.Bulk, [], 2);
        table.Drop(_ => false);
        table.Set(TrafficClass.Merge, legs, 3);
        table.Feeds(TrafficClass.Merge)[0].Way.ShouldBeSameAs(merge);
        table.Set(TrafficClass.Bulk, legs, 3);
        table.Feeds(TrafficClass.Bulk)[0].Way.ShouldNotBeSameAs(bulk);
    }

    private static void Enqueue(Session session, TrafficClass trafficClass, int bytes = 10) =>
        session.TryEnqueueMessage(Frame.Create(FrameType.Message, trafficClass, PooledBuffer.Rent(bytes)), new SenderTally(7)).ShouldBeNull();

    private static TrafficClass? ClassTaken(LinkPort port, StreamPort stream, long now)
    {
        if (!port.TryTake(stream, now, out var outgoing))
        {
            return null;
        }

        outgoing.Payload.Release();
        return outgoing.Header.Class;
    }

    private static List<FrameType> Types(LinkPort port, StreamPort stream)
    {
        var types = new List<FrameType>();
        while (port.TryTake(stream, 1, out var outgoing))
        {
            types.Add(outgoing.Header.Type);
            outgoing.Payload.Release();
        }

        return types;
    }

    private Session NewSession(string peer) => new(peer, 1, new LinkLimits(), () => ++_drawn);

    /// <summary>A session with another one that knows its endpoint, and that has nothing left to say.</summary>
    private Session Agreed()
    {
        var (one, other) = (NewSession("iowa"), NewSession("atlanta"));
        one.Arrive(new RegisteredEndpoint(new EndpointAddress("atlanta", "e"), 7));
        for (var round = 0; round < 10; round++)
        {
            Speak(one, other);
            Speak(other, one);
        }

        one.IsAgreed.ShouldBeTrue();
        return one;
    }

    private static void Speak(Session from, Session to)
    {
        while (from.TryTake(TrafficClass.Control, _way, 1, 1, out var outgoing))
        {
            to.Receive(outgoing.Header, outgoing.Payload.Span, 1, out var refusal);
            refusal.ShouldBe(FrameRefusal.None);
            outgoing.Payload.Release();
            to.AcknowledgeIfDue(long.MaxValue);
        }
    }
}
