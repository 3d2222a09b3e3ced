using System.Net;
using Superfactory.Control.Api;
using Superfactory.Control.Tests.Support;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Api;

public sealed class JobTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ControlPlane _plane = null!;

    public async ValueTask InitializeAsync()
    {
        _plane = await ControlPlane.StartAsync(_directory.Path);
        await _plane.JoinAsync("wisconsin");
        await _plane.JoinAsync("atlanta");
    }

    public async ValueTask DisposeAsync()
    {
        await _plane.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Site_that_does_not_exist_is_refused_with_file_line_field_and_near_match()
    {
        var response = await _plane.PostJobAsync(Samples.TwoSites.Replace("atlanta", "atlenta", StringComparison.Ordinal), "mine.yaml");

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = (await ControlPlane.ProblemAsync(response)).Problems.ShouldHaveSingleItem();
        problem.ToString().ShouldBe("mine.yaml:3: sites: There is no site 'atlenta'; expected one of atlanta, wisconsin. Did you mean 'atlanta'?");
        (await _plane.TextAsync("/v1/jobs")).ShouldBe("[]");
    }

    [Fact]
    public async Task Job_file_with_problems_is_refused_with_all_of_them()
    {
        var yaml = Samples.TwoSites.Replace("every: 30", "evry: 30", StringComparison.Ordinal).Replace("steps: 400", "steps: -1", StringComparison.Ordinal);

        var response = await _plane.PostJobAsync(yaml);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(response)).Problems.Select(problem => problem.Line).ShouldBe([6, 7]);
    }

    [Fact]
    public async Task Job_file_that_is_too_long_is_refused()
    {
        var response = await _plane.PostJobAsync($"# {new string('x', ApiLimits.JobFileBytesMax)}\n");

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await ControlPlane.ProblemAsync(response)).Problems[0].File.ShouldBe("job.yaml");
    }

    [Fact]
    public async Task Second_job_waits_for_the_slots_of_the_first_and_says_so()
    {
        await _plane.SubmitAsync(Samples.TwoSites);

        var second = await _plane.SubmitAsync(Samples.TwoSites);

        second.State.ShouldBe(JobState.Queued);
        second.Reason.ShouldBe("Waits for a free slot at wisconsin: job 1 comes first.");
    }

    [Fact]
    public async Task Cancelled_job_has_no_gang_and_frees_its_slot_once_the_site_confirms()
    {
        await _plane.SubmitAsync(Samples.TwoSites);
        await _plane.SubmitAsync(Samples.TwoSites);
        await _plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));
        await _plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Running));

        (await _plane.PostAsync("/v1/jobs/1/cancel")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        (await _plane.JobAsync(1)).State.ShouldBe(JobState.Cancelled);
        (await _plane.InstructionsAsync("atlanta"))!.Gangs.ShouldBeEmpty();
        await _plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));
        await _plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Stopped));
        (await _plane.JobAsync(2)).Reason.ShouldBe("Waits for a free slot at wisconsin: job 1 comes first.");
        await _plane.ReportAsync("wisconsin");
        (await _plane.JobAsync(2)).State.ShouldBe(JobState.Starting);
    }

    [Fact]
    public async Task Cancelling_an_ended_job_is_a_conflict_and_an_unknown_one_is_not_found()
    {
        await _plane.SubmitAsync(Samples.TwoSites);
        await _plane.PostAsync("/v1/jobs/1/cancel");

        var again = await _plane.PostAsync("/v1/jobs/1/cancel");
        again.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await ControlPlane.ProblemAsync(again)).Problems[0].Message.ShouldBe("Job 1 has already ended: it was cancelled.");
        (await _plane.PostAsync("/v1/jobs/9/cancel")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
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
        var response = await _plane.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await ControlPlane.ProblemAsync(response);
    }

    [Fact]
    public async Task Wrong_method_and_wrong_query_are_answered_with_a_problem()
    {
        var method = await _plane.DeleteAsync("/v1/jobs");
        method.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        await ControlPlane.ProblemAsync(method);
        await _plane.SubmitAsync(Samples.TwoSites);
        var query = await _plane.GetAsync("/v1/jobs/1/logs?after=abc");
        query.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ControlPlane.ProblemAsync(query)).Problems[0].Message.ShouldContain("after");
    }

    [Fact]
    public async Task Failed_job_gives_the_gangs_reason_and_stops_the_other_site()
    {
        await _plane.SubmitAsync(Samples.TwoSites);
        await _plane.ReportAsync("wisconsin", gangs: Samples.Gang(1, GangState.Running));

        await _plane.ReportAsync("atlanta", gangs: Samples.Gang(1, GangState.Failed, reason: "The trainer of atlanta registers no parameters."));

        var job = await _plane.JobAsync(1);
        job.State.ShouldBe(JobState.Failed);
        job.Reason.ShouldBe("The trainer of atlanta registers no parameters.");
        (await _plane.InstructionsAsync("wisconsin"))!.Gangs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Progress_and_measurements_are_shown_with_the_island()
    {
        await _plane.SubmitAsync(Samples.TwoSites);
        var gang = Samples.Gang(1, GangState.Running) with { Progress = new RunProgress { Steps = 120, StepsPlanned = 400, Fraction = 0.3 } };
        var measurement = new Measurement { Job = 1, Island = "atlanta", Step = 120, UnixMilliseconds = 5, Values = Values(("loss", 2.5)) };

        await _plane.ReportAsync("atlanta", new AgentReport { Session = "s1", Gangs = [gang], Measurements = [measurement] });

        var job = await _plane.JobAsync(1);
        job.Progress.ShouldBe(0.3);
        job.Islands[1].Progress!.Steps.ShouldBe(120);
        job.Islands[1].Measurement!.Values["loss"].ShouldBe(2.5);
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, double> Values(params (string Name, double Value)[] values)
        => System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(values.Select(value => KeyValuePair.Create(value.Name, value.Value)));
}
