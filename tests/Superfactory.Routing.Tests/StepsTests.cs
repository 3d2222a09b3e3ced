using Superfactory.Model.Wan;
using Superfactory.Routing.Filling;
using Superfactory.Routing.Flows;

namespace Superfactory.Routing.Tests;

/// <summary>How many steps the search takes: what its time follows, and the same on every machine.</summary>
public sealed class StepsTests
{
    private const int Sites = 20;

    /// <summary>From the quickest paths, and with slacks before paths, it took 3,500 and more.</summary>
    private const int StepsMax = 2_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Twenty_sites_with_sixty_cables_and_400_demands_take_few_steps(int seed)
    {
        var problem = RingWithChords(cables: 60, demands: 400, seed);
        var network = new Network(problem);
        var flows = WaterFilling.Fill(network, DemandTable.Of(problem, network), ClassFloors.None, long.MaxValue, out var optimal);

        optimal.ShouldBeTrue();
        flows.Pivots.ShouldBeInRange(1, StepsMax);
    }

    private static WanProblem RingWithChords(int cables, int demands, int seed)
    {
        var random = new Random(seed);
        string[] sites = [.. Enumerable.Range(0, Sites).Select(static number => $"site-{number:00}")];
        long[] capacities = [12_500_000, 125_000_000, 1_250_000_000];
        var pairs = (from a in Enumerable.Range(0, Sites) from b in Enumerable.Range(0, Sites) where a < b select (a, b)).ToArray();
        var ring = pairs.Where(static pair => pair.b - pair.a is 1 or Sites - 1).ToArray();
        var chords = pairs.Except(ring).OrderBy(_ => random.Next()).Take(cables - ring.Length);
        var links = ring.Concat(chords).SelectMany(cable =>
        {
            var (rate, roundTrip) = (capacities[random.Next(capacities.Length)], random.Next(5, 60));
            return new[] { (cable.a, cable.b), (cable.b, cable.a) }
                .Select(ends => new WanLink(sites[ends.Item1], sites[ends.Item2], rate) { RoundTripMilliseconds = roundTrip });
        });
        var wanted =
            from a in sites
            from b in sites
            from trafficClass in Enum.GetValues<TrafficClass>()
            where a != b
            select (a, b, trafficClass);
        return new WanProblem
        {
            Sites = [.. sites],
            Links = [.. links],
            Demands =
            [
                .. wanted.OrderBy(_ => random.Next()).Take(demands)
                    .Select(demand => new WanDemand(demand.a, demand.b, demand.trafficClass, random.Next(3) == 0 ? WanDemand.Unlimited : random.NextInt64(100_000, 200_000_000))),
            ],
        };
    }
}
