using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds the plans for runs: placement, new incarnations, membership.</summary>
internal static class RunFold
{
    public static FactoryState Apply(FactoryState state, JobStarted record)
        => state.WithJob(state.Jobs[record.Job] with
        {
            StartedAt = record.At,
            Beginnings = 1,
            Islands = [.. record.Sites.Select(site => new FactoryIsland { Site = site, Incarnation = 1, Standing = IslandStanding.Wanted })],
        });

    public static FactoryState Apply(FactoryState state, IslandRestarted record)
    {
        var job = state.Jobs[record.Job];
        if (job.FindIsland(record.Island) is not { } island)
        {
            throw new InvalidOperationException($"Record {state.Revision} restarts island {record.Island}, which job {record.Job} doesn't have.");
        }

        var restarted = new FactoryIsland
        {
            Site = island.Site,
            Incarnation = record.Incarnation,
            Standing = IslandStanding.Wanted,
            Failures = island.Failures,
        };
        return state.WithJob(job.WithIsland(restarted)).Touch(record.Island);
    }

    public static FactoryState Apply(FactoryState state, RunRestarted record)
    {
        var job = state.Jobs[record.Job];
        return state.WithJob(job with { HasRun = false, Beginnings = job.Beginnings + 1 });
    }

    public static FactoryState Apply(FactoryState state, EpochDecided record)
    {
        var job = state.Jobs[record.Job];
        var decided = job with { Epoch = record.Epoch, Note = job.Epoch is null ? null : record.Reason };
        return state.WithJob(decided).Touch(decided);
    }
}
