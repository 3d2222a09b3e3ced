using System.Collections.Immutable;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about what links carry and what is reserved on them.</summary>
internal static class RateEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var rates = routes.MapGroup("/v1/rates").WithTags("rates");
        rates.MapGet("", (FactoryWriter writer) => RateReader.Read(writer.State))
            .WithSummary("What is reserved on every direction of every link, by sender and receiver.");
        rates.MapPost("", ChangeAsync)
            .WithSummary("Says that a link is cut, carries less than it is declared to, or is as it was again.")
            .WithDescription("What is reserved over it and does not fit any more goes other ways, or its job saves, stops and waits. Answers with what is reserved then.")
            .Produces<ImmutableArray<RateView>>().WithProblems(400, 404);
    }

    private static async Task<IResult> ChangeAsync(LinkRequest request, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new ChangeLink(request.A, request.B, request.BitsPerSecond, request.Reason), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(RateReader.Read(writer.State));
    }
}
