using Superfactory.Core.Commands;
using Superfactory.Core.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Tests.Lifecycle;

/// <summary>A factory whose sites are what a fleet file says: accelerators of several kinds, and power at sites and fleet.</summary>
public sealed class FleetCapacityTests
{
    [Fact]
    public void Site_of_the_file_offers_what_the_file_says_and_another_what_its_agent_says()
    {
        var factory = Applied("sites: [{name: atlanta, racks: {hardware: cpu, slots: 2, count: 2}}]");
        factory.Join("texas", slots: 3);

        FleetCapacity.Offered(factory.State, "atlanta", "cpu").ShouldBe(4);
        FleetCapacity.Offered(factory.State, "texas", "cpu").ShouldBe(3);
        for (var job = 0; job < 5; job++)
        {
            factory.Submit("atlanta");
        }

        factory.State.JobsHoldingSlots("atlanta").ShouldBe([1, 2, 3, 4]);
        factory.ReasonOf(5).ShouldBe("Waits for a free slot at atlanta: jobs 1, 2, 3 and 4 come first.");
    }

    [Fact]
    public void Kinds_of_hardware_are_counted_apart_and_spares_are_kept_back()
    {
        var factory = Applied("sites: [{name: atlanta, racks: [{hardware: cpu, slots: 1}, {name: n, hardware: gb200-nvl72}]}]");
        FleetCapacity.Declared(factory.State, "atlanta", "gb200-nvl72").ShouldBe(64);
        Submit(factory, "gb200-nvl72", 64);
        factory.Submit("atlanta");
        Submit(factory, "gb200-nvl72", 1);

        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.StateOf(2).ShouldBe(JobState.Starting, "it runs on another kind");
        factory.StateOf(3).ShouldBe(JobState.Queued);
        Refused("hgx-h100", 1).ShouldBe("Site 'atlanta' has no hgx-h100; it has gb200-nvl72 and cpu.");
        Refused("gb200-nvl72", 65).ShouldBe("Site 'atlanta' has 64 gb200-nvl72: an island of 65 never fits there, one of 64 would.");

        string Refused(string hardware, int accelerators) =>
            factory.Try(new SubmitJob(TestFactory.Specification("atlanta") with { Hardware = [hardware], Accelerators = accelerators })).Refusal!.Problems[0].Message;
    }

    [Fact]
    public void Nothing_starts_that_the_site_s_power_does_not_feed_and_less_of_the_peak_is_less()
    {
        // 150 W idle, 50 W each slot.
        var factory = Applied("sites: [{name: atlanta, power: 320W, racks: {hardware: cpu, slots: 8}}]");
        Submit(factory, "cpu", 3);
        Submit(factory, "cpu", 1);
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Peak = 0.4 }));

        factory.StateOf(1).ShouldBe(JobState.Starting);
        factory.ReasonOf(2).ShouldBe("It needs 30 W more at atlanta.");
        factory.StateOf(3).ShouldBe(JobState.Queued, "nothing overtakes in a queue");
        factory.Do(new CancelJob(2));
        factory.StateOf(3).ShouldBe(JobState.Starting);
        FleetCapacity.Drawn(factory.State, "atlanta").ShouldBe(170);
    }

    [Fact]
    public void Fleet_s_power_and_what_rows_may_draw_together_count_too()
    {
        var factory = Applied("power: 450W\nsites: [{name: atlanta, racks: {hardware: cpu}}, {name: texas, rows: {power: 200W, racks: {hardware: cpu}}}]", "atlanta", "texas");
        factory.Submit("atlanta").Submit("texas").Submit("texas").Submit("atlanta").Submit("atlanta");

        factory.State.Jobs.Values.Select(job => factory.StateOf(job.Id)).ShouldBe([JobState.Starting, JobState.Starting, JobState.Queued, JobState.Starting, JobState.Queued]);
        factory.ReasonOf(3).ShouldBe("It needs 50 W more at texas/f1/r1.");
        factory.ReasonOf(5).ShouldBe("It needs 50 W more at the fleet.");
    }

    [Fact]
    public void Gang_that_is_stopping_draws_until_it_is_confirmed()
    {
        var factory = Applied("sites: [{name: atlanta, power: 200W, racks: {hardware: cpu}}]");
        factory.Submit("atlanta").Run(1, "atlanta").Submit("atlanta").Do(new CancelJob(1));
        factory.StateOf(2).ShouldBe(JobState.Queued);
        factory.Report("atlanta");
        factory.StateOf(2).ShouldBe(JobState.Starting);
    }

    [Fact]
    public void File_that_cannot_be_is_refused_whole()
    {
        var factory = new TestFactory().Join("atlanta", slots: 4).Submit("atlanta").Submit("atlanta");
        Problem("name: f\nsites: [{name: atlanta, racks: {hardware: cpu, slots: 1}}]").ShouldBe("Site 'atlanta' would have 1 cpu for jobs, and jobs hold 2 there.");
        Problem("name: f\nsites: [{name: atlanta, racks: {hardware: vax}}]").ShouldContain("vax");
        factory.Do(new ApplyQueues(new QueueSet([new QueueSpecification { Name = "default", Quotas = [new QuotaSpecification("cpu", 4)] }])));
        Problem("name: f\nsites: [{name: atlanta, racks: {hardware: cpu, slots: 3}}]").ShouldContain("cpu");
        factory.State.Fleet.ShouldBeNull();

        string Problem(string text) => factory.Try(new ApplyFleet(text, "f.yaml")).Refusal!.Problems[0].Message;
    }

    private static TestFactory Applied(string sites, params string[] join)
    {
        var factory = new TestFactory();
        foreach (var site in join.DefaultIfEmpty("atlanta"))
        {
            factory.Join(site);
        }

        factory.Do(new ApplyFleet($"name: f\n{sites}", "f.yaml"));
        return factory;
    }

    private static void Submit(TestFactory factory, string hardware, int accelerators) =>
        factory.Do(new SubmitJob(TestFactory.Specification("atlanta") with { Hardware = [hardware], Accelerators = accelerators }));
}
