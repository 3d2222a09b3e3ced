using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds what happened to jobs as a whole.</summary>
internal static class JobFold
{
    public static FactoryState Apply(FactoryState state, JobSubmitted record)
        => (state with { LastJob = record.Job }).WithJob(new FactoryJob
        {
            Id = record.Job,
            Specification = record.Specification,
            SubmittedAt = record.At,
            From = record.From,
            Resume = record.From,
        });

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
