using System.Collections.Immutable;
using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Core.Folding;

/// <summary>Folds what goes out of service and comes back, and the faults of places.</summary>
internal static class OutageFold
{
    public static FactoryState Apply(FactoryState state, OutageBegan record)
    {
        var next = state with
        {
            Outages = state.Outages.SetItem(record.Target, new FactoryOutage { Target = record.Target, State = record.State, Since = record.At, By = record.By, Reason = record.Reason, Window = record.Window }),
        };
        return record.State == OutageState.Failed ? Fault(next, record.Target, record.At, 0) : next;
    }

    public static FactoryState Apply(FactoryState state, TargetDrained record) =>
        state with { Outages = state.Outages.SetItem(record.Target, state.Outages[record.Target] with { State = OutageState.Drained }) };

    public static FactoryState Apply(FactoryState state, TargetReturned record) => state with
    {
        Outages = state.Outages.Remove(record.Target),

        // Who lets it in again though it failed too often begins to count anew; one that was mended may fail again.
        Faults = state.Outages[record.Target].State == OutageState.Quarantined ? state.Faults.Remove(record.Target) : state.Faults,
    };

    public static FactoryState Apply(FactoryState state, IslandEvicted record) => FleetFold.Withhold(state, record.Job, record.Island, record.Reason);

    public static FactoryState Apply(FactoryState state, JobMoves record)
    {
        var job = state.Jobs[record.Job];
        var moving = job with { HoldRequested = true, HoldEpoch = job.Epoch?.Number ?? 0, GaveWayTo = FactoryJob.Nobody, MovesBecause = record.Reason, Planned = null };
        return state.WithJob(moving).Touch(moving);
    }

    /// <summary>Takes down a fault of a place, and forgets those that are too old to count.</summary>
    public static FactoryState Fault(FactoryState state, string place, long at, long job)
    {
        var known = state.Faults.GetValueOrDefault(place) is { IsDefault: false } before ? before : [];
        ImmutableArray<PlaceFault> kept = [.. known.Where(fault => at - fault.At < FactoryLimits.FaultWindowMilliseconds).TakeLast(FactoryLimits.FaultsKept - 1), new PlaceFault(at, job)];
        return state with { Faults = state.Faults.SetItem(place, kept) };
    }
}
