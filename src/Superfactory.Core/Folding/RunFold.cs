using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds the plans for runs: placement, new incarnations, membership.</summary>
internal static class RunFold
{
    public static FactoryState Apply(FactoryState state, JobStarted record)
    {
        var job = state.Jobs[record.Job];
        var started = job with
        {
            StartedAt = job.StartedAt ?? record.At,
            PlacedAt = record.At,
            StartingAt = record.At,
            Planned = null,
            Reserved = null,
            EndBy = record.EndBy,
            Rates = record.Rates,
            GaveWayTo = 0,
            MovesBecause = null,
            NotBefore = 0,
            ShortSince = 0,
            Beginnings = job.Beginnings + 1,
            Islands = [.. record.Sites.Select(site => Island(site, job.LastIncarnation + 1, record))],
        };
        return state.WithJob(started).Touch(started);
    }

    private static FactoryIsland Island(string site, int incarnation, JobStarted record) => record.Withheld.IsDefaultOrEmpty || !record.Withheld.Contains(site, StringComparer.Ordinal)
        ? new FactoryIsland { Site = site, Incarnation = incarnation, Standing = IslandStanding.Wanted, IsOwned = record.Owned, Hardware = record.Hardware, Accelerators = record.Accelerators?.GetValueOrDefault(site) ?? 0, Places = FleetPlaces.At(record.Places, site) }
        : new FactoryIsland { Site = site, Incarnation = incarnation, Standing = IslandStanding.Gone, Hardware = record.Hardware, Withheld = $"There was no room at {site} when the job started." };

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
            SetAside = island.SetAside,
            IsOwned = record.Owned ?? island.IsOwned,
            Hardware = island.Hardware,
            Accelerators = record.Accelerators ?? island.Accelerators,
            Places = record.Places ?? island.Places,
            RestartedAt = record.At,
        };
        return state.WithJob(job.WithIsland(restarted) with { Rates = RateFold.With(job, island.Site, record.Rates) }).Touch(record.Island);
    }

    public static FactoryState Apply(FactoryState state, RunRestarted record)
    {
        var job = state.Jobs[record.Job];
        var to = record.Checkpoint is { } number ? new ResumePoint(job.Id, number) : job.From;
        var back = HoldFold.Back(job, to) with { Beginnings = job.Beginnings + 1, StartingAt = record.At, Note = job.Note is null ? record.Reason : $"{job.Note} {record.Reason}" };
        if (to is not null || job.Resume is not null)
        {
            // A gang is told at its start where the run goes on from: one that was started to take the state from a member would begin with none.
            back = back with { Islands = [.. back.Islands.Select(island => island.Standing == IslandStanding.Wanted ? HoldFold.Gone(island, record.Reason) : island)] };
        }

        return state.WithJob(back).Touch(job);
    }
}
