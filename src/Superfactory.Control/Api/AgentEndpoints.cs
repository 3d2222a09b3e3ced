using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Api;

/// <summary>What site agents call.</summary>
internal static class AgentEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var agents = routes.MapGroup("/v1/agents/{site}").WithTags("agents");
        agents.MapPost("/session", JoinAsync)
            .WithSummary("A site's agent says hello.")
            .WithDescription("Opens the agent's session, or confirms it. Another live agent with the same name is a conflict.")
            .Produces<AgentWelcome>().WithProblems(400, 409, 426);
        agents.MapDelete("/session", LeaveAsync)
            .WithSummary("A site's agent leaves in good order.")
            .WithDescription("Its gangs are taken for ended at once, without waiting for the lease.")
            .Produces(204).WithProblems(410);
        agents.MapPost("/report", ReportAsync)
            .WithSummary("A site's agent tells how it is.")
            .WithDescription("At least once a second, also when there is nothing to tell, and at once when a gang changes. An answer means that logs and measurements are kept. 410 asks it to say hello again.")
            .Produces(204).WithProblems(400, 410, 503);
        agents.MapGet("/instructions", InstructAsync)
            .WithSummary("What the site is to run.")
            .WithDescription("Answers at once where the instructions differ from revision 'after', or the grants from 'routes' where it is given, else when they change, else with 204 after 'wait_ms' milliseconds (at most 30,000).")
            .Produces<AgentInstructions>().Produces(204).WithProblems(410);
    }

    private static async Task<IResult> JoinAsync(string site, AgentHello hello, FactoryWriter writer, LeaseClock leases, ReportOrder order, CancellationToken cancellation)
    {
        // Heard before it is let in, so that a lease that was running out, an earlier session's even, can't end between the two.
        if (!writer.State.IsConnected(site) || InstructionsDesk.IsSession(writer.State, site, hello.Session))
        {
            leases.Heard(site);
        }

        var decision = await writer.SubmitAsync(new JoinSite(site, hello), cancellation);
        if (decision.Refusal is { } refusal)
        {
            return ApiProblem.Result(refusal);
        }

        order.Begin(site);
        return TypedResults.Ok(new AgentWelcome { LeaseMilliseconds = FactoryLimits.LeaseMilliseconds });
    }

    private static async Task<IResult> LeaveAsync(string site, string session, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new LeaveSite(site, session), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : TypedResults.NoContent();
    }

    private static async Task<IResult> ReportAsync(
        string site, AgentReport report, FactoryWriter writer, LeaseClock leases, ReportOrder order, ReportTaker taker, CopyBoard copies, CancellationToken cancellation)
    {
        if (order.IsLate(site, report))
        {
            return TypedResults.NoContent();
        }

        if (InstructionsDesk.IsSession(writer.State, site, report.Session))
        {
            leases.Heard(site);
            await taker.TakeAsync(site, report, cancellation);
            copies.Take(writer.State, site, report.Copies);
        }

        var decision = await writer.SubmitAsync(new ReportGangs(site, report.Session, report.Gangs) { Copies = report.Copies, Checkpoints = report.Checkpoints, Corpora = report.Corpora }, cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : TypedResults.NoContent();
    }

    private static async Task<IResult> InstructAsync(
        string site,
        string session,
        InstructionsDesk desk,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellation,
        long after = -1,
        long? routes = null,
        int wait_ms = ApiLimits.WaitMillisecondsDefault)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        var (known, instructions) = await desk.WaitAsync(site, session, after, routes, wait_ms, ending.Token);
        return known
            ? instructions is null ? TypedResults.NoContent() : TypedResults.Ok(instructions)
            : ApiProblem.Result(StatusCodes.Status410Gone, "The session is not known.", new Model.Problem(
                $"The control plane knows no session '{session}' of site '{site}'.", Field: "session", Hint: "Say hello again."));
    }
}
