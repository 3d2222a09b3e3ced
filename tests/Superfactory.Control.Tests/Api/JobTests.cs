using System.Net;
using Superfactory.Control.Api;
using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class JobTests : TwoSiteTest
{
    [Fact]
    public async Task Site_that_does_not_exist_is_refused_with_file_line_field_and_near_match()
    {
        var response = await Plane.PostJobAsync(Samples.TwoSites.Replace("atlanta", "atlenta", StringComparison.Ordinal), "mine.yaml");

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = (await ControlPlane.ProblemAsync(response)).Problems.ShouldHaveSingleItem();
        problem.ToString().ShouldBe("mine.yaml:3: sites: There is no site 'atlenta'; expected one of atlanta, wisconsin. Did you mean 'atlanta'?");
        (await Plane.TextAsync("/v1/jobs")).ShouldBe("[]");
    }

    [Fact]
    public async Task Job_file_with_problems_is_refused_with_all_of_them()
    {
        var yaml = Samples.TwoSites.Replace("every: 30", "evry: 30", StringComparison.Ordinal).Replace("steps: 400", "steps: -1", StringComparison.Ordinal);

        var response = await Plane.PostJobAsync(yaml);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(response)).Problems.Select(problem => problem.Line).ShouldBe([6, 7]);
    }

    [Fact]
    public async Task Job_file_that_is_too_long_is_refused()
    {
        var response = await Plane.PostJobAsync($"# {new string('x', ApiLimits.JobFileBytesMax)}\n");

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await ControlPlane.ProblemAsync(response)).Problems[0].File.ShouldBe("job.yaml");
    }

    [Fact]
    public async Task Second_job_waits_for_the_slots_of_the_first_and_says_so()
    {
        await Plane.SubmitAsync(Samples.TwoSites);

        var second = await Plane.SubmitAsync(Samples.TwoSites);

        second.State.ShouldBe(JobState.Queued);
        second.Reason.ShouldBe("Waits for a free slot at wisconsin: job 1 comes first.");
    }

    [Fact]
    public async Task Cancelled_job_has_no_gang_and_frees_its_slot_once_the_site_confirms()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        await Plane.SubmitAsync(Samples.TwoSites);
        await Plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));
        await Plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Running));

        (await Plane.PostAsync("/v1/jobs/1/cancel")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        (await Plane.JobAsync(1)).State.ShouldBe(JobState.Cancelled);
        (await Plane.InstructionsAsync("atlanta"))!.Gangs.ShouldBeEmpty();
        await Plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));
        await Plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Stopped));
        (await Plane.JobAsync(2)).Reason.ShouldBe("Waits for a free slot at wisconsin: job 1 comes first.");
        await Plane.ReportAsync("wisconsin");
        (await Plane.JobAsync(2)).State.ShouldBe(JobState.Starting);
    }

    [Fact]
    public async Task Cancelling_an_ended_job_is_a_conflict_and_an_unknown_one_is_not_found()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        await Plane.PostAsync("/v1/jobs/1/cancel");

        var again = await Plane.PostAsync("/v1/jobs/1/cancel");
        again.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await ControlPlane.ProblemAsync(again)).Problems[0].Message.ShouldBe("Job 1 has already ended: it was cancelled.");
        (await Plane.PostAsync("/v1/jobs/9/cancel")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/v1/jobs/9")]
    [InlineData("/v1/jobs/9/logs")]
    [InlineData("/v1/jobs/9/measurements")]
    [InlineData("/v1/jobs/9/events")]
    [InlineData("/v1/events?job=9")]
    [InlineData("/v1/nothing")]
    [InlineData("/nothing")]
    public async Task What_does_not_exist_is_answered_with_a_problem(string path)
    {
        var response = await Plane.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await ControlPlane.ProblemAsync(response);
    }

    [Fact]
    public async Task Wrong_method_and_wrong_query_are_answered_with_a_problem()
    {
        var method = await Plane.DeleteAsync("/v1/jobs");
        method.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        await ControlPlane.ProblemAsync(method);
        await Plane.SubmitAsync(Samples.TwoSites);
        var query = await Plane.GetAsync("/v1/jobs/1/logs?after=abc");
        query.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(query)).Problems[0].Message.ShouldContain("after");
    }

    [Fact]
    public async Task Failed_job_gives_the_gangs_reason_and_stops_the_other_site()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        await Plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));

        await Plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Failed, reason: "The trainer of atlanta registers no parameters."));

        var job = await Plane.JobAsync(1);
        job.State.ShouldBe(JobState.Failed);
        job.Reason.ShouldBe("The trainer of atlanta registers no parameters.");
        (await Plane.InstructionsAsync("wisconsin"))!.Gangs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Progress_and_measurements_are_shown_with_the_island()
    {
        await Plane.SubmitAsync(Samples.TwoSites);
        var gang = Samples.Gang(1, GangState.Running) with { Progress = new RunProgress { Steps = 120, StepsPlanned = 400, Fraction = 0.3 } };
        var measurement = new Measurement { Job = 1, Island = "atlanta", Step = 120, UnixMilliseconds = 5, Values = Values(("loss", 2.5)) };

        await Plane.ReportAsync("atlanta", new AgentReport { Session = "s1", Gangs = [gang], Measurements = [measurement] });

        var job = await Plane.JobAsync(1);
        job.Progress.ShouldBe(0.3);
        job.Islands[1].Progress!.Steps.ShouldBe(120);
        job.Islands[1].Measurement!.Values["loss"].ShouldBe(2.5);
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, double> Values(params (string Name, double Value)[] values)
        => System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(values.Select(value => KeyValuePair.Create(value.Name, value.Value)));
}
