using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Core.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>Jobs that take several kinds of hardware: which they get, what they hold of it, and what is refused.</summary>
public sealed class HardwareTests
{
    private static readonly string[] _sites = ["atlanta", "iowa"];

    [Fact]
    public void Job_gets_the_first_of_its_kinds_that_has_room_and_all_its_islands_the_same()
    {
        var factory = Factory();
        Submit(factory, ["hgx-b200", "hgx-h100"], 8, sites: 2);
        Submit(factory, ["hgx-b200", "hgx-h100"], 8, sites: 2);

        factory.Job(1).Islands.Select(factory.Job(1).HardwareOf).ShouldBe(["hgx-b200", "hgx-b200"]);
        factory.Job(2).Islands.Select(factory.Job(2).HardwareOf).ShouldBe(["hgx-h100", "hgx-h100"]);
        FleetCapacity.Held(factory.State, "iowa", "hgx-b200").ShouldBe(8);
        FleetCapacity.Held(factory.State, "iowa", "hgx-h100").ShouldBe(8);
        factory.Journal.OfType<JobStarted>().Select(static started => started.Hardware).ShouldBe(["hgx-b200", "hgx-h100"]);
        factory.Journal.OfType<JobStarted>().First().Reason.ShouldBe("Placed at atlanta and iowa on hgx-b200.");
    }

    [Fact]
    public void Any_is_any_kind_but_processors_that_has_the_memory()
    {
        var factory = Factory();
        Submit(factory, [], 8);
        Submit(factory, [], 8, memory: 100);
        Submit(factory, [], 8, memory: 100);
        Submit(factory, [], 8, memory: 100);

        factory.State.Jobs.Values.Select(static job => job.Hardware).Take(3).ShouldBe(["hgx-h100", "hgx-b200", "hgx-b200"]);
        factory.StateOf(4).ShouldBe(JobState.Queued, "two sites have eight B200 each");
    }

    [Fact]
    public void Nobody_gives_way_on_the_best_kind_where_another_is_free()
    {
        var factory = Factory();
        Submit(factory, ["hgx-b200"], 8, sites: 2);
        factory.Run(1, _sites);
        Submit(factory, ["hgx-b200", "hgx-h100"], 8, priority: 5);
        Submit(factory, ["hgx-b200"], 8, priority: 5);

        factory.Job(2).Hardware.ShouldBe("hgx-h100");
        factory.Job(3).Planned.ShouldNotBeNull().Awaited.ShouldBe([1]);
    }

    [Fact]
    public void Start_that_others_give_way_to_keeps_the_kind_that_they_leave()
    {
        var factory = Factory();
        Submit(factory, ["hgx-b200"], 8, sites: 2);
        Submit(factory, ["hgx-h100"], 8, sites: 2);
        factory.Run(1, _sites).Run(2, _sites);
        Submit(factory, ["hgx-h100", "hgx-b200"], 8, priority: 5);
        factory.Job(3).Planned!.Hardware.ShouldBe("hgx-h100");
        factory.Job(3).Planned!.Awaited.ShouldBe([2]);

        foreach (var site in _sites)
        {
            factory.Lie(site, TestFactory.Checkpoint(2, 4, site, held: true) with { Islands = [.. _sites] });
        }

        factory.Report("atlanta", factory.Present(1, "atlanta")).Report("iowa", factory.Present(1, "iowa"));
        (factory.StateOf(3), factory.Job(3).Hardware).ShouldBe((JobState.Starting, "hgx-h100"));
        FleetCapacity.Held(factory.State, factory.Job(3).Islands[0].Site, "hgx-h100").ShouldBe(8);
    }

    [Fact]
    public void What_a_job_left_behind_stays_charged_of_its_kind_while_the_job_runs_on_another()
    {
        var factory = Factory("{hardware: hgx-b200, nodes: 1}", "{name: h, hardware: hgx-h100, nodes: 1}", "maine");
        Submit(factory, ["hgx-b200", "hgx-h100"], 8, sites: 1, preferred: "maine");
        factory.Run(1, "maine");
        Submit(factory, ["hgx-b200"], 8, preferred: "iowa");
        Submit(factory, ["hgx-b200"], 8, preferred: "atlanta");
        factory.Run(2, "iowa").Run(3, "atlanta").Lose("maine").After(600_000).Tick();
        factory.StateOf(1).ShouldBe(JobState.Starting, factory.ReasonOf(1));

        (factory.Job(1).Hardware, factory.Job(1).Strays.Single().Site).ShouldBe(("hgx-h100", "maine"));
        (FleetCapacity.Held(factory.State, "maine", "hgx-b200"), FleetCapacity.Held(factory.State, "maine", "hgx-h100")).ShouldBe((8, 0));
    }

    [Fact]
    public void Plan_and_the_reserved_start_name_the_kind()
    {
        var factory = Factory();
        Submit(factory, ["hgx-b200"], 8, sites: 2, duration: 600);
        Submit(factory, ["hgx-h100"], 8, sites: 2);
        var plan = PlanReader.Read(factory.State, new SubmitJob(Job(["hgx-b200", "hgx-h100"], 8, 2)), factory.Now).Plan!;

        (plan.Outcome, plan.Hardware, plan.StartsUnixMilliseconds).ShouldBe((PlanOutcome.Waits, "hgx-b200", factory.Now + 600_000));
        plan.PeakWatts.ShouldBe(16 * 1_500);
        Submit(factory, ["hgx-b200", "hgx-h100"], 8, sites: 2);
        factory.Job(3).Reserved.ShouldNotBeNull().Hardware.ShouldBe("hgx-b200");
        factory.Journal.ForEach(static record => JsonSerializer.Deserialize<JournalRecord>(JsonSerializer.Serialize(record, FactoryJson.Options), FactoryJson.Options).ShouldNotBeNull());
    }

    [Theory]
    [InlineData("hgx-b200", 16, 2, "2 islands of 16 hgx-b200 never fit at the known sites; 2 of 8 hgx-b200 would.")]
    [InlineData("hgx-b200,hgx-h100", 16, 2, "2 islands of 16 hgx-b200 or hgx-h100, all of one kind, never fit at the known sites; 2 of 8 hgx-b200 would, or one of 16.")]
    [InlineData("gb200-nvl72", 1, 1, "An island of 1 gb200-nvl72 never fits at the known sites; they have hgx-h100 and hgx-b200.")]
    [InlineData("", 64, 1, "An island of 64 accelerators never fits at the known sites; one of 16 hgx-h100 would.")]
    public void Job_of_a_shape_that_never_fits_is_refused_with_the_nearest(string kinds, int accelerators, int sites, string expected)
    {
        var factory = Factory("{hardware: hgx-b200, nodes: 1}", "{name: h, hardware: hgx-h100, nodes: 1}");
        factory.Do(new ApplyFleet("name: f\nsites: [{name: atlanta, racks: [{hardware: hgx-b200, nodes: 1}, {name: h, hardware: hgx-h100, nodes: 2}]}, {name: iowa, racks: [{hardware: hgx-b200, nodes: 1}, {name: h, hardware: hgx-h100, nodes: 1}]}]", "f.yaml"));

        var refusal = factory.Try(new SubmitJob(Job([.. kinds.Split(',', StringSplitOptions.RemoveEmptyEntries)], accelerators, sites))).Refusal!;
        refusal.Problems.ShouldHaveSingleItem().Message.ShouldBe(expected);
    }

    [Fact]
    public void Job_for_more_sites_than_have_joined_is_no_refusal()
    {
        var factory = Factory();
        factory.Try(new SubmitJob(Job(["hgx-b200"], 64, 3))).Refusal.ShouldBeNull("a third site, or others, may have that many");
    }

    private static TestFactory Factory(string first = "{hardware: hgx-b200, nodes: 1}", string second = "{name: h, hardware: hgx-h100, nodes: 1}", params string[] more)
    {
        var factory = new TestFactory();
        foreach (var site in _sites.Concat(more))
        {
            factory.Join(site);
        }

        factory.Do(new ApplyFleet($"name: f\nsites: [{string.Join(", ", _sites.Concat(more).Select(site => $"{{name: {site}, racks: [{first}, {second}]}}"))}]", "f.yaml"));
        return factory;
    }

    private static JobSpecification Job(ImmutableArray<string> kinds, int accelerators, int sites) => TestFactory.Specification() with { Hardware = kinds, Accelerators = accelerators, SiteCount = sites };

    private static void Submit(TestFactory factory, ImmutableArray<string> kinds, int accelerators, int sites = 1, int memory = 0, int priority = 0, int duration = 0, string? preferred = null) =>
        factory.Do(new SubmitJob(Job(kinds, accelerators, sites) with { Memory = memory, Priority = priority, Duration = duration, PreferredSites = preferred is null ? [] : [preferred] }));
}
