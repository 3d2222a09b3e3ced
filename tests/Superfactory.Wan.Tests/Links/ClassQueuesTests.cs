using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;

namespace Superfactory.Wan.Tests.Links;

public sealed class ClassQueuesTests
{
    [Fact]
    public void Control_goes_before_merges_before_bulk()
    {
        var queues = new ClassQueues();
        queues.Enqueue(Message(TrafficClass.Bulk), 1);
        queues.Enqueue(Message(TrafficClass.Merge), 1);
        queues.Enqueue(Message(TrafficClass.Control), 1);
        queues.EnqueueNews(News());
        Take(queues, 4).Select(frame => (frame.Type, frame.Class)).ShouldBe(
        [
            (FrameType.EndpointUp, TrafficClass.Control), (FrameType.Message, TrafficClass.Control),
            (FrameType.Message, TrafficClass.Merge), (FrameType.Message, TrafficClass.Bulk),
        ]);
    }

    [Fact]
    public void Class_that_waits_gets_its_share_and_no_more()
    {
        var queues = new ClassQueues();
        for (var count = 0; count < 1000; count++)
        {
            queues.Enqueue(Message(TrafficClass.Merge), 1);
            queues.Enqueue(Message(TrafficClass.Bulk), 1);
        }

        Take(queues, 170).Count(frame => frame.Class == TrafficClass.Bulk).ShouldBe(10);
    }

    [Fact]
    public void News_that_a_registration_is_gone_follows_its_last_message_of_any_class()
    {
        var queues = new ClassQueues();
        queues.Enqueue(Message(TrafficClass.Bulk), 1);
        queues.Enqueue(Message(TrafficClass.Merge), 1);
        queues.Enqueue(Message(TrafficClass.Merge), 2);
        queues.EnqueueAfter(new RegisteredEndpoint(new EndpointAddress("atlanta", "a"), 1), News());
        Take(queues, 4).Select(frame => frame.Type).ShouldBe([FrameType.Message, FrameType.Message, FrameType.Message, FrameType.EndpointUp]);
        queues.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Messages_of_a_registration_that_is_replaced_are_dropped_and_its_end_is_told_at_once()
    {
        var queues = new ClassQueues();
        queues.Enqueue(Message(TrafficClass.Bulk), 1);
        queues.Enqueue(Message(TrafficClass.Merge), 2);
        queues.EnqueueAfter(new RegisteredEndpoint(new EndpointAddress("atlanta", "a"), 1), News());
        queues.PurgeGone("a");
        Take(queues, 2).Select(frame => (frame.Type, frame.Class)).ShouldBe([(FrameType.EndpointUp, TrafficClass.Control), (FrameType.Message, TrafficClass.Merge)]);
        queues.IsEmpty.ShouldBeTrue();
        queues.Bytes(TrafficClass.Bulk).ShouldBe(0);
    }

    private static Frame Message(TrafficClass trafficClass) => Frame.Create(FrameType.Message, trafficClass, PooledBuffer.Rent(100));

    private static Frame News() => Frame.Control(FrameType.EndpointUp, PooledBuffer.Rent(10));

    private static List<Frame> Take(ClassQueues queues, int count)
    {
        List<Frame> taken = [];
        while (taken.Count < count && queues.TryDequeue(out var frame))
        {
            taken.Add(frame);
        }

        return taken;
    }
}
