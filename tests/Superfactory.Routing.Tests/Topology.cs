using System.Globalization;
using Superfactory.Model.Wan;

namespace Superfactory.Routing.Tests;

/// <summary>Graphs that problems are made of: those of the laboratory's examples, and published backbones from <c>Topologies/</c>.</summary>
internal sealed record Topology(string Name, IReadOnlyList<(string A, string B, double RoundTripMilliseconds)> Links)
{
    // 200,000 km/s in fibre, there and back.
    private const double KilometresPerMillisecond = 100;

    public static IReadOnlyList<Topology> Laboratory { get; } =
    [
        new("two sites", [("wisconsin", "atlanta", 14)]),
        new("triangle", [("a", "b", 10), ("b", "c", 20), ("a", "c", 30)]),
        new("ring of five with a chord", [("a", "b", 10), ("b", "c", 10), ("c", "d", 10), ("d", "e", 10), ("e", "a", 10), ("a", "c", 15)]),
    ];

    public static IReadOnlyList<Topology> Published { get; } = [Read("abilene"), Read("b4"), Read("geant")];

    public string[] Sites => [.. Links.SelectMany(link => new[] { link.A, link.B }).Distinct()];

    public override string ToString() => Name;

    /// <summary>
    /// A problem on the graph with so many demands between random sites, of the classes given, some without limit. Every direction carries
    /// 100 Mbit/s to 10 Gbit/s.
    /// </summary>
    public WanProblem Problem(int seed, int demands, IReadOnlyList<TrafficClass> classes, ClassFloors? floors = null)
    {
        var random = new Random(seed);
        var sites = Sites;
        long[] capacities = [12_500_000, 125_000_000, 312_500_000, 1_250_000_000];
        var links = Links
            .SelectMany(link => new[] { (link.A, link.B, link.RoundTripMilliseconds), (link.B, link.A, link.RoundTripMilliseconds) })
            .Select(link => new WanLink(link.Item1, link.Item2, capacities[random.Next(capacities.Length)]) { RoundTripMilliseconds = link.Item3, Loss = random.Next(4) / 1000.0 });
        var pairs =
            (from a in sites from b in sites where a != b from trafficClass in classes select (a, b, trafficClass)).OrderBy(_ => random.Next()).Take(demands)
            .Select(pair => new WanDemand(pair.a, pair.b, pair.trafficClass, random.Next(3) == 0 ? WanDemand.Unlimited : random.NextInt64(1_000_000, 400_000_000)));
        return new WanProblem { Sites = [.. sites], Links = [.. links], Demands = [.. pairs], Floors = floors ?? ClassFloors.None };
    }

    private static Topology Read(string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Superfactory.slnx")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException($"The tests run outside the repository, in {AppContext.BaseDirectory}.");
        }

        var lines = File.ReadLines(Path.Combine(root.FullName, "tests/Superfactory.Routing.Tests/Topologies", name + ".txt"));
        return new Topology(name,
        [
            .. lines.Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))
                .Select(parts => (parts[0], parts[1], double.Parse(parts[2], CultureInfo.InvariantCulture) / KilometresPerMillisecond)),
        ]);
    }
}
