using System.Net;
using Superfactory.Model;

namespace Superfactory.Control.Api;

/// <summary>
/// Keeps web pages away from an API that asks nobody who they are. A page that a user happens to open may make the browser send requests
/// to this machine; a job file names a program to run.
/// </summary>
internal static class BrowserGuard
{
    public static void Use(WebApplication application) => application.Use(CheckAsync);

    private static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (request.Headers.Origin is [{ } origin] && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
        {
            return RefuseAsync(context, $"Web pages of {origin} may not call this control plane.");
        }

        // A name that was made to point at this machine after the page was loaded: the browser takes it for the page's own.
        return context.Connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local) && !IsThisMachine(request.Host.Host)
            ? RefuseAsync(context, $"This control plane listens on loopback only, where its name is localhost and not {request.Host.Host}.")
            : next(context);
    }

    private static bool IsThisMachine(string host)
        => string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Task RefuseAsync(HttpContext context, string message)
        => ApiProblem.WriteAsync(context, StatusCodes.Status403Forbidden, "The request comes from elsewhere.", new Problem(message));
}
