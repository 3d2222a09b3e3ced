using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Tests.Topology;

/// <summary>What a topology file says, and what is said of one that is wrong.</summary>
public sealed class LabTopologyFileTests
{
    private const string Pair = "sites: [wisconsin, atlanta]\n";

    [Fact]
    public void A_link_takes_defaults_for_what_it_does_not_say()
    {
        var topology = Parsed(Pair + "links: [{between: [wisconsin, atlanta], bandwidth: 1gbit, rtt: 14ms}]");

        topology.Name.ShouldBe("pair");
        topology.Sites.ShouldBe(["wisconsin", "atlanta"]);
        topology.Seed.ShouldBe(1);
        topology.CongestionControl.ShouldBeNull();
        var link = topology.Links.ShouldHaveSingleItem();
        (link.A, link.B, link.Mtu).ShouldBe(("wisconsin", "atlanta", 1500));
        link.RoundTrip.ShouldBe(TimeSpan.FromMilliseconds(14));
        link.There.ShouldBe(new LabDirection { Bandwidth = new Bandwidth(1_000_000_000) });
        link.Back.ShouldBe(link.There);
    }

    [Fact]
    public void A_link_says_everything_and_its_way_back_only_what_differs()
    {
        var topology = Parsed("""
            name: far
            seed: -7
            congestion_control: cubic
            sites: [wisconsin, atlanta]
            links:
              - between: [atlanta, wisconsin]
                bandwidth: 100mbit
                rtt: 0.5s
                jitter: 2ms
                loss: 0.1%
                queue: 256KiB
                mtu: 9000
                back: {bandwidth: 20mbit, loss: 1%}
            """);

        (topology.Name, topology.Seed, topology.CongestionControl).ShouldBe(("far", -7, "cubic"));
        var link = topology.Find("wisconsin", "atlanta").ShouldNotBeNull();
        link.Mtu.ShouldBe(9000);
        link.From("atlanta").ShouldBe(new LabDirection
        {
            Bandwidth = new Bandwidth(100_000_000), Jitter = TimeSpan.FromMilliseconds(2), Loss = 0.001, QueueBytes = 262_144,
        });
        link.From("wisconsin").ShouldBe(link.From("atlanta") with { Bandwidth = new Bandwidth(20_000_000), Loss = 0.01 });
    }

    [Fact]
    public void The_default_queue_is_a_bandwidth_delay_product_and_at_least_64_packets()
    {
        var topology = Parsed(Pair + "links: [{between: [wisconsin, atlanta], bandwidth: 1gbit, rtt: 14ms, mtu: 9000, back: {bandwidth: 10mbit}}]");

        topology.Links[0].QueueBytesOf(topology.Links[0].There).ShouldBe(1_750_000);
        topology.Links[0].QueueBytesOf(topology.Links[0].Back).ShouldBe(64 * 9000);
    }

    [Fact]
    public void One_site_needs_no_link() => Parsed("sites: [alone]").Links.ShouldBeEmpty();

    [Theory]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 0mbit, rtt: 1ms}]", 2, "links[0].bandwidth", "carries nothing")]
    [InlineData("sites: [a, b]\nlinks:\n  - {between: [a, a], bandwidth: 1mbit, rtt: 1ms}", 3, "links[0].between", "joins 'a' to itself")]
    [InlineData("sites: [texas, ohio]\nlinks:\n  - {between: [texas, ohip], bandwidth: 1mbit, rtt: 1ms}", 3, "links[0].between[1]", "Did you mean 'ohio'?")]
    [InlineData("sites: [a, b, c, d]\nlinks:\n  - {between: [a, b], bandwidth: 1mbit, rtt: 1ms}\n  - {between: [c, d], bandwidth: 1mbit, rtt: 1ms}", 2, "links", "No link leads from 'a' to 'c' or 'd'")]
    [InlineData("sites: [a, b, a]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms}]", 1, "sites[2]", "stands in the list twice")]
    [InlineData("sites: [a, b]\nlinks:\n  - {between: [a, b], bandwidth: 1mbit, rtt: 1ms}\n  - {between: [b, a], bandwidth: 1mbit, rtt: 1ms}", 4, "links[1].between", "first on line 3")]
    [InlineData("sites: [a, b]\nlinks:\n  - between: [a, b]\n    bandwith: 1mbit\n    rtt: 1ms", 4, "links[0].bandwith", "Did you mean 'bandwidth'?")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit}]", 2, "links[0].rtt", "The field is missing")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1MB, rtt: 1ms}]", 2, "links[0].bandwidth", "1 MB/s is 8mbit")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 14}]", 2, "links[0].rtt", "Did you mean '14ms'?")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, loss: 101%}]", 2, "links[0].loss", "out of range")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, loss: 0.1}]", 2, "links[0].loss", "Did you mean '0.1%'?")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, jitter: 1ms}]", 2, "links[0]", "at most half of that")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, mtu: 100}]", 2, "links[0].mtu", "576 to 65535")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, queue: 10}]", 2, "links[0].queue", "Did you mean '10B'?")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1tbit, rtt: 1s}]", 2, "links[0]", "would be under way")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b, a], bandwidth: 1mbit, rtt: 1ms}]", 2, "links[0].between", "the two sites")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, back: 5mbit}]", 2, "links[0].back", "fields under it")]
    [InlineData("sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1mbit, rtt: 1ms, back: {rtt: 5ms}}]", 2, "links[0].back.rtt", "'back' has bandwidth, jitter, loss, queue")]
    [InlineData("sites: []", 1, "sites", "an empty list")]
    [InlineData("sites: two\nlinks: []", 1, "sites", "a list of site names")]
    [InlineData("links: []", 1, "sites", "The field is missing")]
    [InlineData("sites: [a, b]", 1, "links", "The field is missing")]
    [InlineData("sites: [a/b]", 1, "sites[0]", "a name")]
    [InlineData("name: my lab\nsites: [a]", 1, "name", "is no name")]
    [InlineData("sites: [a]\ncongestion_control: b b r", 2, "congestion_control", "no congestion control")]
    [InlineData("sites: [a]\nseed: x", 2, "seed", "no seed")]
    [InlineData("- a", 1, null, "Expected the fields of a laboratory")]
    [InlineData("", 1, null, "Expected a laboratory, as docs/lab.md describes it")]
    public void A_mistake_is_told_with_its_line_and_what_was_expected(string text, int line, string? field, string part)
    {
        var outcome = LabTopologyFile.Parse(text, "pair", "lab.yaml");

        outcome.Succeeded.ShouldBeFalse();
        var problem = outcome.Problems.ShouldHaveSingleItem();
        (problem.File, problem.Line, problem.Field).ShouldBe(("lab.yaml", line, field));
        problem.ToString().ShouldContain(part);
    }

    [Fact]
    public void All_mistakes_are_told_at_once_from_the_top()
    {
        var outcome = LabTopologyFile.Parse("sits: [a]\nlinks:\n  - {between: [a, b], bandwidth: x, rtt: y}\n  - 7", "pair");

        outcome.Problems.Select(static problem => problem.Line).ShouldBe([1, 3, 3, 4]);
    }

    [Fact]
    public void More_than_64_sites_are_refused()
    {
        var sites = string.Join(", ", Enumerable.Range(0, 65).Select(static number => $"s{number}"));
        LabTopologyFile.Parse($"sites: [{sites}]\nlinks: []", "big").Problems[0].Message.ShouldContain("1 to 64 sites, but found 65");
    }

    [Fact]
    public void No_text_makes_the_reader_throw()
    {
        const int seed = 20260101;
        const string valid = "sites: [a, b]\nlinks:\n  - {between: [a, b], bandwidth: 1gbit, rtt: 14ms, loss: 1%, back: {queue: 1MB}}\n";
        const string letters = "[]{}:,-%\n \t0a&*!|>'\"#\u00e9";
        var random = new Random(seed);
        for (var round = 0; round < 5000; round++)
        {
            var text = valid.ToCharArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                text[random.Next(text.Length)] = letters[random.Next(letters.Length)];
            }

            Should.NotThrow(() => LabTopologyFile.Parse(new string(text), "x"), $"seed {seed}, round {round}: {new string(text)}");
        }
    }

    private static LabTopology Parsed(string text)
    {
        var outcome = LabTopologyFile.Parse(text, "pair");
        outcome.Problems.ShouldBeEmpty();
        return outcome.Value.ShouldNotBeNull();
    }
}
