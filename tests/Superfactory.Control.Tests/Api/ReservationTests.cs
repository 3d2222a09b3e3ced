using System.Net;
using System.Net.Http.Json;
using Superfactory.Control.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class ReservationTests : TwoSiteTest
{
    private const long Far = 4_000_000_000_000;

    [Fact]
    public async Task Place_is_reserved_shown_with_who_leaves_kept_over_a_restart_and_taken_back()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        var reserved = await PostAsync(new ReservationRequest { Name = "pumps", Target = "atlanta", FromUnixMilliseconds = Far, LengthMilliseconds = 60_000, Reason = "new pumps" });
        reserved.StatusCode.ShouldBe(HttpStatusCode.OK);
        var view = (await reserved.Content.ReadFromJsonAsync<ReservationView>(FactoryJson.Options, TestContext.Current.CancellationToken))!;
        (view.State, view.Reason, view.UntilUnixMilliseconds).ShouldBe((ReservationState.Waiting, "New pumps.", Far + 60_000));
        view.Leaves.ShouldHaveSingleItem().Job.ShouldBe(1);
        (await PostAsync(new ReservationRequest { Name = "pumps", Target = "atlanta", LengthMilliseconds = 1 })).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await PostAsync(new ReservationRequest { Name = "more", Target = "atlenta", LengthMilliseconds = 1 })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var problem = await ControlPlane.ProblemAsync(await PostAsync(new ReservationRequest { Name = "more", Queue = "default", Accelerators = 1_000, LengthMilliseconds = 1 }));
        problem.Problems.ShouldHaveSingleItem().Message.ShouldStartWith("Expected at most ");

        await RestartAsync();
        (await ListAsync()).ShouldHaveSingleItem().Name.ShouldBe("pumps");
        var why = (await Plane.Http.GetFromJsonAsync<WhyView>("v1/jobs/1/why", FactoryJson.Options, TestContext.Current.CancellationToken))!;
        why.Reservations.ShouldHaveSingleItem().LeavesUnixMilliseconds.ShouldBe(Far - 300_000);
        (await CancelAsync("pumps")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await CancelAsync("pumps")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Accelerators_that_are_reserved_at_once_have_who_holds_them_leave_by_a_plan_that_is_decided_again_the_same()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        (await PostAsync(new ReservationRequest { Name = "hero", Target = "atlanta", Hardware = "cpu", Queue = "default", LengthMilliseconds = 60_000 })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await JobAsync()).Reason.ShouldNotContain("Moves", customMessage: "its queue may use it");
        (await CancelAsync("hero")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Plane.Http.PutAsync("v1/queues", new StringContent("queues:\n  - {name: default}\n  - {name: hero}\n", System.Text.Encoding.UTF8, "application/yaml"), TestContext.Current.CancellationToken);
        (await PostAsync(new ReservationRequest { Name = "hero", Target = "atlanta", Hardware = "cpu", Queue = "hero", LengthMilliseconds = 60_000 })).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await ListAsync()).ShouldHaveSingleItem().State.ShouldBe(ReservationState.Active);
        var plans = (await Plane.Http.GetFromJsonAsync<RecordedPlanView[]>("v1/jobs/1/plans", FactoryJson.Options, TestContext.Current.CancellationToken))!;
        var moves = plans.Where(static plan => plan.Kind == "job-moves").ShouldHaveSingleItem();
        moves.Reason.ShouldStartWith("Reservation hero has all cpu at atlanta for queue hero from");
        var replay = (await Plane.Http.GetFromJsonAsync<ReplayView>($"v1/replay/{moves.Record}", FactoryJson.Options, TestContext.Current.CancellationToken))!;
        replay.IsSame.ShouldBeTrue(string.Join('\n', replay.Decided));
    }

    private async Task<JobView> JobAsync() => (await Plane.Http.GetFromJsonAsync<JobView>("v1/jobs/1", FactoryJson.Options, TestContext.Current.CancellationToken))!;

    private async Task<ReservationView[]> ListAsync() => (await Plane.Http.GetFromJsonAsync<ReservationView[]>("v1/reservations", FactoryJson.Options, TestContext.Current.CancellationToken))!;

    private Task<HttpResponseMessage> CancelAsync(string name) => Plane.Http.PostAsync($"v1/reservations/{name}/cancel", null, TestContext.Current.CancellationToken);

    private Task<HttpResponseMessage> PostAsync(ReservationRequest request) => Plane.Http.PostAsJsonAsync("v1/reservations", request, FactoryJson.Options, TestContext.Current.CancellationToken);
}
