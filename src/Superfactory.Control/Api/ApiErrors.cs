using System.Text.Json;
using Superfactory.Control.Hosting;
using Superfactory.Control.Journal;
using Superfactory.Model;

namespace Superfactory.Control.Api;

/// <summary>Turns what goes wrong between the socket and an endpoint into problems of the same shape as an endpoint's own.</summary>
internal static class ApiErrors
{
    public static void Use(WebApplication application)
    {
        application.Use(HandleAsync);
        application.UseStatusCodePages(context => WriteStatusAsync(context.HttpContext));
    }

    private static async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            // Nobody is left to be answered.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var (status, title, problem) = Describe(context, exception);
            await ApiProblem.WriteAsync(context, status, title, problem);
        }
    }

    private static (int Status, string Title, Problem Problem) Describe(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                return (StatusCodes.Status400BadRequest, "The request is not valid.", new Problem(
                    "The body is not the JSON that this call expects: a field is missing, unknown in value or of the wrong type.",
                    Line: json.LineNumber is { } line ? (int)line + 1 : null,
                    Field: ApiProblem.FieldOf(json),
                    Hint: json.Message));
            case BadHttpRequestException bad:
                return (bad.StatusCode, "The request is not valid.", new Problem(bad.Message));
            case JournalException or Microsoft.Data.Sqlite.SqliteException:
                return (StatusCodes.Status503ServiceUnavailable, "The control plane can't write.", new Problem(
                    exception.Message, Hint: "Nothing was changed; try again once the control plane is back."));
            default:
                ControlLog.RequestFailed(context.RequestServices.GetRequiredService<ILogger<WebApplication>>(), context.Request.Path, exception);
                return (StatusCodes.Status500InternalServerError, "The control plane has a bug.", new Problem(
                    $"{context.Request.Method} {context.Request.Path} failed.", Hint: "The control plane's log on standard error says more."));
        }
    }

    private static Task WriteStatusAsync(HttpContext context)
    {
        var path = $"{context.Request.Method} {context.Request.Path}";
        var (title, problem) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ("There is no such call.", new Problem($"The API has no call {path}.", Hint: "GET /openapi/v1.json lists all of them.")),
            StatusCodes.Status405MethodNotAllowed => ("There is no such call.", new Problem($"The API has no call {path}, but the path has others.", Hint: "GET /openapi/v1.json lists all of them.")),
            StatusCodes.Status415UnsupportedMediaType => ("The request is not valid.", new Problem($"{path} does not take this Content-Type.", Hint: "GET /openapi/v1.json says which.")),
            var status => ("The request was refused.", new Problem($"{path} was refused with status {status}.")),
        };
        return ApiProblem.WriteAsync(context, context.Response.StatusCode, title, problem);
    }
}
