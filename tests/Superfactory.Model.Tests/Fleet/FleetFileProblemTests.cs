using FsCheck;
using FsCheck.Fluent;
using Superfactory.Model.Fleet;

namespace Superfactory.Model.Tests.Fleet;

/// <summary>Fleet files with something wrong: everything at once, each with its line.</summary>
public sealed class FleetFileProblemTests
{
    [Theory]
    [InlineData("racks: {hardware: gb200-nvl72, power: 21kW}", "fleet.yaml:3: sites[0].racks.power: The rack draws 21.2kW when all is idle, over its budget of 21kW.")]
    [InlineData("rows: {power: 190kW, racks: {hardware: gb200-nvl72, count: 9}}", "3: sites[0].rows.power: The row draws 190.8kW when all is idle, over its budget of 190kW.")]
    [InlineData("power: 1kW, racks: {hardware: hgx-h100}", "3: sites[0].power: The site draws 7.2kW when all is idle")]
    [InlineData("racks: {hardware: gb200}", "There is no hardware 'gb200'. The catalogue has gb200-nvl72, gb300-nvl72, hgx-h100, hgx-b200, cpu.")]
    [InlineData("racks: {hardware: gb20-nvl72}", "Did you mean 'gb200-nvl72'?")]
    [InlineData("racks: {count: 3}", "sites[0].racks.hardware: The field is missing. Expected one of gb200-nvl72")]
    [InlineData("racks: []", "sites[0].racks: Expected racks, such as {hardware: gb200-nvl72, count: 9}, but found an empty list.")]
    [InlineData("racks: {hardware: cpu, count: 0}", "sites[0].racks.count: Expected a whole number, 1 to 100,000, but found '0'.")]
    [InlineData("racks: {hardware: cpu, count: 99999999999}", "sites[0].racks.count: Expected a whole number, 1 to 100,000, but found '99999999999'.")]
    [InlineData("rows: {count: 100000, racks: {hardware: cpu, count: 100000}}", "sites: The fleet has 10,000,000,000 racks. Expected at most 100,000.")]
    [InlineData("racks: {hardware: cpu, count: 1000, nodes: 512, slots: 4096}", "sites: The fleet has 2,097,152,000 accelerators. Expected at most 8,000,000.")]
    [InlineData("racks: {hardware: gb200-nvl72, power: 2TW}", "sites[0].racks.power: '2TW' is no power.")]
    [InlineData("racks: {hardware: gb200-nvl72, power: 2000GW}", "sites[0].racks.power: '2000GW' is more than 1000GW, the most there can be.")]
    [InlineData("racks: {hardware: gb200-nvl72, power: 140}", "'140' is no power. Expected a number over 0 and a unit, such as 140kW or 1.5MW. Did you mean '140kW'?")]
    [InlineData("racks: {hardware: gb200-nvl72, nodes: 9}", "sites[0].racks.nodes: A rack of gb200-nvl72 has 18 nodes, no more and no fewer.")]
    [InlineData("racks: {hardware: gb200-nvl72, spares: 18}", "sites[0].racks.spares: All 18 nodes are spares.")]
    [InlineData("racks: {hardware: hgx-h100, slots: 4}", "sites[0].racks.slots: Only nodes of cpu have slots; a node of hgx-h100 has 8 accelerators.")]
    [InlineData("racks: [{name: x, hardware: cpu}, {name: x, hardware: cpu}]", "sites[0].racks[1].name: There are two racks 'x' in the row.")]
    [InlineData("rows: [{name: r2, racks: {hardware: cpu}}, {count: 2, racks: {hardware: cpu}}]", "There are two rows 'r2' on the floor.")]
    [InlineData("floors: [{name: a, racks: {hardware: cpu}}, {name: a, racks: {hardware: cpu}}]", "There are two floors 'a' in the site.")]
    [InlineData("rows: {racks: {hardware: cpu}}, racks: {hardware: cpu}", "sites[0].racks: Expected one of floors, rows and racks, but found rows and racks.")]
    [InlineData("placement: slurm, racks: {hardware: cpu}", "sites[0].placement: Expected fleet or site, but found 'slurm'.")]
    [InlineData("position: [91, 0], racks: {hardware: cpu}", "sites[0].position: Expected degrees north and east")]
    [InlineData("rack: {hardware: cpu}", "sites[0].rack: There is no such field. A site has name, position, placement, power, floors, rows, racks. Did you mean 'racks'?")]
    public void A_mistake_in_a_site_is_named_with_its_line(string site, string expected) =>
        Problems($"name: a\nsites:\n  - {{name: s, {site}}}\n").ShouldContain(problem => problem.Contains(expected, StringComparison.Ordinal), expected);

    [Theory]
    [InlineData("{between: [a, nowhere], bandwidth: 1gbit, rtt: 1ms}", "8: links[0].between[1]: There is no site 'nowhere'. The sites are a, b.")]
    [InlineData("{between: [a, a], bandwidth: 1gbit, rtt: 1ms}", "The link joins 'a' to itself.")]
    [InlineData("{between: [a, b], bandwidth: 1gbit}", "links[0].rtt: The field is missing.")]
    [InlineData("{between: [a, b], bandwidth: 9999tbit, rtt: 1ms}", "links[0].bandwidth: '9999tbit' is more than 1000tbit, the most there can be.")]
    public void A_mistake_in_a_link_is_named_with_its_line(string link, string expected) =>
        Problems($"name: f\npower: 1MW\nsites:\n  - {{name: a, racks: {{hardware: cpu}}}}\n  - name: b\n    racks: {{hardware: cpu}}\nlinks:\n  - {link}\n")
            .ShouldContain(problem => problem.Contains(expected, StringComparison.Ordinal), expected);

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_from_the_top()
    {
        var problems = Problems("""
            power: 1W
            sites:
              - {name: a, racks: {hardware: abacus}}
              - {name: a, racks: {hardware: cpu}}
            links:
              - {between: [a, c], bandwidth: 1gbit, rtt: 1ms}
            """);
        problems.Select(problem => problem.Split(": ")[0] + " " + problem.Split(": ")[1]).ShouldBe(
            ["fleet.yaml:1 name", "fleet.yaml:1 power", "fleet.yaml:3 sites[0].racks.hardware", "fleet.yaml:4 sites[1].name", "fleet.yaml:6 links[0].between[1]"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("fleet")]
    [InlineData("[a]")]
    [InlineData("name: a\nsites: []")]
    [InlineData("name: a\nsites: x")]
    public void What_is_no_fleet_is_refused(string text) => Problems(text).ShouldNotBeEmpty();

    [Fact]
    public void No_text_is_thrown_at()
    {
        var valid = RepositoryFiles.Read("examples/fleets/two-slurm-clusters.yaml");
        Prop.ForAll(
            Gen.Choose(0, valid.Length - 1).Two().SelectMany(places => Gen.Elements("", "0", "-1", "999999999999", "{", "]", ": ", "\n", "x", "null").Select(text => (places, text))).ToArbitrary(),
            change =>
            {
                var (from, to) = (Math.Min(change.places.Item1, change.places.Item2), Math.Max(change.places.Item1, change.places.Item2));
                var outcome = FleetFile.Parse(valid[..from] + change.text + valid[Math.Min(to, from + 12)..], null);
                return outcome.Succeeded || outcome.Problems.All(problem => problem.Message.Length > 0);
            }).QuickCheckThrowOnFailure();
    }

    private static string[] Problems(string text) => [.. FleetFile.Parse(text, "fleet.yaml").Problems.Select(problem => problem.ToString())];
}
