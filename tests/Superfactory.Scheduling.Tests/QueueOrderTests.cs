using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>The order of queues, of which those alone are moved that have changed.</summary>
public sealed class QueueOrderTests
{
    private const int Queues = 12, Changes = 400;

    [Fact]
    public void Queues_are_in_the_order_of_one_that_is_made_anew_whatever_changed() => Law.Holds(100, static seed =>
    {
        var random = new Random(seed);
        var tree = QueueTree.Create([.. Enumerable.Range(0, Queues).Select(queue => new QueueSpecification { Name = $"q{queue}", Weight = 1 + random.Next(3) })], World.FleetOf("name: f\nsites: [{name: s, racks: {hardware: gb200-nvl72}}]")).Value!;
        var usage = new UsageLedger(Queues, DecayedUsage.HalfLifeMilliseconds);
        var order = new QueueOrder(tree, usage);
        var now = 1_000_000L;
        for (var change = 0; change < Changes; change++)
        {
            now += random.Next(3) == 0 ? random.Next(1, 100_000_000) : 0;
            for (var more = random.Next(3); more >= 0; more--)
            {
                var queue = random.Next(Queues);
                usage.Hold(queue, random.Next(8), now);
                order.Changed(queue);
            }

            if (random.Next(3) > 0)
            {
                order.At(now).ToArray().ShouldBe(new QueueOrder(tree, usage).At(now).ToArray(), $"seed {seed}, change {change}");
            }
        }
    });
}
