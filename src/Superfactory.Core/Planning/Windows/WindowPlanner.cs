using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Begins and ends what is reserved of the fleet, and has those leave in time who are in its way.</summary>
internal static class WindowPlanner
{
    /// <summary>Whether a time has come: a window is over, its target is to be out of service, somebody waits who may use it now, or somebody has to leave for it.</summary>
    public static bool IsDue(FactoryState state, long now) =>
        state.Windows.Values.Any(window => Over(state, window, now) is not null || MayBegin(state, window, now) || Drained(state, window, now) is not null || IsWaitedFor(state, window, now)) || (WindowRules.IsClearing(state, now) && FleetPlacement.Overdue(state, now).Any());

    public static void Plan(Draft draft)
    {
        foreach (var window in draft.State.Windows.Values)
        {
            if (Over(draft.State, window, draft.Now) is { } reason)
            {
                End(draft, window, reason);
            }
        }

        // What is let in again by the end of one may be out of service for the next at once: nobody starts there in between.
        foreach (var window in draft.State.Windows.Values)
        {
            if (Drained(draft.State, window, draft.Now) is { } later)
            {
                draft.Add(new OutageBegan { At = draft.Now, Target = later.Target, State = OutageState.Draining, By = Math.Max(draft.Now, window.From), Reason = later.Reason });
            }
            else if (MayBegin(draft.State, window, draft.Now))
            {
                draft.Add(new OutageBegan
                {
                    At = draft.Now, Target = window.Target!, State = OutageState.Draining, By = Math.Max(draft.Now, window.From), Reason = WindowRules.OutOfService(window), Window = window.Name,
                });
            }
        }
    }

    /// <summary>What was reserved is so no longer: what was out of service because of it, and of nothing else since, is let in again.</summary>
    public static void End(Draft draft, FactoryWindow window, string reason)
    {
        var began = WindowRules.HasBegun(draft.State, window);
        draft.Add(new WindowEnded { At = draft.Now, Name = window.Name, Reason = reason });
        if (began)
        {
            draft.Add(new TargetReturned { At = draft.Now, Target = window.Target! });
        }
    }

    /// <summary>A job, or islands of one, that a window for others has no room for saves and stops, or gives up a start that waits.</summary>
    public static void Clear(Draft draft, GivingWay stop, FactoryWindow window)
    {
        var job = draft.State.Jobs[stop.Job];
        if (job.Planned is not null && job.Islands.IsEmpty)
        {
            StartPlanner.Drop(draft, job.Id, WindowRules.Because(window));
        }
        else if (stop.Islands.IsEmpty)
        {
            OutagePlanner.Move(draft, job.Id, WindowRules.Because(window));
        }
        else
        {
            OutagePlanner.Evict(draft, job.Id, stop.Islands, WindowRules.Because(window));
        }
    }

    /// <summary>Its target where somebody drains that by a later time than it is left by: it is drained earlier, and stays his to let in again. Null where nobody does.</summary>
    private static FactoryOutage? Drained(FactoryState state, FactoryWindow window, long now) =>
        window.IsMaintenance && window.LeavesAt <= now && state.OutageOf(window.Target!) is { State: OutageState.Draining, Window: null } outage && outage.MovesAt > now && outage.By > window.From ? outage : null;

    private static bool IsWaitedFor(FactoryState state, FactoryWindow window, long now) => !window.IsMaintenance && window.LeavesAt <= now
        && state.OpenJobs.Any(id => state.Jobs[id] is { Role: null, Islands.IsEmpty: true, Held: false, Planned: null } job && WindowRules.IsFor(state, window, job));

    /// <summary>Why a window is over; null where it is not.</summary>
    private static string? Over(FactoryState state, FactoryWindow window, long now) =>
        window.Until <= now ? "Its time is over."
        : window.Job != 0 && state.Jobs[window.Job].End is { } end ? $"Job {window.Job}, which it was for, {Sentence.Ended(end.State)}." : null;

    /// <summary>Whether its target is to go out of service now. What is so already, for another reason, stays so for that.</summary>
    private static bool MayBegin(FactoryState state, FactoryWindow window, long now) =>
        window.IsMaintenance && window.LeavesAt <= now && state.OutageOf(window.Target!) is null && OutageDecisions.IsKnown(state, window.Target!);
}
