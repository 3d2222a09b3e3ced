using System.Net;
using Superfactory.Cli.Tests.Display;
using Superfactory.Model;

namespace Superfactory.Cli.Tests.Api;

public sealed class ControlClientTests
{
    [Fact]
    public async Task Refusal_carries_every_problem_and_exit_code_2()
    {
        var problem = new Problem("There is no site 'atlnta'.", "job.yaml", 3, "sites[1]", "Did you mean 'atlanta'?");
        using var control = new ScriptedControl().Answers("/v1/jobs", ScriptedControl.Refuses(HttpStatusCode.BadRequest, problem));
        using var client = control.Client();

        var answer = await client.SubmitAsync("job.yaml", "/srv/jobs", "name: x", TestContext.Current.CancellationToken);

        answer.Problems.ShouldBe([problem]);
        answer.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Refusal_without_problems_is_told_by_its_title()
    {
        using var control = new ScriptedControl().Answers("/v1/jobs/7/cancel", ScriptedControl.Refuses(HttpStatusCode.Conflict));
        using var client = control.Client();

        var answer = await client.CancelAsync(7, array: false, TestContext.Current.CancellationToken);

        answer.Problems.ShouldHaveSingleItem().Message.ShouldBe("Refused.");
    }

    [Theory]
    [InlineData(HttpStatusCode.OK)]
    [InlineData(HttpStatusCode.NotFound)]
    public async Task Something_else_that_answers_there_is_told_apart(HttpStatusCode status)
    {
        using var control = new ScriptedControl().Answers("/v1/jobs", ScriptedControl.Text(status, "<html>It works!</html>"));
        using var client = control.Client();

        var answer = await client.JobsAsync(TestContext.Current.CancellationToken);

        answer.Problems.ShouldHaveSingleItem().Message.ShouldContain("no control plane of this version");
        answer.ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Fault_of_the_control_plane_is_no_mistake_of_the_user()
    {
        using var control = new ScriptedControl().Answers("/v1/sites", ScriptedControl.Refuses(HttpStatusCode.InternalServerError));
        using var client = control.Client();

        (await client.SitesAsync(TestContext.Current.CancellationToken)).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Answer_is_the_API_s_own_object()
    {
        using var control = new ScriptedControl().Answers("/v1/jobs", ScriptedControl.Json(new[] { Views.Job() }));
        using var client = control.Client();

        var answer = await client.JobsAsync(TestContext.Current.CancellationToken);

        answer.Value.ShouldNotBeNull().ShouldHaveSingleItem().Specification.Budget.Steps.ShouldBe(400);
    }
}
