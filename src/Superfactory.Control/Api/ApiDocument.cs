using Microsoft.AspNetCore.OpenApi;

namespace Superfactory.Control.Api;

/// <summary>What the OpenAPI document says of the API as a whole.</summary>
internal static class ApiDocument
{
    public static void Configure(OpenApiOptions options)
        => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Superfactory control plane";
            document.Info.Version = ProgramVersion.Text;
            document.Info.Description =
                "Sites, jobs and what happens to them. Times are milliseconds since 1970-01-01 UTC, sizes bytes. "
                + "Refusals are application/problem+json with a list of problems.";
            return Task.CompletedTask;
        });
}
