using System.Collections.Immutable;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about what is out of service.</summary>
internal static class OutageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var outages = routes.MapGroup("/v1/outages").WithTags("outages");
        outages.MapGet("", (FactoryWriter writer) => OutageReader.Read(writer.State))
            .WithSummary("What is out of service, by name: how, why, and who leaves it when.");
        outages.MapPost("", TakeOutAsync)
            .WithSummary("Takes something out of service: drains, fails or quarantines it.")
            .WithDescription("Nothing more is placed there. Who runs there moves off in time (draining), at once (quarantined), or is stopped (failed). Answers with who leaves when.")
            .Produces<OutageView>().WithProblems(400, 404, 409);
        outages.MapPost("/return", ReturnAsync)
            .WithSummary("Lets something in service again.")
            .WithDescription("Answers with what is still out of service.")
            .Produces<ImmutableArray<OutageView>>().WithProblems(404);
    }

    private static async Task<IResult> TakeOutAsync(OutageRequest request, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new TakeOut(request.Target, request.State, request.ByUnixMilliseconds, request.Reason), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(OutageReader.Read(writer.State).First(outage => outage.Target == request.Target));
    }

    private static async Task<IResult> ReturnAsync(string target, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new ReturnTarget(target), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(OutageReader.Read(writer.State));
    }
}
