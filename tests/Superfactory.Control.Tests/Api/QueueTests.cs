using System.Net;
using System.Net.Http.Json;
using System.Text;
using Superfactory.Control.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class QueueTests : TwoSiteTest
{
    [Fact]
    public async Task Queues_are_applied_shown_with_what_they_hold_and_outlive_a_restart()
    {
        (await QueuesAsync()).ShouldHaveSingleItem().Name.ShouldBe("default");
        (await PutAsync("queues: [{name: default}, {name: research, quotas: {hardware: cpu, guaranteed: 2}}]")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Plane.SubmitAsync(Samples.TwoSites + "\nqueue: research\n");
        await Plane.SubmitAsync(Samples.TwoSites);
        await RestartAsync();

        var queues = await QueuesAsync();

        queues.Select(queue => (queue.Name, queue.Held, queue.Owned)).ShouldBe([("default", 0L, 0L), ("research", 2L, 2L)]);
        queues[1].Running.ShouldBe([1]);
        queues[0].Waiting.ShouldBe([2]);
    }

    [Fact]
    public async Task Queues_that_cannot_be_are_refused_and_nothing_changes()
    {
        (await ControlPlane.ProblemAsync(await PutAsync("queues: [{name: a, wight: 1}]"))).Problems[0].ToString().ShouldStartWith("q.yaml:1: queues[0].wight: There is no such field.");
        var circle = await PutAsync("queues: [{name: a, parent: b}, {name: b, parent: a}]");

        circle.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(circle)).Problems[0].ToString().ShouldBe("q.yaml: a.parent: The queue is above itself, 2 up.");
        await Plane.SubmitAsync(Samples.TwoSites);
        (await PutAsync("queues: [{name: a}]")).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await QueuesAsync()).ShouldHaveSingleItem().Name.ShouldBe("default");
    }

    [Fact]
    public async Task Plan_says_what_would_follow_and_a_pause_and_a_priority_change_it()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        (await PlanAsync(Samples.TwoSites)).Outcome.ShouldBe(PlanOutcome.Waits);
        var high = await PlanAsync(Samples.TwoSites + "\npriority: 1\n");
        (high.Outcome, high.GiveWay.Single().Job).ShouldBe((PlanOutcome.StartsAfter, 1L));
        (await Plane.PostAsync("/v1/queues/default/pause")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await QueuesAsync())[0].Paused.ShouldBeTrue();
        var waiting = await Plane.SubmitAsync(Samples.TwoSites);
        waiting.Reason.ShouldStartWith("Queue default is paused");
        (await Plane.PostAsync("/v1/queues/default/resume")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await Plane.PostAsync("/v1/jobs/2/priority", JsonContent.Create(new PriorityRequest(2), options: FactoryJson.Options))).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await Plane.JobAsync(2)).Reason.ShouldBe("Starts at wisconsin and atlanta as soon as job 1 has given way.");
        await Plane.ReportAsync("wisconsin");
        await Plane.ReportAsync("atlanta");
        (await Plane.JobAsync(2)).State.ShouldBe(JobState.Starting);
        (await Plane.PostAsync("/v1/jobs/2/priority", JsonContent.Create(new PriorityRequest(-1), options: FactoryJson.Options))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task<PlanView> PlanAsync(string yaml)
    {
        var response = await Plane.PostAsync("/v1/plan?file=job.yaml", new StringContent(yaml, Encoding.UTF8, "application/yaml"));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.Content.ReadFromJsonAsync<PlanView>(FactoryJson.Options))!;
    }

    private async Task<QueueView[]> QueuesAsync() => (await Plane.Http.GetFromJsonAsync<QueueView[]>("/v1/queues", FactoryJson.Options))!;

    private Task<HttpResponseMessage> PutAsync(string yaml) => Plane.Http.PutAsync("/v1/queues?file=q.yaml", new StringContent(yaml, Encoding.UTF8, "application/yaml"));
}
