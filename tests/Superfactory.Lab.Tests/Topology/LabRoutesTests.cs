using System.Collections.Immutable;
using Superfactory.Lab.Topology;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Tests.Topology;

/// <summary>Which way packets take.</summary>
public sealed class LabRoutesTests
{
    [Fact]
    public void Sites_without_a_link_are_joined_over_the_shortest_way() =>
        LabRoutes.Path(ExamplesTests.Read("ring.yaml"), "iowa", "virginia").ShouldBe(["iowa", "wisconsin", "virginia"]);

    [Fact]
    public void A_direct_link_is_taken_even_where_a_detour_is_shorter()
    {
        var topology = Topology(3, (0, 1, 5), (1, 2, 5), (0, 2, 50));
        LabRoutes.Path(topology, "s0", "s2").ShouldBe(["s0", "s2"]);
    }

    [Fact]
    public void Of_two_equally_long_ways_the_one_over_fewer_links_is_taken()
    {
        var topology = Topology(5, (0, 1, 5), (1, 2, 5), (2, 3, 5), (0, 4, 8), (4, 3, 7));
        LabRoutes.Path(topology, "s0", "s3").ShouldBe(["s0", "s4", "s3"]);
    }

    [Fact]
    public void Of_two_alike_ways_the_one_over_the_site_that_is_named_first_is_taken()
    {
        var topology = Topology(4, (0, 2, 5), (2, 3, 5), (0, 1, 5), (1, 3, 5));
        LabRoutes.Path(topology, "s0", "s3").ShouldBe(["s0", "s1", "s3"]);
    }

    [Fact]
    public void Where_there_is_no_way_there_is_no_path() => LabRoutes.Path(Topology(3, (0, 1, 5)), "s0", "s2").ShouldBeEmpty();

    [Fact]
    public void Every_way_arrives_and_is_as_short_as_one_found_by_trying_all()
    {
        const int seed = 4711;
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var topology = RandomTopology(random);
            foreach (var from in topology.Sites)
            {
                foreach (var to in topology.Sites.Where(to => to != from))
                {
                    var path = LabRoutes.Path(topology, from, to);
                    path[^1].ShouldBe(to, $"seed {seed}, round {round}");
                    path.Distinct().Count().ShouldBe(path.Length);
                    if (topology.Find(from, to) is not null)
                    {
                        path.Length.ShouldBe(2);
                    }
                    else
                    {
                        ((TimeSpan?)Length(topology, path)).ShouldBe(Shortest(topology, from, to, []), $"seed {seed}, round {round}, {from} to {to}");
                    }
                }
            }
        }
    }

    // Neighbours of the target go straight to it, so that a way ends with its first neighbour.
    private static TimeSpan? Shortest(LabTopology topology, string from, string to, ImmutableArray<string> seen)
    {
        if (topology.Find(from, to) is { } direct)
        {
            return direct.RoundTrip;
        }

        var through = topology.Links
            .Where(link => (link.A == from || link.B == from) && !seen.Contains(link.A == from ? link.B : link.A))
            .Select(link => link.RoundTrip + Shortest(topology, link.A == from ? link.B : link.A, to, seen.Add(from)))
            .Where(static length => length is not null).ToList();
        return through.Count == 0 ? null : through.Min();
    }

    private static TimeSpan Length(LabTopology topology, ImmutableArray<string> path) =>
        path.Zip(path.Skip(1)).Aggregate(TimeSpan.Zero, (sum, step) => sum + topology.Find(step.First, step.Second)!.RoundTrip);

    private static LabTopology RandomTopology(Random random)
    {
        var count = random.Next(2, 7);
        var links = new Dictionary<(int, int), int>();
        for (var site = 1; site < count; site++)
        {
            links[(random.Next(site), site)] = random.Next(4);
        }

        for (var more = random.Next(count); more > 0; more--)
        {
            var (a, b) = (random.Next(count), random.Next(count));
            if (a != b)
            {
                links[(Math.Min(a, b), Math.Max(a, b))] = random.Next(4);
            }
        }

        return Topology(count, [.. links.Select(static link => (link.Key.Item1, link.Key.Item2, link.Value))]);
    }

    private static LabTopology Topology(int sites, params (int A, int B, int Milliseconds)[] links) => new()
    {
        Name = "test",
        Sites = [.. Enumerable.Range(0, sites).Select(static number => $"s{number}")],
        Links =
        [
            .. links.Select(static link => new LabLink
            {
                A = $"s{link.A}", B = $"s{link.B}", RoundTrip = TimeSpan.FromMilliseconds(link.Milliseconds),
                There = new LabDirection { Bandwidth = new Bandwidth(1_000_000) }, Back = new LabDirection { Bandwidth = new Bandwidth(1_000_000) },
            }),
        ],
    };
}
