using System.Text.Json;
using Superfactory.Core.Commands;
using Superfactory.Core.Planning;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>What a job asks of topology: within what its islands are, whether packed or spread, and what stopping it costs.</summary>
public sealed class WithinTests
{
    // Two rows of two racks: 64 of each are offered.
    private const string Rows = "rows: {count: 2, racks: {hardware: gb200-nvl72, count: 2}}";

    [Fact]
    public void Island_lies_in_one_row_though_half_of_each_is_free()
    {
        var factory = Factory($"{{name: atlanta, {Rows}}}");
        for (var job = 1; job <= 4; job++)
        {
            factory.Do(new SubmitJob(Job(64)));
        }

        factory.State.Jobs.Values.Select(static job => job.Islands[0].Places.Single()).ShouldBe(["atlanta/f1/r1/k1", "atlanta/f1/r1/k2", "atlanta/f1/r2/k1", "atlanta/f1/r2/k2"]);
        factory.Do(new CancelJob(2));
        factory.Do(new CancelJob(4));
        factory.Report("atlanta", factory.Present(1, "atlanta"), factory.Present(3, "atlanta"));
        factory.Do(new SubmitJob(Job(128, Within.Row)));
        factory.ReasonOf(5).ShouldBe("It needs 64 more free gb200-nvl72 in one row of atlanta.");
        WhyReader.Read(factory.State, 5, factory.Now)!.Needs.Select(static need => (need.Missing, need.At)).ShouldBe([(64, "atlanta/f1/r1/k1")]);
        factory.Do(new CancelJob(1));
        factory.Report("atlanta", factory.Present(3, "atlanta"));
        factory.Job(5).Islands[0].Places.ShouldBe(["atlanta/f1/r1/k1", "atlanta/f1/r1/k2"]);

        foreach (var record in factory.Journal)
        {
            JsonSerializer.Deserialize<JournalRecord>(JsonSerializer.Serialize(record, FactoryJson.Options), FactoryJson.Options).ShouldNotBeNull();
        }

        factory.Journal.Aggregate(FactoryState.Empty, Core.Factory.Apply).Jobs[5].Specification.Within.ShouldBe(Within.Row);
    }

    [Fact]
    public void Record_of_a_job_that_was_submitted_before_there_was_topology_is_read_as_it_was_meant()
    {
        var old = JsonSerializer.SerializeToNode(TestFactory.Specification("atlanta"), FactoryJson.Options)!.AsObject();
        foreach (var field in new[] { "within", "placement", "restart_cost" })
        {
            old.Remove(field).ShouldBeTrue(field);
        }

        var job = JsonSerializer.Deserialize<JobSpecification>(old, FactoryJson.Options)!;
        (job.Within, job.Placement, job.RestartCost).ShouldBe((Within.Site, JobPlacement.Pack, 30));
    }

    [Fact]
    public void Others_of_its_queue_give_way_where_that_makes_room_within_a_row_and_nobody_else()
    {
        var factory = Factory($"{{name: atlanta, {Rows}}}");
        for (var job = 1; job <= 4; job++)
        {
            factory.Do(new SubmitJob(Job(64)));
            factory.Run(job, "atlanta");
        }

        factory.After(1_000).Lie("atlanta", TestFactory.Checkpoint(1, 1, "atlanta") with { Islands = ["atlanta"] });
        factory.Do(new SubmitJob(Job(128, Within.Row) with { Priority = 5 }));
        factory.Job(5).Planned.ShouldNotBeNull().Places!["atlanta"].Select(static place => place[..^3]).Distinct().Count().ShouldBe(1);
        factory.Job(5).Planned!.Awaited.ShouldBe([1, 2], "job 1 loses the least, and job 2 is beside it");
    }

    [Fact]
    public void Start_is_reserved_within_a_rack()
    {
        var factory = Factory("{name: atlanta, racks: {hardware: hgx-h100, nodes: 2, count: 2}}");
        factory.Do(new SubmitJob(Job(8, hardware: "hgx-h100") with { Duration = 600 }));
        factory.Do(new SubmitJob(Job(8, hardware: "hgx-h100") with { Duration = 60 }));
        factory.Do(new SubmitJob(Job(8, hardware: "hgx-h100") with { Duration = 1200 }));
        factory.State.Jobs.Values.Select(static job => job.Islands[0].Places.Single()).ShouldBe(["atlanta/f1/r1/k1/n1", "atlanta/f1/r1/k1/n2", "atlanta/f1/r1/k2/n1"]);

        factory.Do(new SubmitJob(Job(16, Within.Rack, "hgx-h100")));
        factory.Job(4).Reserved.ShouldNotBeNull().Places!["atlanta"].ShouldBe(["atlanta/f1/r1/k1/n1", "atlanta/f1/r1/k1/n2"], "with a node of each rack it would start when job 2 ends");
    }

    [Fact]
    public void Island_that_lost_its_racks_starts_again_within_a_row()
    {
        var factory = Factory("{name: atlanta, rows: {count: 3, racks: {hardware: cpu, slots: 4, count: 2, nodes: 1}}}");
        factory.Do(new SubmitJob(Job(8, Within.Row, "cpu")));
        factory.Do(new SubmitJob(Job(4, hardware: "cpu")));
        factory.Run(1, "atlanta").Run(2, "atlanta");
        var before = factory.Job(1).Islands[0].Places;
        factory.Do(new TakeOut(before[0][..^6], OutageState.Failed, null, "Water"));
        factory.Report("atlanta", factory.Present(2, "atlanta"));

        var after = factory.Job(1).Islands[0].Places;
        after.Select(static place => place[..^6]).Distinct().Count().ShouldBe(1, string.Join(' ', after));
        after.Intersect(before).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Rows, 128, Within.Rack, "An island of 128 gb200-nvl72 within a rack never fits at the known sites; one of 64 gb200-nvl72 would, or 128 within a row.")]
    [InlineData(Rows, 256, Within.Rack, "An island of 256 gb200-nvl72 within a rack never fits at the known sites; one of 64 gb200-nvl72 would, or 256 within a floor.")]
    [InlineData(Rows, 253, Within.Site, "An island of 253 gb200-nvl72 never fits at the known sites; one of 252 gb200-nvl72 would.")]
    [InlineData(Rows, 1000, Within.Floor, "An island of 1000 gb200-nvl72 within a floor never fits at the known sites; one of 256 gb200-nvl72 would.")]
    [InlineData("racks: [{hardware: gb200-nvl72, count: 2}, {name: f, hardware: gb200-nvl72, spares: 5}]", 125, Within.Row, "An island of 125 gb200-nvl72 within a row never fits at the known sites; one of 124 gb200-nvl72 would.")]
    [InlineData("floors: [{racks: {hardware: gb200-nvl72}}, {racks: {hardware: gb200-nvl72}}]", 128, Within.Floor, "An island of 128 gb200-nvl72 within a floor never fits at the known sites; one of 64 gb200-nvl72 would, or 128 anywhere at a site.")]
    public void Job_that_can_never_be_within_what_it_asks_is_refused_with_the_nearest_shape(string site, int accelerators, Within within, string expected)
    {
        var problem = Factory($"{{name: atlanta, {site}}}").Try(new SubmitJob(Job(accelerators, within))).Refusal!.Problems.ShouldHaveSingleItem();
        (problem.Message, problem.Field).ShouldBe((expected, "accelerators"));
    }

    [Fact]
    public void Site_that_places_its_own_gangs_promises_nothing_narrower()
    {
        var factory = Factory("{name: atlanta, placement: site, racks: {hardware: gb200-nvl72, count: 2}}");
        var named = factory.Try(new SubmitJob(TestFactory.Specification("atlanta") with { Hardware = ["gb200-nvl72"], Accelerators = 8, Within = Within.Rack })).Refusal!.Problems.ShouldHaveSingleItem();
        (named.Message, named.Field).ShouldBe(("Site 'atlanta' places its own gangs: no rack is promised there.", "within"));
        var any = factory.Try(new SubmitJob(Job(8, Within.Rack))).Refusal!.Problems.ShouldHaveSingleItem();
        (any.Message, any.Field).ShouldBe(("An island of 8 gb200-nvl72 within a rack never fits at the known sites; they place their own gangs, or 8 anywhere at a site.", "within"));
    }

    [Fact]
    public void Job_waits_for_a_site_that_stopped_promising_what_it_asks_and_says_so()
    {
        var factory = Factory($"{{name: atlanta, {Rows}}}");
        factory.Do(new SubmitJob(Job(256)));
        factory.Do(new SubmitJob(Job(64, Within.Rack)));
        factory.Do(new ApplyFleet($"name: f\nsites: [{{name: atlanta, placement: site, {Rows}}}]", "f.yaml"));
        factory.Do(new CancelJob(1));
        factory.Report("atlanta");

        factory.ReasonOf(2).ShouldBe("Waits for 1 sites with slots, where the fleet places gangs within a rack: none is connected.");
        factory.Do(new ApplyFleet($"name: f\nsites: [{{name: atlanta, {Rows}}}]", "f.yaml"));
        factory.Job(2).Islands[0].Places.ShouldHaveSingleItem();
    }

    [Fact]
    public void Spread_takes_the_emptiest_racks_and_the_site_with_the_most_room()
    {
        var factory = Factory($"{{name: atlanta, {Rows}}}");
        factory.Do(new SubmitJob(Job(8)));
        factory.Do(new SubmitJob(Job(8) with { Placement = JobPlacement.Spread }));
        factory.Do(new SubmitJob(Job(8)));

        factory.State.Jobs.Values.Select(static job => job.Islands[0].Places.Single()).ShouldBe(["atlanta/f1/r1/k1", "atlanta/f1/r1/k2", "atlanta/f1/r1/k1"]);
        var counted = new TestFactory();
        counted.Join("iowa", slots: 4).Join("maine", slots: 6);
        counted.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1 }));
        counted.Do(new SubmitJob(TestFactory.Specification() with { SiteCount = 1, Placement = JobPlacement.Spread }));
        counted.State.Jobs.Values.Select(static job => job.Islands[0].Site).ShouldBe(["iowa", "maine"]);
    }

    [Fact]
    public void Whoever_costs_more_to_stop_gives_way_last()
    {
        var factory = Factory("{name: atlanta, racks: {hardware: gb200-nvl72, count: 2}}");
        factory.Do(new SubmitJob(Job(64) with { RestartCost = 600 }));
        factory.Do(new SubmitJob(Job(64)));
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Do(new SubmitJob(Job(64) with { Priority = 5 }));

        factory.Job(3).Planned.ShouldNotBeNull().Awaited.ShouldBe([2]);
    }

    [Fact]
    public void Gangs_of_a_role_lie_within_what_it_says_are_spread_and_take_the_sites_it_prefers()
    {
        var factory = Factory("{name: atlanta, racks: {hardware: hgx-h100, nodes: 2, count: 3}}", "{name: iowa, racks: {hardware: hgx-h100, nodes: 2, count: 3}}");
        factory.Do(new SubmitJob(Job(1, hardware: "hgx-h100") with { Roles = Roles(new RoleSpecification { Count = 2, Accelerators = 16, Hardware = "hgx-h100", Within = Within.Rack, Command = ["a"] }) }));
        var gangs = factory.State.GangsOf(factory.Job(1)).Select(static gang => gang.Islands[0].Places.Select(static place => place[..^3]).Distinct().Single()).ToList();
        gangs.Distinct().Count().ShouldBe(2);

        factory.Do(new SubmitJob(Job(1, hardware: "hgx-h100") with
        {
            Roles = Roles(new RoleSpecification { Count = 2, Accelerators = 1, Hardware = "hgx-h100", Placement = JobPlacement.Spread, PreferredSites = ["iowa"], Command = ["a"] }),
        }));
        var spread = factory.State.GangsOf(factory.Job(4)).Select(static gang => gang.Islands[0].Places.Single()).ToList();
        spread.ShouldAllBe(static place => place.StartsWith("iowa/", StringComparison.Ordinal));
        spread.Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public void Role_that_can_never_be_placed_is_refused()
    {
        var factory = Factory("{name: atlanta, racks: {hardware: hgx-h100, nodes: 2, count: 3}}");
        var roles = Roles(new RoleSpecification { Accelerators = 24, Hardware = "hgx-h100", Within = Within.Rack, PreferredSites = ["iowas"], Command = ["a"] });
        factory.Try(new SubmitJob(Job(1, hardware: "hgx-h100") with { Roles = roles })).Refusal!.Problems.Select(static problem => $"{problem.Field}: {problem.Message}").ShouldBe(
            [
                "roles.rollout.preferred_sites: There is no site 'iowas'; expected one of atlanta.",
                "roles.rollout.accelerators: Role rollout: a gang of 24 hgx-h100 within a rack never fits at the known sites; one of 16 hgx-h100 would, or 24 within a row.",
            ]);
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, RoleSpecification> Roles(RoleSpecification role) =>
        System.Collections.Immutable.ImmutableSortedDictionary.Create<string, RoleSpecification>(StringComparer.Ordinal).Add("rollout", role);

    private static JobSpecification Job(int accelerators, Within within = Within.Site, string hardware = "gb200-nvl72") =>
        TestFactory.Specification() with { SiteCount = 1, Hardware = [hardware], Accelerators = accelerators, Within = within };

    private static TestFactory Factory(params string[] sites)
    {
        var factory = new TestFactory();
        foreach (var site in sites)
        {
            factory.Join(site.Split(["name: ", ","], StringSplitOptions.None)[1]);
        }

        factory.Do(new ApplyFleet($"name: f\nsites: [{string.Join(", ", sites)}]", "f.yaml"));
        return factory;
    }
}
