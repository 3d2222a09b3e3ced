using Superfactory.Control.Reading;
using Superfactory.Control.Writing;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about checkpoints, and about holding jobs and taking them back.</summary>
internal static class CheckpointEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/v1/jobs/{id:long}").WithTags("checkpoints");
        jobs.MapGet("/checkpoints", Find)
            .WithSummary("The checkpoints of a job, by number, and where their copies lie.")
            .Produces<CheckpointList>().WithProblems(404);
        jobs.MapPost("/checkpoints/verify", VerifyAsync)
            .WithSummary("Asks every site to compare every hash of its copies of a job's checkpoints.")
            .WithDescription("Answers at once with the list as it is, whose 'verify' is the number of this request: a copy is done when its 'verified' has reached it.")
            .Produces<CheckpointList>(200).WithProblems(404);
        jobs.MapPost("/restore", RestoreAsync)
            .WithSummary("Makes a new job that goes on from a checkpoint, at the same or at other sites.")
            .Produces<JobView>(201).WithProblems(400, 404, 409);
        jobs.MapPost("/rollback", RollBackAsync)
            .WithSummary("Takes a job back to a checkpoint, model and ledger together; one that has ended goes on.")
            .Produces<JobView>(200).WithProblems(404, 409);
        jobs.MapPost("/hold", (long id, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation, bool array = false) => DoAsync(id, new HoldJob(id, array), writer, views, cancellation))
            .WithSummary("Has a job save, its trainers' own state too, and stop; its slots are then free.")
            .Produces<JobView>(200).WithProblems(404, 409);
        jobs.MapPost("/priority", (long id, PriorityRequest request, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation) => DoAsync(id, new ReprioritizeJob(id, request.Priority), writer, views, cancellation))
            .WithSummary("Gives a job another priority in its queue.")
            .Produces<JobView>(200).WithProblems(400, 404, 409);
        jobs.MapPost("/release", (long id, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation, bool array = false) => DoAsync(id, new ReleaseJob(id, array), writer, views, cancellation))
            .WithSummary("Lets a held job go on.")
            .Produces<JobView>(200).WithProblems(404, 409);
    }

    private static IResult Find(long id, FactoryWriter writer)
    {
        var state = writer.State;
        return state.Jobs.TryGetValue(id, out var job) ? Results.Ok(ViewBuilder.Checkpoints(state, job)) : ApiProblem.NoJob(id);
    }

    private static async Task<IResult> VerifyAsync(long id, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new VerifyCheckpoints(id), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Find(id, writer);
    }

    private static async Task<IResult> RestoreAsync(long id, RestoreRequest request, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation)
    {
        var sites = request.Sites.IsDefault ? [] : request.Sites;
        if (!sites.IsEmpty && request.SiteCount != 0)
        {
            return ApiProblem.Result(StatusCodes.Status400BadRequest, "The request is not valid.", new Problem("A restore names sites or says how many, not both.", Field: "sites"));
        }

        var decision = await writer.SubmitAsync(new RestoreJob(id, request.Checkpoint, sites, request.SiteCount), cancellation);
        if (decision.Refusal is { } refusal)
        {
            return ApiProblem.Result(refusal);
        }

        var state = writer.State;
        var made = decision.Records.OfType<JobSubmitted>().Single().Job;
        return Results.Json(views.Job(state, state.Jobs[made]), FactoryJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static Task<IResult> RollBackAsync(long id, RollbackRequest request, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation)
        => DoAsync(id, new RollBackJob(id, request.Checkpoint), writer, views, cancellation);

    private static async Task<IResult> DoAsync(long id, FactoryCommand command, FactoryWriter writer, ViewBuilder views, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(command, cancellation);
        var state = writer.State;
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(views.Job(state, state.Jobs[id]));
    }
}
