using Superfactory.Core.Planning;

namespace Superfactory.Core;

/// <summary>The times at which something is to be decided though nothing enters: the host lets the factory know when one has come. Pure.</summary>
public static class FactoryMoments
{
    /// <summary>Whether such a time lies after one time and not after another, both in milliseconds since 1970-01-01 UTC.</summary>
    public static bool Any(FactoryState state, long after, long until)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (var outage in state.Outages.Values)
        {
            if (outage.State == Model.Views.OutageState.Draining && IsWithin(outage.MovesAt, after, until))
            {
                return true;
            }
        }

        foreach (var window in state.Windows.Values)
        {
            if (IsWithin(window.LeavesAt, after, until) || IsWithin(window.From, after, until) || IsWithin(window.Until, after, until))
            {
                return true;
            }
        }

        foreach (var id in state.OpenJobs)
        {
            var job = state.Jobs[id];
            if (!state.Windows.IsEmpty && !job.Islands.IsEmpty && job.Specification.Duration > 0 && IsWithin(job.PlacedAt + FleetMaker.Left(job), after, until))
            {
                // Who was expected to have left a window's place by its time, and has not, is to be told.
                return true;
            }

            if (IsWithin(job.NotBefore, after, until) || IsWithin(TimeoutPlanner.StartEnd(job), after, until) || IsWithin(TimeoutPlanner.SearchEnd(job), after, until))
            {
                return true;
            }

            if (job.Islands.IsEmpty ? IsWithin(job.Reserved?.At ?? 0, after, until) || (job.Specification.StartAfter > 0 && IsWithin(job.SubmittedAt + (job.Specification.StartAfter * 1000L), after, until))
                : job.EndBy != 0 && IsWithin(job.EndBy - FleetMaker.StopCost(job), after, until))
            {
                return true;
            }

            if (!job.Islands.IsEmpty && job.Specification.MinimumRun > 0 && IsWithin(job.PlacedAt + (job.Specification.MinimumRun * 1000L), after, until))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWithin(long moment, long after, long until) => moment > after && moment <= until;
}
