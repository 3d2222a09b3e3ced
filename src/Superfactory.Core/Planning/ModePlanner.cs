using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Planning;

/// <summary>Decides what a run that chooses by itself merges, and when: by what its members measured, as far as that is in the journal.</summary>
internal static class ModePlanner
{
    /// <summary>
    /// Part of a step in which a round trip or a trainer's own work may differ from what was said before without being news, and part of the
    /// value in which a step or a rate may.
    /// </summary>
    private const int NewsOfStep = 50, NewsOfValue = 10;

    /// <summary>What a run goes on with in the epoch that comes; null where the job says what it merges.</summary>
    /// <param name="job">The job, in its present epoch.</param>
    /// <param name="start">The round that the epoch starts with; -1 where the run begins in it.</param>
    /// <param name="choice">What <see cref="Change"/> gave.</param>
    public static RunSchedule? Next(FactoryJob job, long start, PilotChoice? choice) => job.Specification.Sync.Mode != SyncMode.Auto ? null
        : start < 0 ? RunSchedule.First
        : choice?.Schedule ?? job.Epoch?.Schedule ?? RunSchedule.First;

    /// <summary>What a run is to change to; null where it goes on as it does.</summary>
    public static PilotChoice? Change(FactoryJob job)
    {
        if (job is not { Specification.Sync: { Mode: SyncMode.Auto } sync, Epoch: { Schedule: { } present } epoch })
        {
            return null;
        }

        ImmutableArray<IslandMeasurement?> members = [.. job.Members.Select(static island => island.Measured)];
        return members.Length == epoch.Members.Length && ModePilot.Decide(present, job.Choice is not null, sync, members) is { } choice && choice.Schedule != present
            ? choice : null;
    }

    /// <summary>Takes what a member measured, where it is news: enough to decide by, and not about what is known.</summary>
    public static void Measured(Draft draft, FactoryJob job, FactoryIsland island, GangReport gang)
    {
        if (job.Specification.Sync.Mode == SyncMode.Auto && gang.Progress?.Measured is { } measured && measured.Schedule == job.Epoch!.Schedule
            && ModePilot.IsEnough(measured) && IsNews(island, measured, draft.Now))
        {
            draft.Add(new IslandMeasured { At = draft.Now, Job = job.Id, Island = island.Site, Incarnation = island.Incarnation, Measured = measured });
        }
    }

    private static bool IsNews(FactoryIsland island, IslandMeasurement measured, long now)
    {
        if (island.Measured is not { } known || known.Schedule != measured.Schedule)
        {
            return true;
        }

        return now - island.MeasuredAt >= FactoryLimits.MeasuredMilliseconds
            && (Differs(known.StepMicroseconds, measured.StepMicroseconds) || Differs(known.LinkBitsPerSecond, measured.LinkBitsPerSecond)
                || Math.Abs(known.RoundTripMicroseconds - measured.RoundTripMicroseconds) > measured.StepMicroseconds / NewsOfStep
                || Math.Abs(known.OwnWorkMicroseconds - measured.OwnWorkMicroseconds) > measured.StepMicroseconds / NewsOfStep);
    }

    private static bool Differs(long one, long other) => Math.Abs(one - other) > Math.Max(one, other) / NewsOfValue;
}
