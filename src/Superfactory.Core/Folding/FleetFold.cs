using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds queues, and who gives way to whom.</summary>
internal static class FleetFold
{
    public static FactoryState Apply(FactoryState state, QueuesApplied record) =>
        state with { Queues = record.Queues, PausedQueues = state.PausedQueues.Intersect(record.Queues.Queues.Select(static queue => queue.Name)) };

    public static FactoryState Apply(FactoryState state, FleetApplied record) => state with { Fleet = new FactoryFleet(record.Text, record.File) };

    public static FactoryState Apply(FactoryState state, QueuePaused record) =>
        state with { PausedQueues = record.Paused ? state.PausedQueues.Add(record.Queue) : state.PausedQueues.Remove(record.Queue) };

    public static FactoryState Apply(FactoryState state, JobReprioritized record)
    {
        // The gangs are told of their job as a whole, its priority too.
        var job = state.Jobs[record.Job];
        foreach (var gang in state.GangsOf(job))
        {
            state = state.WithJob(gang with { Specification = gang.Specification with { Priority = record.Priority } }).Touch(gang);
        }

        return state.WithJob(job with { Specification = job.Specification with { Priority = record.Priority } }).Touch(job);
    }

    public static FactoryState Apply(FactoryState state, StartPlanned record) =>
        state.WithJob(state.Jobs[record.Job] with { Reserved = null, Planned = new PlannedStart(record.Sites, record.Withheld, record.Owned, record.Awaited, record.Hardware, record.Places) { Rates = record.Rates, Accelerators = record.Accelerators } });

    public static FactoryState Apply(FactoryState state, StartReserved record) =>
        state.WithJob(state.Jobs[record.Job] with { Reserved = record.Start is { } start ? new ReservedStart(start, record.Sites, record.Owned, record.Hardware, record.Places) { Rates = record.Rates, ClaimedAt = record.Claim ? record.At : null } : null });

    public static FactoryState Apply(FactoryState state, StartDropped record) => state.WithJob(state.Jobs[record.Job] with { Planned = null });

    public static FactoryState Apply(FactoryState state, JobGivesWay record)
    {
        var job = state.Jobs[record.Job];
        var holding = job with { HoldRequested = true, HoldEpoch = job.Epoch?.Number ?? 0, GaveWayTo = record.To, MovesBecause = null, Planned = null };
        return state.WithJob(holding).Touch(holding);
    }

    public static FactoryState Apply(FactoryState state, IslandReclaimed record) =>
        Withhold(state, record.Job, record.Island, record.Reason, record.Keeps is { } keeps ? new KeptPlace(keeps, record.Places ?? []) : null);

    /// <summary>An island stops, and is left out until there is room for it.</summary>
    public static FactoryState Withhold(FactoryState state, long id, string name, string reason, KeptPlace? kept = null)
    {
        var job = state.Jobs[id];
        var island = job.FindIsland(name)!;
        var leaving = JobFold.StandingAfterEnd(state, island) == IslandStanding.Stopping;
        var reclaimed = job.WithIsland(island with
        {
            Standing = leaving ? IslandStanding.Stopping : IslandStanding.Gone, Withheld = reason, Kept = kept, Reason = reason, Joined = false, Result = null,
        });
        return state.WithJob(reclaimed).Touch(name);
    }
}
