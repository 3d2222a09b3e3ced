using Superfactory.Model.Fleet;

namespace Superfactory.Model.Tests.Fleet;

/// <summary>What fleet files say.</summary>
public sealed class FleetFileTests
{
    [Fact]
    public void The_laptop_has_eight_slots_whatever_its_cores()
    {
        var fleet = Example("laptop");
        fleet.Racks.ShouldHaveSingleItem().Schedulable.ShouldBe(8);
        fleet.Sites[0].Floors[0].Rows[0].Racks[0].Name.ShouldBe("k1");
    }

    [Fact]
    public void The_slurm_clusters_place_their_own_gangs()
    {
        var fleet = Example("two-slurm-clusters");
        fleet.Sites.ShouldAllBe(site => site.Placement == SitePlacement.Site);
        fleet.Sites.Select(site => site.Racks.Sum(rack => rack.Schedulable)).ShouldBe([4 * 8 * 32, (2 * 6 * 32) + (20 * 64)]);
        fleet.Sites[1].Floors[0].Rows.Select(row => row.Name).ShouldBe(["gpu1", "gpu2", "cpu"]);
        fleet.Links.ShouldHaveSingleItem().Bandwidth.BitsPerSecond.ShouldBe(100_000_000_000);
    }

    [Fact]
    public void The_fairwater_like_fleet_has_the_published_size_in_a_few_lines()
    {
        var fleet = Example("fairwater-like");
        fleet.Sites.Select(site => site.Name).ShouldBe(["wisconsin", "atlanta"]);
        fleet.Sites.ShouldAllBe(site => site.Floors.Length == 2 && site.Racks.Count() == 2_223);
        fleet.Racks.Sum(rack => rack.Accelerators).ShouldBe(320_112);
        fleet.Racks.Sum(rack => rack.Schedulable).ShouldBe(284_544);
        fleet.Racks.ShouldAllBe(rack => rack.Power.Watts == 140_000 && rack.PeakWatts == 140_000);
        fleet.Sites.SelectMany(site => site.Floors).SelectMany(floor => floor.Rows).ShouldAllBe(row => row.Power!.Value.Watts == 1_360_000);
    }

    [Fact]
    public void Rows_and_racks_are_numbered_on_from_entry_to_entry()
    {
        var fleet = Parse("name: a\nsites: [{name: s, rows: [{count: 2, racks: [{hardware: cpu}, {hardware: cpu, count: 2}]}, {racks: {hardware: cpu}}]}]");
        fleet.Sites[0].Floors[0].Rows.Select(row => row.Name).ShouldBe(["r1", "r2", "r3"]);
        fleet.Sites[0].Floors[0].Rows[1].Racks.Select(rack => rack.Name).ShouldBe(["k1", "k2", "k3"]);
    }

    [Fact]
    public void A_rack_offers_its_nodes_less_its_spares()
    {
        Parse("name: a\nsites: [{name: s, racks: {hardware: gb300-nvl72}}]").Racks.Single().Schedulable.ShouldBe(64);
        Parse("name: a\nsites: [{name: s, racks: {hardware: gb300-nvl72, spares: 0}}]").Racks.Single().Schedulable.ShouldBe(72);
    }

    [Fact]
    public void The_peaks_of_a_row_may_exceed_its_budget() =>
        Parse("name: a\nsites: [{name: s, rows: {power: 1360kW, racks: {hardware: gb200-nvl72, count: 10}}}]").Racks.Count().ShouldBe(10);

    [Fact]
    public void Every_figure_of_the_catalogue_says_where_it_is_from_or_that_it_is_assumed()
    {
        foreach (var type in HardwareCatalogue.All)
        {
            var figures = string.Join(", ", type.Sources.Select(source => source.Figures));
            foreach (var figure in new[] { "accelerators", "memory", "interconnect", "speed", "peak", "idle" })
            {
                (figures == "all" || figures.Contains(figure, StringComparison.Ordinal)).ShouldBeTrue($"{type.Name}: {figure}");
            }

            type.Sources.ShouldAllBe(source => !source.IsAssumed || source.Reasoning.Length > 0);
        }
    }

    [Fact]
    public void The_documentation_names_every_kind_of_hardware_with_its_figures()
    {
        var text = RepositoryFiles.Read("docs/fleet.md");
        foreach (var type in HardwareCatalogue.All)
        {
            text.ShouldContain($"| `{type.Name}` | {type.NodesPerRack} × {type.AcceleratorsPerNode} | {type.SparesDefault} | {type.MemoryGigabytes} GB |");
        }
    }

    private static FleetSpecification Example(string name) => Parse(RepositoryFiles.Read($"examples/fleets/{name}.yaml"));

    private static FleetSpecification Parse(string text)
    {
        var outcome = FleetFile.Parse(text, "fleet.yaml");
        outcome.Problems.ShouldBeEmpty();
        return outcome.Value!;
    }
}
