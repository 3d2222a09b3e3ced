using System.Collections.Immutable;
using Superfactory.Control.Journal;
using Superfactory.Control.Writing;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Control.Api;

/// <summary>What people and their tools call about what was decided.</summary>
internal static class ReplayEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/jobs/{id:long}/plans", Plans).WithTags("jobs")
            .WithSummary("What was decided about a job, in order: the newest 1,000 plans of the journal.")
            .Produces<ImmutableArray<RecordedPlanView>>().WithProblems(404);
        routes.MapGet("/v1/replay/{record:long}", Replay).WithTags("jobs")
            .WithSummary("Decides a recorded plan again from what it saw, and compares byte for byte; changes nothing.")
            .Produces<ReplayView>().WithProblems(404);
    }

    private static IResult Plans(long id, FactoryWriter writer, JournalReader reader) =>
        writer.State.Jobs.ContainsKey(id) ? Results.Ok(reader.PlansOf(id)) : ApiProblem.NoJob(id);

    private static IResult Replay(long record, JournalReader reader) => reader.Replay(record) is var (view, problem) && view is not null
        ? Results.Ok(view)
        : ApiProblem.Result(StatusCodes.Status404NotFound, "There is nothing to decide again.", new Problem(problem!, Hint: "'superfactory decisions JOB' lists the plans about a job."));
}
