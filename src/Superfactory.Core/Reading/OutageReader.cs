using System.Collections.Immutable;
using Superfactory.Core.Planning;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>Reads what is out of service, and who leaves it when. Pure.</summary>
public static class OutageReader
{
    /// <summary>All outages by what they are of.</summary>
    public static ImmutableArray<OutageView> Read(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return [.. state.Outages.Values.Select(outage => new OutageView
        {
            Target = outage.Target, State = outage.State, Reason = outage.Reason, SinceUnixMilliseconds = outage.Since, ByUnixMilliseconds = outage.By,
            Moves = [.. state.OpenJobs.Union(state.StoppingJobs).Select(id => state.Jobs[id]).Where(job => OutagePlanner.On(state, job, outage).Any()).Select(job => new OutageMove(
                job.Id, [.. OutagePlanner.On(state, job, outage).Select(static island => island.Site)], job.End is null ? OutagePlanner.KindOf(state, job, outage) : OutageMoveKind.Stops, outage.MovesAt))],
        })];
    }
}
