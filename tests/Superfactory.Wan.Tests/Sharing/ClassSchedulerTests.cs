using Superfactory.Model.Wan;
using Superfactory.Wan.Sharing;

namespace Superfactory.Wan.Tests.Sharing;

public sealed class ClassSchedulerTests
{
    [Fact]
    public void Control_goes_before_merges_before_bulk()
    {
        var scheduler = new ClassScheduler(new ClassFloors());
        Next(scheduler, control: true, merge: true, bulk: true).ShouldBe(TrafficClass.Control);
        Next(scheduler, control: false, merge: true, bulk: true).ShouldBe(TrafficClass.Merge);
        Next(scheduler, control: false, merge: false, bulk: true).ShouldBe(TrafficClass.Bulk);
    }

    [Theory]
    [InlineData(1000, 1000, 1000, 0.46, 0.5, 0.04)]
    [InlineData(300, 262_144, 262_144, 0.46, 0.5, 0.04)]
    [InlineData(1000, 0, 1000, 0.96, 0, 0.04)]
    [InlineData(0, 262_144, 100_000, 0, 0.96, 0.04)]
    [InlineData(0, 0, 1000, 0, 0, 1)]
    public void Full_link_gives_each_class_that_waits_its_floor_and_the_rest_to_the_highest(
        int controlBytes, int mergeBytes, int bulkBytes, double control, double merge, double bulk)
    {
        var scheduler = new ClassScheduler(new ClassFloors());
        int[] lengths = [controlBytes, mergeBytes, bulkBytes];
        var sent = new long[3];
        bool[] has = [.. lengths.Select(length => length > 0)];
        var order = new TrafficClass[3];
        while (sent.Sum() < 400_000_000)
        {
            scheduler.Order(has, order).ShouldBe(has.Count(some => some));
            var next = (int)order[0];
            scheduler.Sent(order[0], lengths[next], has);
            sent[next] += lengths[next];
        }

        double[] shares = [.. sent.Select(bytes => (double)bytes / sent.Sum())];
        shares[0].ShouldBe(control, 0.01);
        shares[1].ShouldBe(merge, 0.01);
        shares[2].ShouldBe(bulk, 0.005);
    }

    [Fact]
    public void Class_that_had_the_link_for_itself_waits_behind_one_that_is_higher()
    {
        var scheduler = new ClassScheduler(new ClassFloors());
        for (var count = 0; count < 100; count++)
        {
            scheduler.Sent(TrafficClass.Bulk, 262_144, [false, false, true]);
        }

        for (var count = 0; count < 20; count++)
        {
            Next(scheduler, control: false, merge: true, bulk: true).ShouldBe(TrafficClass.Merge);
            scheduler.Sent(TrafficClass.Merge, 262_144, [false, true, true]);
        }
    }

    private static TrafficClass Next(ClassScheduler scheduler, bool control, bool merge, bool bulk)
    {
        var order = new TrafficClass[3];
        scheduler.Order([control, merge, bulk], order).ShouldBeGreaterThan(0);
        return order[0];
    }
}
