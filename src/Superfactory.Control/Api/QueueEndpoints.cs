using System.Collections.Immutable;
using Superfactory.Control.Reading;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about queues.</summary>
internal static class QueueEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var queues = routes.MapGroup("/v1/queues").WithTags("queues");
        queues.MapGet("", (FactoryWriter writer) => QueueViews.Of(writer.State))
            .WithSummary("All queues: what they are guaranteed, what they hold, and who waits in them.");
        queues.MapPut("", ApplyAsync)
            .WithSummary("Replaces all queues.")
            .WithDescription("The body is the queues file, YAML (see docs/fleet.md); 'file' is its name, for messages. A queue with jobs that have not ended cannot be left out.")
            .Accepts<string>("application/yaml", "text/plain", "application/octet-stream")
            .Produces<ImmutableArray<QueueView>>(200).WithProblems(400, 409, 413);
        queues.MapPost("/{name}/pause", (string name, FactoryWriter writer, CancellationToken cancellation) => PauseAsync(name, true, writer, cancellation))
            .WithSummary("Has nothing of a queue, or under it, start any more; what runs goes on.")
            .Produces<QueueView>().WithProblems(404, 409);
        queues.MapPost("/{name}/resume", (string name, FactoryWriter writer, CancellationToken cancellation) => PauseAsync(name, false, writer, cancellation))
            .WithSummary("Lets the jobs of a paused queue start again.")
            .Produces<QueueView>().WithProblems(404, 409);
        routes.MapGet("/v1/jobs/{id:long}/why", (long id, FactoryWriter writer) => WhyReader.Read(writer.State, id, writer.Now) is { } why ? Results.Ok(why) : ApiProblem.NoJob(id)).WithTags("jobs")
            .WithSummary("Why a job is where it is: what would let it start if it waits, and when it starts at the latest.")
            .Produces<WhyView>().WithProblems(404);
        routes.MapPost("/v1/plan", PlanAsync).WithTags("jobs")
            .WithSummary("Says what would become of a job if it were submitted now, and does nothing.")
            .WithDescription("The body is the job file, as for /v1/jobs.")
            .Accepts<string>("application/yaml", "text/plain", "application/octet-stream")
            .Produces<PlanView>().WithProblems(400, 409, 413);
    }

    private static async Task<IResult> PauseAsync(string name, bool paused, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new SetPaused(name, paused), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(QueueViews.Of(writer.State).First(queue => queue.Name == name));
    }

    private static async Task<IResult> PlanAsync(HttpRequest request, FactoryWriter writer, CancellationToken cancellation, string? file = null, string? directory = null)
    {
        var name = string.IsNullOrWhiteSpace(file) ? "job.yaml" : file;
        if (await RequestText.ReadAsync(request, cancellation) is not { } text)
        {
            return ApiProblem.Result(StatusCodes.Status413PayloadTooLarge, "The request is not valid.", new Problem($"The job file is longer than {ApiLimits.JobFileBytesMax} bytes.", name));
        }

        var parsed = JobFile.Parse(text, name, directory);
        if (!parsed.Succeeded)
        {
            return ApiProblem.Result(StatusCodes.Status400BadRequest, "The job file is not valid.", parsed.Problems);
        }

        var (plan, refusal) = PlanReader.Read(writer.State, new SubmitJob(parsed.Value, name), writer.Now);
        return refusal is null ? Results.Ok(plan) : ApiProblem.Result(refusal with { Problems = SiteLines.Locate(text, refusal.Problems) });
    }

    private static async Task<IResult> ApplyAsync(HttpRequest request, FactoryWriter writer, CancellationToken cancellation, string? file = null)
    {
        var name = string.IsNullOrWhiteSpace(file) ? "queues.yaml" : file;
        if (await RequestText.ReadAsync(request, cancellation) is not { } text)
        {
            return ApiProblem.Result(StatusCodes.Status413PayloadTooLarge, "The request is not valid.", new Problem($"The queues file is longer than {ApiLimits.JobFileBytesMax} bytes.", name));
        }

        var parsed = QueuesFile.Parse(text, name);
        if (!parsed.Succeeded)
        {
            return ApiProblem.Result(StatusCodes.Status400BadRequest, "The queues file is not valid.", parsed.Problems);
        }

        var decision = await writer.SubmitAsync(new ApplyQueues(parsed.Value, name), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(QueueViews.Of(writer.State));
    }
}
