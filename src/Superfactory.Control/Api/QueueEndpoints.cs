using System.Collections.Immutable;
using Superfactory.Control.Reading;
using Superfactory.Control.Writing;
using Superfactory.Core.Commands;
using Superfactory.Model;
using Superfactory.Model.Fleet;
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
