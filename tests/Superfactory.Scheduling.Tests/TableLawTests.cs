using System.Globalization;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Tables;

namespace Superfactory.Scheduling.Tests;

/// <summary>The scheduler's own tables hold what those of .NET hold after the same additions and removals.</summary>
public sealed class TableLawTests
{
    private const int Steps = 4_000;

    [Fact]
    public void A_table_by_number_holds_what_a_dictionary_holds() => Law.Holds(40, seed =>
    {
        var random = new Random(seed);
        var (table, expected) = (new NumberTable<string>(), new Dictionary<long, string>());

        // Few numbers are added and removed often; those of a power of two apart come near each other.
        var (numbers, apart) = (random.Next(8, 600), 1L << random.Next(0, 40));
        for (var step = 0; step < Steps; step++)
        {
            var number = random.Next(numbers) * apart;
            if (random.Next(2) == 0)
            {
                table.Remove(number, out var removed).ShouldBe(expected.Remove(number, out var known), $"seed {seed}, step {step}");
                removed.ShouldBe(known);
            }
            else if (expected.TryAdd(number, number.ToString(CultureInfo.InvariantCulture)))
            {
                table.Add(number, expected[number]);
            }
            else
            {
                Should.Throw<ArgumentException>(() => table.Add(number, "twice"));
            }

            table.Find(number).ShouldBe(expected.GetValueOrDefault(number), $"seed {seed}, step {step}");
        }

        table.Count.ShouldBe(expected.Count);
        table.OrderBy(pair => pair.Key).ShouldBe(expected.OrderBy(pair => pair.Key), $"seed {seed}");
        expected.Keys.ShouldAllBe(number => table.ContainsKey(number));
    });

    [Fact]
    public void Requests_lie_in_the_order_of_a_sorted_set_and_know_how_many_go_before() => Law.Holds(40, seed =>
    {
        var random = new Random(seed);
        var order = new Backlog.Order(random.Next(2) * 60_000);
        var (requests, expected) = (new OrderedRequests(order), new SortedSet<GangRequest>(order));
        var all = Enumerable.Range(1, random.Next(4, 900)).Select(job => new GangRequest
        {
            Job = job, Queue = "q", AcceleratorsPerIsland = 1, Priority = random.Next(4), SubmittedMilliseconds = random.Next(200_000),
        }).ToArray();
        for (var step = 0; step < Steps; step++)
        {
            var request = all[random.Next(all.Length)];
            if (expected.Contains(request))
            {
                requests.Before(request).ShouldBe(expected.GetViewBetween(expected.Min!, request).Count - 1, $"seed {seed}, step {step}");
                requests.Remove(request).ShouldBe(expected.Remove(request));
            }
            else
            {
                requests.Remove(request).ShouldBeFalse($"seed {seed}, step {step}");
                requests.Add(request);
                expected.Add(request);
            }

            requests.First.ShouldBe(expected.Min, $"seed {seed}, step {step}");
            requests.Count.ShouldBe(expected.Count);
        }

        List<GangRequest> found = [];
        foreach (var request in requests)
        {
            found.Add(request);
        }

        found.SequenceEqual(expected).ShouldBeTrue($"seed {seed}");
    });
}
