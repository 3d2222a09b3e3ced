using System.Collections.Immutable;
using Superfactory.Control.Writing;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about what is reserved of the fleet.</summary>
internal static class ReservationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var reservations = routes.MapGroup("/v1/reservations").WithTags("reservations");
        reservations.MapGet("", (FactoryWriter writer) => ReservationReader.Read(writer.State, writer.Now))
            .WithSummary("What is reserved of the fleet, the first to begin first: for whom, how far it is, and who leaves when.");
        reservations.MapPost("", ReserveAsync)
            .WithSummary("Reserves a place for maintenance, or accelerators for the jobs of a queue or one job, for a time.")
            .WithDescription("Who would run into it does not start, or saves and stops in time. It ends by itself. Answers with who has to leave when.")
            .Produces<ReservationView>().WithProblems(400, 404, 409);
        reservations.MapPost("/{name}/cancel", CancelAsync)
            .WithSummary("Takes a reservation back.")
            .WithDescription("Answers with what is still reserved.")
            .Produces<ImmutableArray<ReservationView>>().WithProblems(404);
    }

    private static async Task<IResult> ReserveAsync(ReservationRequest request, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(
            new ReserveWindow(request.Name, request.FromUnixMilliseconds, request.UntilUnixMilliseconds, request.LengthMilliseconds)
            {
                Target = request.Target, Accelerators = request.Accelerators, Hardware = request.Hardware, Queue = request.Queue, Job = request.Job, Reason = request.Reason,
            },
            cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(ReservationReader.Read(writer.State, writer.Now).First(reservation => reservation.Name == request.Name));
    }

    private static async Task<IResult> CancelAsync(string name, FactoryWriter writer, CancellationToken cancellation)
    {
        var decision = await writer.SubmitAsync(new CancelWindow(name), cancellation);
        return decision.Refusal is { } refusal ? ApiProblem.Result(refusal) : Results.Ok(ReservationReader.Read(writer.State, writer.Now));
    }
}
