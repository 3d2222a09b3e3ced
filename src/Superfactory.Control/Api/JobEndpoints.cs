using System.Collections.Immutable;
using Superfactory.Control.Reading;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about jobs.</summary>
internal static class JobEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/v1/jobs").WithTags("jobs");
        jobs.MapGet("", (FactoryWriter writer, ViewBuilder views) => views.Jobs(writer.State))
            .WithSummary("All jobs, by number.");
        jobs.MapPost("", SubmitAsync)
            .WithSummary("Submits a job.")
            .WithDescription("The body is the job file, YAML (see docs/job.md); 'file' is its name, for messages. All problems are found at once.")
            .Accepts<string>("application/yaml", "text/plain", "application/octet-stream")
            .Produces<JobView>(201).WithProblems(400, 409, 413);
        jobs.MapGet("/{id:long}", Find)
            .WithSummary("One job.").Produces<JobView>().WithProblems(404);
        jobs.MapPost("/{id:long}/cancel", CancelAsync)
            .WithSummary("Ends a job before it is done.")
            .WithDescription("Answers when the end is decided; its gangs are stopped within seconds. 'array' means all elements of its array.")
            .Produces<JobView>(202).WithProblems(404, 409);
        jobs.MapGet("/{id:long}/logs", Logs)
            .WithSummary("Log lines of a job, after a number.")
            .WithDescription("The newest 20,000 lines of a job are kept. At most 10,000 are given at a time; ask again with 'next' as 'after'.")
            .Produces<LogPage>().WithProblems(404);
        jobs.MapGet("/{id:long}/measurements", Measurements)
            .WithSummary("Measurements of a job, after a number.")
            .WithDescription("About 20,000 measurements of a job are kept: beyond it the older half is thinned, so that the whole curve stays.")
            .Produces<MeasurementPage>().WithProblems(404);
    }

    private static IResult Find(long id, FactoryWriter writer, ViewBuilder views)
    {
        var state = writer.State;
        return state.Jobs.TryGetValue(id, out var job) ? Results.Ok(views.Job(state, job)) : ApiProblem.NoJob(id);
    }

    private static async Task<IResult> SubmitAsync(HttpRequest request, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation, string? file = null, string? directory = null)
    {
        var name = string.IsNullOrWhiteSpace(file) ? "job.yaml" : file;
        if (await RequestText.ReadAsync(request, cancellation) is not { } text)
        {
            return ApiProblem.Result(StatusCodes.Status413PayloadTooLarge, "The request is not valid.", new Problem(
                $"The job file is longer than {ApiLimits.JobFileBytesMax} bytes.", name));
        }

        var parsed = JobFile.Parse(text, name, directory);
        if (!parsed.Succeeded)
        {
            return ApiProblem.Result(StatusCodes.Status400BadRequest, "The job file is not valid.", parsed.Problems);
        }

        var decision = await writer.SubmitAsync(new SubmitJob(parsed.Value, name), cancellation);
        if (decision.Refusal is { } refusal)
        {
            return ApiProblem.Result(refusal with { Problems = SiteLines.Locate(text, refusal.Problems) });
        }

        var id = decision.Records.OfType<JobSubmitted>().Single().Job;
        var state = writer.State;
        return Results.Json(views.Job(state, state.Jobs[id]), FactoryJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> CancelAsync(long id, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation, bool array = false)
    {
        var decision = await writer.SubmitAsync(new CancelJob(id, array), cancellation);
        var state = writer.State;
        return decision.Refusal is { } refusal
            ? ApiProblem.Result(refusal)
            : Results.Json(views.Job(state, state.Jobs[id]), FactoryJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static IResult Logs(long id, FactoryWriter writer, TelemetryStore store, long after = 0, int limit = ApiLimits.PageDefault)
        => writer.State.Jobs.ContainsKey(id) ? Results.Ok(store.ReadLogs(id, after, limit)) : ApiProblem.NoJob(id);

    private static IResult Measurements(long id, FactoryWriter writer, TelemetryStore store, long after = 0, int limit = ApiLimits.PageDefault)
        => writer.State.Jobs.ContainsKey(id) ? Results.Ok(store.ReadMeasurements(id, after, limit)) : ApiProblem.NoJob(id);
}
