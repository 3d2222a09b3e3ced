using Superfactory.Wan.Frames;
using Superfactory.Wan.Local;

namespace Superfactory.Wan.Tests.Local;

public sealed class FlowOrderTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 50)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Messages_in_any_order_are_delivered_once_each_ordered_one_between_what_is_before_and_after_it(int seed)
    {
        var random = new Random(seed);
        var numbering = new FlowNumbering();
        List<(FlowPlace Place, int Number)> sent = [];
        for (var number = 0; number < 400; number++)
        {
            var order = random.Next(seed % 7 + 1) == 0 ? MessageOrder.Ordered : MessageOrder.Unordered;
            sent.Add((numbering.Next(order), number));
            numbering.Sent(order);
        }

        List<int> delivered = [];
        var flow = new FlowOrder<int>(delivered.Add);
        foreach (var (place, number) in sent.OrderBy(_ => random.Next()))
        {
            flow.Offer(place, number);
        }

        flow.Held.ShouldBe(0);
        delivered.Order().ShouldBe(Enumerable.Range(0, 400));
        for (var at = 0; at < delivered.Count; at++)
        {
            if (!sent[delivered[at]].Place.Unordered)
            {
                delivered.Take(at).ShouldAllBe(before => before < delivered[at]);
                at.ShouldBe(delivered[at]);
            }
        }
    }

    [Fact]
    public void Unordered_message_that_is_here_does_not_wait_for_one_that_is_late()
    {
        var numbering = new FlowNumbering();
        var first = numbering.Next(MessageOrder.Unordered);
        numbering.Sent(MessageOrder.Unordered);
        var second = numbering.Next(MessageOrder.Unordered);
        numbering.Sent(MessageOrder.Unordered);
        var last = numbering.Next(MessageOrder.Ordered);

        List<int> delivered = [];
        var flow = new FlowOrder<int>(delivered.Add);
        flow.Offer(second, 2);
        delivered.ShouldBe([2]);
        flow.Offer(last, 3);
        delivered.ShouldBe([2]);
        flow.Offer(first, 1);
        delivered.ShouldBe([2, 1, 3]);
    }

    [Fact]
    public void What_waits_for_something_that_never_comes_is_given_back()
    {
        var flow = new FlowOrder<int>(_ => throw new InvalidOperationException());
        flow.Offer(new FlowPlace(true, 1, 0), 1);
        flow.Offer(new FlowPlace(false, 1, 1), 2);
        List<int> dropped = [];
        flow.Drop(dropped.Add);
        dropped.Order().ShouldBe([1, 2]);
        flow.Held.ShouldBe(0);
    }
}
