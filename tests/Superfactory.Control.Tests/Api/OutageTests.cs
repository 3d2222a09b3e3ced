using System.Net;
using System.Net.Http.Json;
using Superfactory.Control.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class OutageTests : TwoSiteTest
{
    [Fact]
    public async Task Site_is_drained_shown_with_who_moves_and_returned()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        var drained = await PostAsync("v1/outages", new OutageRequest { Target = "atlanta", State = OutageState.Draining, ByUnixMilliseconds = 4_000_000_000_000, Reason = "new switches" });
        drained.StatusCode.ShouldBe(HttpStatusCode.OK);
        var outage = (await drained.Content.ReadFromJsonAsync<OutageView>(FactoryJson.Options, TestContext.Current.CancellationToken))!;

        (outage.State, outage.Reason).ShouldBe((OutageState.Draining, "New switches."));
        outage.Moves.ShouldHaveSingleItem().Job.ShouldBe(1);
        (await PostAsync("v1/outages", new OutageRequest { Target = "atlenta", State = OutageState.Failed })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await PostAsync("v1/outages", new OutageRequest { Target = "atlanta", State = OutageState.Drained })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Plane.Http.PostAsync("v1/outages/return?target=atlanta", null, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Plane.Http.GetFromJsonAsync<OutageView[]>("v1/outages", FactoryJson.Options, TestContext.Current.CancellationToken))!.ShouldBeEmpty();
    }

    [Fact]
    public async Task Plan_of_the_journal_is_decided_again_the_same_also_after_a_restart()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        await RestartAsync();

        var plans = (await Plane.Http.GetFromJsonAsync<RecordedPlanView[]>("v1/jobs/1/plans", FactoryJson.Options, TestContext.Current.CancellationToken))!;
        plans.Select(plan => plan.Kind).ShouldBe(["job-started", "epoch-decided"]);
        var replay = (await Plane.Http.GetFromJsonAsync<ReplayView>($"v1/replay/{plans[0].Record}", FactoryJson.Options, TestContext.Current.CancellationToken))!;
        replay.IsSame.ShouldBeTrue(string.Join('\n', replay.Decided));
        replay.Recorded.Length.ShouldBe(2);
        (await ControlPlane.ProblemAsync(await Plane.Http.GetAsync("v1/replay/1", TestContext.Current.CancellationToken))).Problems[0].Message.ShouldBe("Record 1 is no plan but 'site-joined', which entered from outside.");
        (await Plane.Http.GetAsync("v1/replay/999", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private Task<HttpResponseMessage> PostAsync(string path, OutageRequest request) => Plane.Http.PostAsJsonAsync(path, request, FactoryJson.Options, TestContext.Current.CancellationToken);
}
