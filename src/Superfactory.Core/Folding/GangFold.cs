using Superfactory.Core.Records;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Folding;

/// <summary>Folds what sites said of their gangs.</summary>
internal static class GangFold
{
    public static bool IsOver(GangState? state) => state is GangState.Finished or GangState.Failed or GangState.Stopped;

    public static FactoryState Apply(FactoryState state, GangChanged record)
    {
        var job = state.Jobs[record.Job];
        if (job.FindIsland(record.Island) is not { } island)
        {
            throw new InvalidOperationException($"Record {state.Revision} is about island {record.Island}, which job {record.Job} doesn't have.");
        }

        // A gang that stopped although it was wanted is as dead as one that crashed.
        var dead = record.State == GangState.Stopped || (record.State == GangState.Failed && record.Retriable);
        var changed = job.WithIsland(island with
        {
            Gang = record.State,
            Reason = record.Reason,
            Retriable = record.Retriable || dead,
            TrainerRestarts = record.TrainerRestarts,
            Result = record.Result ?? island.Result,
            Joined = !dead && (island.Joined || record.State is GangState.Running or GangState.Finished),
            Failures = island.Failures + (dead && !record.Outrun && !record.LeaseEnded ? 1 : 0),
            Standing = dead ? IslandStanding.Gone : island.Standing,
        });
        var hasRun = changed.HasRun || (changed.Members.Any() && changed.Members.All(each => each.Joined));
        var next = state.WithJob(hasRun ? changed with { HasRun = true, FailedStarts = 0, Avoids = [] } : changed);
        next = record is { State: GangState.Failed, Retriable: true } ? OutageFold.Fault(next, island.Places is [var only] ? only : record.Island, record.At, record.Job) : next;
        return dead ? next.Touch(record.Island) : next;
    }

    public static FactoryState Apply(FactoryState state, GangReleased record)
    {
        var job = state.Jobs[record.Job];
        if (job.Strays.FirstOrDefault(each => each.Site == record.Island && each.Incarnation == record.Incarnation) is { } stray)
        {
            return state.WithJob(job with { Strays = job.Strays.Remove(stray) });
        }

        return job.FindIsland(record.Island) is { } island ? state.WithJob(HoldFold.Stopped(job, island)) : state;
    }
}
