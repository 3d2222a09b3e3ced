using Superfactory.Control.Events;
using Superfactory.Control.Reading;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Model;

namespace Superfactory.Control.Api;

/// <summary>The calls about the factory as a whole: sites, events, health.</summary>
internal static class FactoryEndpoints
{
    private const string StreamDescription =
        "Server-sent events 'job' (JobView), 'site' (SiteView), 'log' (LogLine) and 'measurement' (Measurement). It begins with what "
        + "stands; a comment comes every 5 s; a reader that is too slow gets 'missed' with how many events it lost.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/sites", (FactoryWriter writer, ViewBuilder views) => views.Sites(writer.State))
            .WithTags("sites").WithSummary("All sites, by name.");
        routes.MapGet("/v1/links", (FactoryWriter writer, ViewBuilder views) => views.Links(writer.State))
            .WithTags("links").WithSummary("Every direction of every link between sites, by sender and receiver.")
            .WithDescription("As the sending gateway last reported it, at least once a second: rate, round trip, loss, what is in flight and waiting, by class; grants and routes.");
        routes.MapGet("/v1/events", (long? job, HttpContext context, EventCalls calls) => calls.StreamAsync(job, context))
            .WithTags("events").WithSummary("What happens, live; of one job where 'job' is given.").WithDescription(StreamDescription)
            .Produces<string>(200, "text/event-stream").WithProblems(404, 503);
        routes.MapGet("/v1/jobs/{id:long}/events", (long id, HttpContext context, EventCalls calls) => calls.StreamAsync(id, context))
            .WithTags("events").WithSummary("What happens to one job, live.").WithDescription(StreamDescription)
            .Produces<string>(200, "text/event-stream").WithProblems(404, 503);
        routes.MapGet("/v1/health", (FactoryWriter writer) => new FactoryHealth
        {
            Status = "ok",
            Version = ProgramVersion.Text,
            Protocol = FactoryJson.ProtocolVersion,
            JournalRevision = writer.State.Revision,
        }).WithTags("health").WithSummary("Whether the control plane works, and which it is.");
    }
}

/// <summary>Whether the control plane works, and which it is.</summary>
public sealed record FactoryHealth
{
    /// <summary>Always <c>ok</c>; one that does not work does not answer.</summary>
    public required string Status { get; init; }

    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

    /// <summary>The protocol version that agents have to speak.</summary>
    public required int Protocol { get; init; }

    /// <summary>How many records the journal holds.</summary>
    public required long JournalRevision { get; init; }
}

/// <summary>Opens event streams.</summary>
internal sealed class EventCalls(FactoryWriter writer, ViewBuilder views, EventHub hub, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public async Task StreamAsync(long? job, HttpContext context)
    {
        if (job is { } id && !writer.State.Jobs.ContainsKey(id))
        {
            await ApiProblem.NoJob(id).ExecuteAsync(context);
            return;
        }

        using var subscription = hub.Subscribe(job);
        if (subscription is null)
        {
            await ApiProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "There are too many readers.", new Problem(
                $"{EventHub.SubscribersMax} readers follow the events already.", Hint: "Try again later."));
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await EventStream.WriteAsync(context.Response, Standing(job), subscription, time, ending.Token);
    }

    /// <summary>What stands, so that a reader need not ask apart: the job, or all sites and open jobs.</summary>
    private IEnumerable<FactoryEvent> Standing(long? job)
    {
        var state = writer.State;
        return job is { } id
            ? [FactoryEvent.Of(views.Job(state, state.Jobs[id]))]
            : views.Sites(state).Select(FactoryEvent.Of).Concat(state.OpenJobs.Select(open => FactoryEvent.Of(views.Job(state, state.Jobs[open]))));
    }
}
