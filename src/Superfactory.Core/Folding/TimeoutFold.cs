using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds starts that took too long, and runs that have too few islands.</summary>
internal static class TimeoutFold
{
    public static FactoryState Apply(FactoryState state, StartTimedOut record)
    {
        var job = state.Jobs[record.Job];
        return state.WithJob(job with
        {
            HoldRequested = true, HoldEpoch = job.Epoch?.Number ?? 0, GaveWayTo = FactoryJob.Nobody, MovesBecause = record.Reason, Planned = null,
            NotBefore = record.Until, FailedStarts = job.FailedStarts + 1, Avoids = record.Islands,
        }).Touch(job);
    }

    public static FactoryState Apply(FactoryState state, IslandsShort record) =>
        state.WithJob(state.Jobs[record.Job] with { ShortSince = record.IsShort ? record.At : 0 });

    public static FactoryState Apply(FactoryState state, IslandsLeftBehind record)
    {
        var job = state.Jobs[record.Job];
        return state.WithJob(job with
        {
            Strays = job.Strays.AddRange(job.Islands.Where(static island => island.Standing == IslandStanding.Stopping)),
            StrayRates = [.. job.StrayRates, .. FleetRates.Held(job)],
            Rates = [],
            Islands = [],
            LastIncarnation = Math.Max(job.LastIncarnation, job.Islands.Max(static island => island.Incarnation)),
        });
    }
}
