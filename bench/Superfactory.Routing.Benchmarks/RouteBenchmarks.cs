using BenchmarkDotNet.Attributes;
using Superfactory.Model.Wan;

namespace Superfactory.Routing.Benchmarks;

/// <summary>How long paths and rates take: on 20 sites with 400 demands it is to be under 50 ms.</summary>
public class RouteBenchmarks
{
    private const int Seed = 20260101;

    private WanProblem _problem = null!;

    /// <summary>
    /// Sites, cables between them (a ring and seeded chords; 45 between 10 sites is the full mesh) and demands of all classes, a third
    /// of them without limit.
    /// </summary>
    [Params("20 sites, 30 cables, 400 demands", "20 sites, 40 cables, 400 demands", "20 sites, 60 cables, 400 demands", "10 sites, 45 cables, 270 demands", "5 sites, 6 cables, 60 demands")]
    public string Size { get; set; } = string.Empty;

    /// <summary>Whether classes keep their floors.</summary>
    [Params(false, true)]
    public bool Floors { get; set; }

    /// <summary>Makes the problem.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var numbers = Size.Split(' ').Where(static word => int.TryParse(word, out _)).Select(int.Parse).ToArray();
        var random = new Random(Seed);
        string[] sites = [.. Enumerable.Range(0, numbers[0]).Select(static number => $"site-{number:00}")];
        long[] capacities = [12_500_000, 125_000_000, 1_250_000_000];
        var cables = Enumerable.Range(0, sites.Length).Select(number => (number, (number + 1) % sites.Length)).ToHashSet();
        while (cables.Count < numbers[1])
        {
            var (a, b) = (random.Next(sites.Length), random.Next(sites.Length));
            if (a != b && !cables.Contains((b, a)))
            {
                cables.Add((a, b));
            }
        }

        var links = cables.Order().SelectMany(cable =>
        {
            var (rate, roundTrip) = (capacities[random.Next(capacities.Length)], random.Next(5, 60));
            return new[] { new WanLink(sites[cable.Item1], sites[cable.Item2], rate) { RoundTripMilliseconds = roundTrip }, new WanLink(sites[cable.Item2], sites[cable.Item1], rate) { RoundTripMilliseconds = roundTrip } };
        });
        var pairs =
            from a in sites
            from b in sites
            from trafficClass in Enum.GetValues<TrafficClass>()
            where a != b
            select (a, b, trafficClass);
        var demands = pairs.OrderBy(_ => random.Next()).Take(numbers[2])
            .Select(pair => new WanDemand(pair.a, pair.b, pair.trafficClass, random.Next(3) == 0 ? WanDemand.Unlimited : random.NextInt64(100_000, 200_000_000)));
        _problem = new WanProblem { Sites = [.. sites], Links = [.. links], Demands = [.. demands], Floors = Floors ? ClassFloors.Standard : ClassFloors.None };
    }

    /// <summary>The whole of it: checked, solved, rounded.</summary>
    [Benchmark]
    public WanPlan Route() => WanRouter.Route(_problem).Value!;
}
