using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about what the sites are.</summary>
internal static class FleetEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var fleet = routes.MapGroup("/v1/fleet").WithTags("fleet");
        fleet.MapGet("", (FactoryWriter writer) => writer.State.Fleet is { } applied
                ? Results.Ok(new AppliedFleetView { File = applied.File, Text = applied.Text })
                : ApiProblem.Result(StatusCodes.Status404NotFound, "There is no fleet file.", new Problem("No fleet file was applied: sites offer what their agents declare.", Hint: "Apply one with 'superfactory fleet apply FILE'.")))
            .WithSummary("The fleet file that was applied.").Produces<AppliedFleetView>().WithProblems(404);
        fleet.MapGet("/load", (FactoryWriter writer) => FleetLoadReader.Read(writer.State))
            .WithSummary("The fleet as it is used now: accelerators busy, free and out of service by site, kind and row, watts, who holds them, and links.");
        fleet.MapPut("", ApplyAsync)
            .WithSummary("Says what the sites are and may draw.")
            .WithDescription("The body is the fleet file, YAML (see docs/fleet.md); 'file' is its name, for messages. Sites that it does not name offer what their agents declare.")
            .Accepts<string>("application/yaml", "text/plain", "application/octet-stream")
            .Produces<AppliedFleetView>().WithProblems(400, 409, 413);
    }

    private static async Task<IResult> ApplyAsync(HttpRequest request, FactoryWriter writer, CancellationToken cancellation, string? file = null)
    {
        var name = string.IsNullOrWhiteSpace(file) ? "fleet.yaml" : file;
        if (await RequestText.ReadAsync(request, cancellation) is not { } text)
        {
            return ApiProblem.Result(StatusCodes.Status413PayloadTooLarge, "The request is not valid.", new Problem($"The fleet file is longer than {ApiLimits.JobFileBytesMax} bytes.", name));
        }

        var decision = await writer.SubmitAsync(new ApplyFleet(text, name), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(new AppliedFleetView { File = name, Text = text });
    }
}
