using Superfactory.Core.Commands;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>How the fleet of a running factory is used, as it is read.</summary>
public sealed class FleetLoadTests
{
    [Fact]
    public void Every_accelerator_is_busy_free_or_out_of_service_for_one_reason()
    {
        var factory = new TestFactory();
        factory.Join("atlanta").Join("iowa", slots: 5).Join("texas");
        factory.Do(new ApplyFleet("name: f\npower: 1MW\nsites: [{name: atlanta, power: 900kW, rows: {count: 2, power: 400kW, racks: {hardware: gb200-nvl72, count: 2}}}, {name: texas, placement: site, racks: {hardware: hgx-h100, nodes: 2}}, {name: maine, racks: {hardware: cpu, slots: 3}}]", "f.yaml"));
        factory.Do(new SubmitJob(Job("gb200-nvl72", 96) with { Peak = 0.5 }));
        factory.Do(new SubmitJob(Job("gb200-nvl72", 64)));
        factory.Do(new SubmitJob(Job("hgx-h100", 10)));
        factory.Do(new SubmitJob(TestFactory.Specification("iowa") with { Accelerators = 2 }));

        var load = FleetLoadReader.Read(factory.State);
        load.Sites.Select(static site => (site.Name, site.Connected, site.Placement)).ShouldBe([("atlanta", true, SitePlacement.Fleet), ("texas", true, SitePlacement.Site), ("maine", false, SitePlacement.Fleet), ("iowa", true, null)]);
        (load.Use.Accelerators, load.Use.Busy, load.Use.Free, load.Use.Away).ShouldBe((256 + 16 + 3 + 5, 172, 96 + 6 + 3, 3));
        load.Sites[0].Rows.Select(static row => (row.Row, row.Use.Busy, row.Use.Free)).ShouldBe([("r1", 96, 32), ("r2", 64, 64)]);
        var rows = load.Sites[0].Rows;
        (rows[0].Use.DrawnWatts - rows[0].Use.IdleWatts, rows[1].Use.DrawnWatts - rows[1].Use.IdleWatts).ShouldBe((48 * 1_650L, 64 * 1_650L));
        (load.Sites[0].Use.DrawnWatts, load.BudgetWatts, load.Sites[0].BudgetWatts, rows[0].BudgetWatts).ShouldBe((rows[0].Use.DrawnWatts + rows[1].Use.DrawnWatts, 1_000_000, 900_000, 400_000));
        load.Sites[3].Use.DrawnWatts.ShouldBe(0);
        load.Queues.ShouldHaveSingleItem().Jobs.ShouldBe([1, 2, 3, 4]);

        // Of a rack that holds 48 all is busy that gangs have; the rest of it, and a whole rack, is out of service.
        var half = factory.Job(1).Islands[0].Places[0];
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Do(new TakeOut(half, OutageState.Quarantined, null));
        factory.Do(new TakeOut("atlanta/f1/r2/k2", OutageState.Failed, null));
        factory.Do(new TakeOut("texas", OutageState.Failed, null));
        load = FleetLoadReader.Read(factory.State);
        var use = load.Sites[0].Use;
        (use.Busy, use.Free, use.Drained, use.Failed, use.Away).ShouldBe((160, 16, 16, 64, 0));
        load.Sites[0].Rows.Aggregate(FleetUse.None, static (sum, row) => sum.And(row.Use)).ShouldBe(use);
        load.Sites[0].Out.Select(static place => (place.Target, place.State)).ShouldBe([(half, OutageState.Quarantined), ("atlanta/f1/r2/k2", OutageState.Failed)], ignoreOrder: true);
        (load.Sites[1].Use.Busy, load.Sites[1].Use.Failed).ShouldBe((10, 6));
        foreach (var site in load.Sites.Select(static site => site.Use).Concat(load.Sites.SelectMany(static site => site.Rows).Select(static row => row.Use)).Append(load.Use))
        {
            (site.Busy + site.Free + site.Drained + site.Failed + site.Away).ShouldBe(site.Accelerators);
        }
    }

    private static JobSpecification Job(string hardware, int accelerators) => TestFactory.Specification() with { SiteCount = 1, Hardware = [hardware], Accelerators = accelerators };
}
