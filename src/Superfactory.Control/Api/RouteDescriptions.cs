namespace Superfactory.Control.Api;

/// <summary>Shorthand for what the OpenAPI document says of a call.</summary>
internal static class RouteDescriptions
{
    /// <summary>The statuses that a call refuses with, all with the same body.</summary>
    public static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<ApiProblem>(status, ApiProblem.ContentType);
        }

        return route;
    }
}
