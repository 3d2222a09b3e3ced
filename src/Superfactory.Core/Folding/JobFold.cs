using Superfactory.Core.Records;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core.Folding;

/// <summary>Folds what happened to jobs as a whole.</summary>
internal static class JobFold
{
    /// <summary>One record, and a job for each element.</summary>
    public static FactoryState Apply(FactoryState state, JobSubmitted record)
    {
        var count = record.Specification.Count;
        state = state with { LastJob = record.Job + count - 1 };
        for (var element = 0; element < count; element++)
        {
            state = state.WithJob(new FactoryJob
            {
                Id = record.Job + element,
                Array = count == 1 ? null : new ArrayPlace(record.Job, element, count),
                Specification = element == 0 ? record.Specification : record.Specification with { Seed = record.Specification.Seed + element },
                SubmittedAt = record.At,
                From = record.From,
                Resume = record.From,
            });
        }

        return WithRoles(state, record);
    }

    /// <summary>A job for each gang of its roles, with the numbers after its own.</summary>
    private static FactoryState WithRoles(FactoryState state, JobSubmitted record)
    {
        foreach (var (name, role) in record.Specification.Roles)
        {
            var gang = RoleSpecification.Gang(record.Specification, name);
            for (var index = 0; index < role.Count; index++)
            {
                state = state with { LastJob = state.LastJob + 1 };
                state = state.WithJob(new FactoryJob { Id = state.LastJob, Role = new RolePlace(record.Job, name, index, role.Count), Specification = gang, SubmittedAt = record.At });
            }
        }

        return state;
    }

    public static FactoryState Apply(FactoryState state, JobCancelled record)
        => state.WithJob(state.Jobs[record.Job] with { CancelRequested = true });

    public static FactoryState Apply(FactoryState state, JobEnded record)
    {
        var job = state.Jobs[record.Job];
        var ended = job with
        {
            End = new JobEnd(record.State, record.Reason, record.At),
            Islands = [.. job.Islands.Select(island => island with { Standing = StandingAfterEnd(state, island) })],
        };
        return state.WithJob(ended).Touch(ended);
    }

    /// <summary>A gang that may still run keeps its slot until its site confirms that it stopped.</summary>
    public static IslandStanding StandingAfterEnd(FactoryState state, FactoryIsland island)
        => island.Standing is IslandStanding.Wanted or IslandStanding.Stopping
            && !GangFold.IsOver(island.Gang)
            && state.Sites[island.Site].Standing != SiteStanding.Left
                ? IslandStanding.Stopping
                : IslandStanding.Released;
}
