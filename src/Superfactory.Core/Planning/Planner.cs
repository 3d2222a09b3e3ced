using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>
/// Decides what follows from the state, in a fixed order: jobs that are over end, then dead islands are started again and memberships
/// change, then queued jobs are placed. What it adds leaves nothing more to plan.
/// </summary>
internal static class Planner
{
    /// <summary>The version of the rules here. It rises with every change after which the same state may give other records.</summary>
    public const int Version = 4;

    /// <summary>The versions of all rules that take part, as plans record them.</summary>
    public static string Rules { get; } = string.Create(CultureInfo.InvariantCulture, $"core/{Version} {FleetPlacement.Policy} scheduler/{Scheduling.Scheduler.Version}");

    public static void Plan(Draft draft)
    {
        draft.BeginPlanning();
        foreach (var id in draft.State.OpenJobs)
        {
            End(draft, draft.State.Jobs[id]);
        }

        CheckpointPlanner.Plan(draft);
        WindowPlanner.Plan(draft);
        OutagePlanner.Plan(draft);
        RatePlanner.Plan(draft);
        TimeoutPlanner.Plan(draft);
        foreach (var id in draft.State.OpenJobs)
        {
            HoldPlanner.Plan(draft, id);

            // First, so that the reason of a loss is said before the next start of the island takes its place.
            MembershipPlanner.Plan(draft, id, mayBegin: false);
            RestartIslands(draft, id);
            MembershipPlanner.Plan(draft, id, mayBegin: true);
        }

        TimeoutPlanner.LeaveBehind(draft);
        do
        {
            StartPlanner.Plan(draft);
        }
        while (TimeoutPlanner.LeaveBehind(draft));

        OutagePlanner.Finish(draft);
        TimeoutPlanner.Watch(draft);
    }

    private static void End(Draft draft, FactoryJob job)
    {
        if (EndRules.Find(draft.State, job) is var (state, reason))
        {
            draft.Add(new JobEnded { At = draft.Now, Job = job.Id, State = state, Reason = reason });
        }
    }

    private static void RestartIslands(Draft draft, long id)
    {
        if (draft.State.Jobs[id].IsLeaving || !GoBack(draft, id))
        {
            return;
        }

        foreach (var island in draft.State.Jobs[id].Islands)
        {
            if (island is not { Standing: IslandStanding.Gone, Withheld: null } || !HasRoom(draft, id, island.Site))
            {
                continue;
            }

            var reason = $"Island {island.Site} was started again as incarnation {island.Incarnation + 1}: {Sentence.Lower(island.Reason ?? "Its gang was lost.")}";
            draft.Add(new IslandRestarted
            {
                At = draft.Now,
                Job = id,
                Island = island.Site,
                Incarnation = island.Incarnation + 1,
                Reason = reason,
            });
        }
    }

    /// <summary>
    /// Where no island holds the run's state any more and one can be started again, model and ledger go back together to the newest
    /// checkpoint, or to the beginning.
    /// </summary>
    /// <returns>Whether what the run goes on from lies at one of its sites, so that islands may start.</returns>
    private static bool GoBack(Draft draft, long id)
    {
        var job = draft.State.Jobs[id];
        if (!MembershipPlanner.IsStateLost(job)
            || !job.Islands.Any(island => island.Standing == IslandStanding.Wanted || (island is { Standing: IslandStanding.Gone, Withheld: null } && HasRoom(draft, id, island.Site))))
        {
            return true;
        }

        // An epoch that was decided may have merged, whatever was heard of it. A checkpoint that turned out to be damaged gives way to the one before it.
        if (job.MayHaveRun || (job.Resume is { } point && point.Job == id && ResumeRules.Of(draft.State, job) is not { IsUsable: true }))
        {
            var newest = ResumeRules.Newest(job);
            var reason = newest is null
                ? $"No island {(job.HasRun ? "holds the state of the run any more" : "is known to hold the run's state")}, so it starts from its beginning."
                : $"No island holds the state of the run any more, so it goes back to checkpoint {newest.Number}, after {newest.Round} rounds.";
            draft.Add(new RunRestarted { At = draft.Now, Job = id, Checkpoint = newest?.Number, Reason = reason });
        }

        job = draft.State.Jobs[id];

        // A copy at a site that is away, or whose island is set aside, helps nobody who begins now.
        return CheckpointPlanner.Bring(draft, job, [.. job.Islands.Where(island => island.SetAside is null && draft.State.IsConnected(island.Site)).Select(island => island.Site)]);
    }

    private static bool HasRoom(Draft draft, long id, string site) => FleetPlacement.HasFree(draft.State, site, draft.State.Jobs[id]);
}
