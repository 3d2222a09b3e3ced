using Superfactory.Control.Reading;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Copies;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about copies between sites.</summary>
internal static class CopyEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var copies = routes.MapGroup("/v1/copies").WithTags("copies");
        copies.MapGet("", (FactoryWriter writer, CopyViews views) => views.All(writer.State))
            .WithSummary("The copies that have not ended, and the newest 1,000 that have, by number.");
        copies.MapPost("", RequestAsync)
            .WithSummary("Asks for a copy of a file or directory from one site to another.")
            .WithDescription("Where the same copy has been asked for and has not ended, that one is the answer, with 200. See docs/copy.md.")
            .Produces<CopyView>(201).Produces<CopyView>(200).WithProblems(400, 409);
        copies.MapGet("/{id:long}", Find)
            .WithSummary("One copy.").Produces<CopyView>().WithProblems(404);
        copies.MapPost("/{id:long}/cancel", CancelAsync)
            .WithSummary("Ends a copy before it is done.")
            .WithDescription("What has arrived is kept at the destination, and the next copy of the same begins with it.")
            .Produces<CopyView>(202).WithProblems(404, 409);
    }

    private static IResult Find(long id, FactoryWriter writer, CopyViews views)
    {
        var state = writer.State;
        return state.Copies.TryGetValue(id, out var copy)
            ? Results.Ok(views.Of(state, copy))
            : ApiProblem.Result(StatusCodes.Status404NotFound, "There is no such thing.", new Problem($"There is no copy {id}."));
    }

    private static async Task<IResult> RequestAsync(CopyRequest request, FactoryWriter writer, CopyViews views, CancellationToken cancellation)
    {
        if (request.Source is null || request.Destination is null)
        {
            return ApiProblem.Result(StatusCodes.Status400BadRequest, "The request is not valid.", new Problem("A copy needs a source and a destination, each with a site and a path."));
        }

        var decision = await writer.SubmitAsync(new RequestCopy(request.Source, request.Destination), cancellation);
        if (decision.Refusal is { } refusal)
        {
            return ApiProblem.Result(refusal);
        }

        var state = writer.State;
        var begun = decision.Records.OfType<CopyRequested>().FirstOrDefault();
        var copy = begun is null ? CopyReader.Find(state, request.Source, request.Destination) : state.Copies.GetValueOrDefault(begun.Copy);
        return copy is null
            ? ApiProblem.Result(StatusCodes.Status409Conflict, "The request contradicts what stands.", new Problem("The copy ended and was forgotten before it could be shown.", Hint: "Ask for it again."))
            : Results.Json(views.Of(state, copy), FactoryJson.Options, statusCode: begun is null ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private static async Task<IResult> CancelAsync(long id, FactoryWriter writer, CopyViews views, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new CancelCopy(id), cancellation);
        var state = writer.State;
        return decision.Refusal is { } refusal
            ? ApiProblem.Result(refusal)
            : Results.Json(views.Of(state, state.Copies[id]), FactoryJson.Options, statusCode: StatusCodes.Status202Accepted);
    }
}
