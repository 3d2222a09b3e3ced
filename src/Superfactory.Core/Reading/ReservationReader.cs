using System.Collections.Immutable;
using Superfactory.Core.Planning;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>Reads what is reserved of the fleet, and who has to leave it when. Pure.</summary>
public static class ReservationReader
{
    /// <summary>Everything that is reserved, the first to begin first.</summary>
    public static ImmutableArray<ReservationView> Read(FactoryState state, long now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var inTheWay = FleetPlacement.InTheWay(state, now).ToLookup(static each => each.Window.Number, static each => each.Stop);
        return [.. state.Windows.Values.OrderBy(static window => window.From).ThenBy(static window => window.Number).Select(window => new ReservationView
        {
            Name = window.Name, State = window.From <= now ? ReservationState.Active : window.LeavesAt <= now ? ReservationState.Clearing : ReservationState.Waiting,
            Target = window.Target, Accelerators = window.Accelerators == 0 ? null : window.Accelerators, Hardware = window.Hardware, Queue = window.Queue, Job = window.Job == 0 ? null : window.Job,
            FromUnixMilliseconds = window.From, UntilUnixMilliseconds = window.Until, Reason = window.Reason,
            Leaves = [.. Leaving(state, window).Concat(window.IsMaintenance ? There(state, window, now) : inTheWay[window.Number].Select(stop => Move(state, window, stop, now))).DistinctBy(static move => move.Job).OrderBy(static move => move.Job)],
        })];
    }

    /// <summary>What is reserved for a job, or has it stop.</summary>
    internal static ImmutableArray<JobReservation> Of(FactoryState state, FactoryJob job, long now)
    {
        if (state.Windows.IsEmpty || job.End is not null)
        {
            return [];
        }

        var whole = state.WholeOf(job);
        var leaves = job.Islands.IsEmpty ? [] : Read(state, now).Where(view => view.Leaves.Any(move => move.Job == whole.Id)).Select(static view => view.Name).ToHashSet(StringComparer.Ordinal);
        return [.. state.Windows.Values.Where(window => leaves.Contains(window.Name) || WindowRules.IsFor(state, window, job)).OrderBy(static window => window.From).ThenBy(static window => window.Number)
            .Select(window => new JobReservation(window.Name, window.From, window.Until, leaves.Contains(window.Name) ? Math.Max(window.LeavesAt, now) : null))];
    }

    /// <summary>Those that were told to leave for a window for others and have not stopped.</summary>
    private static IEnumerable<OutageMove> Leaving(FactoryState state, FactoryWindow window)
    {
        var because = WindowRules.Because(window);
        return state.OpenJobs.Union(state.StoppingJobs).Select(id => state.Jobs[id]).Where(job => job.MovesBecause == because && job.Islands.Any(static island => island.HoldsSlot))
            .Select(job => new OutageMove(job.Id, [.. job.Islands.Where(static island => island.HoldsSlot).Select(static island => island.Site)], OutageMoveKind.Stops, window.LeavesAt));
    }

    /// <summary>Those at a target that is reserved for maintenance who are not expected to have ended by then.</summary>
    private static IEnumerable<OutageMove> There(FactoryState state, FactoryWindow window, long now)
    {
        var outage = state.OutageOf(window.Target!) is { } began && began.Window == window.Name ? began
            : new FactoryOutage { Target = window.Target!, State = OutageState.Draining, Since = window.Since, By = window.From, Reason = WindowRules.OutOfService(window), Window = window.Name };
        return state.OpenJobs.Union(state.StoppingJobs).Select(id => state.Jobs[id])
            .Where(job => OutagePlanner.On(state, job, outage).Any() && (WhyReader.EndOf(job) is not { } end || end <= now || end > outage.MovesAt))
            .Select(job => new OutageMove(job.Id, [.. OutagePlanner.On(state, job, outage).Select(static island => island.Site)], job.End is null ? OutagePlanner.KindOf(state, job, outage) : OutageMoveKind.Stops, outage.MovesAt));
    }

    private static OutageMove Move(FactoryState state, FactoryWindow window, GivingWay stop, long now) => new(
        stop.Job, stop.Islands.IsEmpty ? [.. state.Jobs[stop.Job].Islands.Where(static island => island.HoldsSlot).Select(static island => island.Site)] : stop.Islands,
        stop.Islands.IsEmpty ? OutageMoveKind.Moves : OutageMoveKind.Shrinks, Math.Max(window.LeavesAt, now));
}
