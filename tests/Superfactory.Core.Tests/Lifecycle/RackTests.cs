using Superfactory.Core.Commands;
using Superfactory.Core.Planning;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Sites that the fleet places: gangs get racks and nodes of the fleet file, which go out of service and come back.</summary>
public sealed class RackTests
{
    private const string Rack = "{hardware: gb200-nvl72, count: 2}";

    [Fact]
    public void Gang_gets_racks_and_keeps_them_when_it_is_started_again()
    {
        var factory = Factory($"rows: {{count: 2, racks: {Rack}}}");
        Submit(factory, 128);
        factory.Job(1).Islands[0].Places.ShouldBe(["atlanta/f1/r1/k1", "atlanta/f1/r1/k2"]);
        Submit(factory, 8);
        factory.Job(2).Islands[0].Places.ShouldBe(["atlanta/f1/r2/k1"]);

        factory.Run(1, "atlanta").Run(2, "atlanta").Report("atlanta", TestFactory.Gang(1, GangState.Failed, 1, "It crashed.", retriable: true), factory.Present(2, "atlanta"));
        (factory.Job(1).Islands[0].Incarnation, factory.Job(1).Islands[0].Places.Length).ShouldBe((2, 2));
        var again = factory.Journal.Aggregate(FactoryState.Empty, Core.Factory.Apply);
        again.Jobs[1].Islands[0].Places.ShouldBe(factory.Job(1).Islands[0].Places);
    }

    [Fact]
    public void Room_that_is_scattered_is_no_room_for_equal_slices()
    {
        var factory = Factory($"racks: {Rack}");
        Submit(factory, 40);
        Submit(factory, 40);
        Submit(factory, 25);
        Submit(factory, 8);

        FleetCapacity.Held(factory.State, "atlanta", "gb200-nvl72").ShouldBe(80, "twenty-four are free in each of two racks, and 25 are no two equal slices");
        factory.ReasonOf(3).ShouldContain("more free gb200-nvl72 in atlanta.");
        factory.StateOf(4).ShouldBe(JobState.Queued, "it would take what job 3 waits for");
    }

    [Fact]
    public void Rack_that_is_drained_is_left_for_another_and_nobody_goes_there_before_it_is_back()
    {
        var factory = Factory($"racks: {Rack}");
        Submit(factory, 64);
        factory.Run(1, "atlanta");
        var rack = factory.Job(1).Islands[0].Places[0];
        factory.Do(new TakeOut(rack, OutageState.Draining, null));

        OutageReader.Read(factory.State).Single().Moves.Single().Kind.ShouldBe(OutageMoveKind.Stops, "it was told to save at once");
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 4, "atlanta", held: true) with { Islands = ["atlanta"] });
        factory.Report("atlanta");
        factory.Job(1).Islands[0].Places.Single().ShouldNotBe(rack);
        factory.State.Outages[rack].State.ShouldBe(OutageState.Drained);
        Submit(factory, 1);
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.Do(new ReturnTarget(rack));
        factory.Job(2).Islands[0].Places.ShouldBe([rack]);
    }

    [Fact]
    public void Row_that_fails_loses_its_islands_and_they_start_again_on_other_rows_of_the_site()
    {
        var factory = Factory("rows: {count: 2, racks: {hardware: cpu, slots: 4}}");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 3 }));
        factory.Run(1, "atlanta").Do(new TakeOut("atlanta/f1/r1", OutageState.Failed, null, "Water"));

        factory.Job(1).Islands[0].Standing.ShouldBe(IslandStanding.Stopping, "it stays charged until its agent confirms that it has stopped");
        FleetPlaces.Held(factory.State, planned: false)["atlanta/f1/r1/k1/n1"].ShouldBe(3);
        factory.Report("atlanta");
        factory.Job(1).Islands.Length.ShouldBe(1, factory.ReasonOf(1));
        (factory.Job(1).Islands[0].Standing, factory.Job(1).Islands[0].Places[0]).ShouldBe((IslandStanding.Wanted, "atlanta/f1/r2/k1/n1"));
    }

    [Fact]
    public void Spares_take_the_place_of_nodes_of_a_rack_and_beyond_them_somebody_leaves()
    {
        var factory = Factory("racks: {hardware: gb200-nvl72}");
        Submit(factory, 32);
        Submit(factory, 32);
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Do(new TakeOut("atlanta/f1/r1/k1/n1", OutageState.Draining, null));
        factory.Do(new TakeOut("atlanta/f1/r1/k1/n2", OutageState.Draining, null));
        factory.State.Jobs.Values.ShouldAllBe(static job => !job.HoldRequested, "there are two spares");
        factory.Do(new TakeOut("atlanta/f1/r1/k1/n3", OutageState.Draining, null));

        factory.State.Jobs.Values.Count(static job => job.HoldRequested).ShouldBe(1, "sixty are left for sixty-four: one is enough");
        FleetCapacity.Offered(factory.State, "atlanta", "gb200-nvl72").ShouldBe(60);
    }

    [Fact]
    public void Rack_where_gangs_of_several_jobs_fail_is_quarantined_and_its_site_is_not()
    {
        var factory = Factory("racks: {hardware: cpu, slots: 3, count: 2}");
        for (var job = 1; job <= 3; job++)
        {
            factory.Submit("atlanta").Run(job, "atlanta");
        }

        var node = factory.Job(1).Islands[0].Places.Single();
        factory.Report("atlanta", [.. Enumerable.Range(1, 3).Select(static job => TestFactory.Gang(job, GangState.Failed, 1, "It crashed.", retriable: true))]);

        factory.State.Outages.Keys.ShouldBe([node]);
        factory.State.Outages[node].State.ShouldBe(OutageState.Quarantined);
        factory.State.Jobs.Values.Select(static job => job.Islands[0].Places.Single()).ShouldAllBe(place => place != node, "they start again elsewhere");
    }

    [Fact]
    public void Start_that_waits_for_others_is_dropped_where_its_rack_goes_out_of_service()
    {
        var factory = Factory($"racks: {Rack}");
        Submit(factory, 64);
        Submit(factory, 64);
        factory.Run(1, "atlanta").Run(2, "atlanta");
        factory.Do(new SubmitJob(Job(64) with { Priority = 3 }));
        var rack = factory.Job(3).Planned.ShouldNotBeNull().Places!["atlanta"].Single();
        factory.Do(new TakeOut(rack, OutageState.Failed, null));

        factory.Journal.OfType<StartDropped>().Single().Reason.ShouldBe($"{rack} is out of service.".Replace("atlanta", "Atlanta", StringComparison.Ordinal));
    }

    [Fact]
    public void Gangs_that_were_placed_before_the_file_was_applied_go_on_and_their_site_is_counted_until_they_end()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4).Submit("atlanta").Run(1, "atlanta");
        factory.Do(new ApplyFleet("name: f\nsites: [{name: atlanta, racks: {hardware: cpu, slots: 2, count: 2}}]", null));
        FleetPlaces.Sites(factory.State).ShouldBeEmpty();
        factory.Do(new CancelJob(1));
        factory.Report("atlanta").Submit("atlanta");
        factory.Job(2).Islands[0].Places.ShouldBe(["atlanta/f1/r1/k1/n1"]);
    }

    [Fact]
    public void File_that_takes_a_rack_away_that_is_held_is_refused_and_so_are_places_that_are_none()
    {
        var factory = Factory("racks: [{name: a, hardware: cpu}, {name: b, hardware: cpu}]");
        factory.Submit("atlanta");
        factory.Try(new ApplyFleet("name: f\nsites: [{name: atlanta, racks: [{name: b, hardware: cpu}, {name: c, hardware: cpu}]}]", null)).Refusal!.Problems.ShouldHaveSingleItem().Message
            .ShouldBe("'atlanta/f1/r1/a/n1' would not be there, and jobs hold 1 there.");

        Refused("atlanta/f1/r1/z").ShouldBe("The fleet has no 'atlanta/f1/r1/z'; expected a floor, row, rack or node of 'atlanta' by its path, such as atlanta/f1/r1/a.");
        Refused("atlanta/f1/r1/a/n2").ShouldContain("The fleet has no 'atlanta/f1/r1/a/n2'");
        Refused("texas/f1").ShouldBe("The fleet has no site 'texas'; expected a place of atlanta.");
        factory.Do(new ApplyFleet("name: f\nsites: [{name: atlanta, placement: site, racks: {hardware: cpu}}]", null));
        Refused("atlanta/f1").ShouldBe("Site 'atlanta' places its own gangs: who is on which of its racks is its engine's business. Expected the site.");

        string Refused(string target) => factory.Try(new TakeOut(target, OutageState.Draining, null)).Refusal!.Problems[0].Message;
    }

    [Fact]
    public void Row_draws_no_more_than_it_may_while_those_who_give_way_still_stop()
    {
        // Two nodes of 150 W idle in a row of 400 W: two slots of 50 W. Another row leaves the site more than that.
        var factory = Factory("rows: [{name: a, power: 400W, racks: {hardware: cpu, slots: 4, count: 2}}, {name: b, racks: {hardware: hgx-h100, nodes: 1}}]");
        factory.Submit("atlanta").Submit("atlanta").Run(1, "atlanta").Run(2, "atlanta");
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Accelerators = 2, Priority = 3 }));

        factory.Job(3).Planned.ShouldNotBeNull().Awaited.ShouldBe([1, 2]);
        factory.Lie("atlanta", TestFactory.Checkpoint(1, 4, "atlanta", held: true) with { Islands = ["atlanta"] });
        factory.Report("atlanta", factory.Present(2, "atlanta"));
        factory.StateOf(3).ShouldBe(JobState.Queued, "job 2 still draws");
        factory.Lie("atlanta", TestFactory.Checkpoint(2, 4, "atlanta", held: true, name: "b") with { Islands = ["atlanta"] });
        factory.Report("atlanta");
        factory.StateOf(3).ShouldBe(JobState.Starting);
    }

    internal static TestFactory Factory(string contents)
    {
        var factory = new TestFactory().Join("atlanta");
        factory.Do(new ApplyFleet($"name: f\nsites: [{{name: atlanta, {contents}}}]", "f.yaml"));
        return factory;
    }

    private static JobSpecification Job(int accelerators) => TestFactory.Specification("atlanta") with { Hardware = ["gb200-nvl72"], Accelerators = accelerators };

    internal static void Submit(TestFactory factory, int accelerators) => factory.Do(new SubmitJob(Job(accelerators)));
}
