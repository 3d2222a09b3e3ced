using System.Net;
using System.Net.Http.Json;
using Superfactory.Control.Tests.Support;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Copies;

namespace Superfactory.Control.Tests.Api;

public sealed class CopyTests : TwoSiteTest
{
    private static readonly CopyRequest _request = new(new CopyPlace("wisconsin", "/a"), new CopyPlace("atlanta", "/b"));

    [Fact]
    public async Task Copy_is_shown_from_request_to_end_with_what_its_destination_says()
    {
        (await AskAsync(HttpStatusCode.Created)).State.ShouldBe(CopyState.Waiting);
        (await AskAsync(HttpStatusCode.OK)).Id.ShouldBe(1);
        (await Plane.InstructionsAsync("atlanta"))!.Copies.ShouldHaveSingleItem().Role.ShouldBe(CopyRole.Destination);

        await ReportAsync(CopyPhase.Running, new CopyProgress { Bytes = 10, BytesDone = 4 });
        var running = await CopyAsync("/v1/copies/1");
        (running.State, running.Progress!.BytesDone).ShouldBe((CopyState.Running, 4L));
        await ReportAsync(CopyPhase.Completed, new CopyProgress { Bytes = 10, BytesDone = 10 });

        var ended = await CopyAsync("/v1/copies/1");
        (ended.State, ended.Reason, ended.Progress!.BytesDone).ShouldBe((CopyState.Completed, "Everything is in place and verified.", 10L));
        (await Plane.InstructionsAsync("atlanta"))!.Copies.ShouldBeEmpty();
    }

    [Fact]
    public async Task Copy_that_goes_on_is_still_instructed_after_a_restart_of_the_control_plane()
    {
        await AskAsync(HttpStatusCode.Created);

        await RestartAsync();

        (await Plane.InstructionsAsync("wisconsin"))!.Copies.ShouldHaveSingleItem().Source.ShouldBe(_request.Source);
        await ReportAsync(CopyPhase.Failed, progress: null, reason: "The disk at site atlanta is full.");
        (await CopyAsync("/v1/copies/1")).Reason.ShouldBe("The disk at site atlanta is full.");
    }

    [Fact]
    public async Task Wrong_requests_are_refused_with_their_problems()
    {
        var unknown = await PostAsync(_request with { Source = new CopyPlace("wisconson", "/a") });
        unknown.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(unknown)).Problems.ShouldHaveSingleItem().Hint.ShouldBe("Did you mean 'wisconsin:/a'?");
        (await Plane.PostAsync("/v1/copies", JsonContent.Create(new { source = new { site = "wisconsin", path = "/a" } }))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Plane.GetAsync("/v1/copies/7")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await Plane.PostAsync("/v1/copies/7/cancel")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await Plane.TextAsync("/v1/copies")).ShouldBe("[]");
    }

    [Fact]
    public async Task Cancelled_copy_is_taken_from_both_sites()
    {
        await AskAsync(HttpStatusCode.Created);

        (await Plane.PostAsync("/v1/copies/1/cancel")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        (await Plane.InstructionsAsync("wisconsin"))!.Copies.ShouldBeEmpty();
        (await CopyAsync("/v1/copies/1")).State.ShouldBe(CopyState.Cancelled);
        (await Plane.PostAsync("/v1/copies/1/cancel")).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }

    private Task<HttpResponseMessage> PostAsync(CopyRequest request) => Plane.PostAsync("/v1/copies", JsonContent.Create(request, options: FactoryJson.Options));

    private async Task<CopyView> AskAsync(HttpStatusCode expected)
    {
        var response = await PostAsync(_request);
        response.StatusCode.ShouldBe(expected);
        return (await response.Content.ReadFromJsonAsync<CopyView>(FactoryJson.Options))!;
    }

    private async Task<CopyView> CopyAsync(string path)
        => System.Text.Json.JsonSerializer.Deserialize<CopyView>(await Plane.TextAsync(path), FactoryJson.Options)!;

    private async Task ReportAsync(CopyPhase phase, CopyProgress? progress, string? reason = null)
        => (await Plane.ReportAsync("atlanta", new AgentReport
        {
            Session = "s1",
            Copies = [new CopyReport { Copy = 1, Role = CopyRole.Destination, Phase = phase, Progress = progress, Reason = reason }],
        })).EnsureSuccessStatusCode();
}
