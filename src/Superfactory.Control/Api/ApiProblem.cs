using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Core;
using Superfactory.Model;

namespace Superfactory.Control.Api;

/// <summary>The body of every refusal, as <c>application/problem+json</c>.</summary>
public sealed record ApiProblem
{
    /// <summary>The media type.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>In what way the request was refused.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Everything that stands in its way; at least one.</summary>
    public required ImmutableArray<Problem> Problems { get; init; }

    internal static IResult Result(int status, string title, params ImmutableArray<Problem> problems)
        => Results.Json(new ApiProblem { Title = title, Status = status, Problems = problems }, FactoryJson.Options, ContentType, status);

    internal static IResult Result(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.Invalid => Result(StatusCodes.Status400BadRequest, "The request is not valid.", refusal.Problems),
        RefusalKind.NotFound => Result(StatusCodes.Status404NotFound, "There is no such thing.", refusal.Problems),
        RefusalKind.Conflict => Result(StatusCodes.Status409Conflict, "The request contradicts what stands.", refusal.Problems),
        RefusalKind.SessionUnknown => Result(StatusCodes.Status410Gone, "The session is not known.", refusal.Problems),
        RefusalKind.ProtocolDiffers => Result(StatusCodes.Status426UpgradeRequired, "The protocol versions differ.", refusal.Problems),
        _ => throw new InvalidOperationException($"No status says {refusal.Kind}."),
    };

    internal static IResult NoJob(long id) => Result(StatusCodes.Status404NotFound, "There is no such thing.", new Problem($"There is no job {id}."));

    internal static Task WriteAsync(HttpContext context, int status, string title, Problem problem)
    {
        context.Response.StatusCode = status;
        var body = new ApiProblem { Title = title, Status = status, Problems = [problem] };
        return context.Response.WriteAsJsonAsync(body, FactoryJson.Options, ContentType, context.RequestAborted);
    }

    internal static string FieldOf(JsonException exception)
        => exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "body";
}
