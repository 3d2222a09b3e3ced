using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what a site says of its gangs: only what changes something becomes a record.</summary>
internal static class GangDecisions
{
    public static Refusal? Report(Draft draft, ReportGangs report)
    {
        if (SiteDecisions.CheckSession(draft.State, report.Site, report.Session) is { } refusal)
        {
            return refusal;
        }

        SiteDecisions.Hear(draft, draft.State.Sites[report.Site]);
        if (report.Checkpoints is { IsDefault: false } checkpoints)
        {
            CheckpointDecisions.Report(draft, report.Site, checkpoints);
        }

        if (report.Corpora is { IsDefault: false } corpora)
        {
            SiteDecisions.List(draft, report.Site, corpora);
        }

        var gangs = report.Gangs.IsDefault ? [] : report.Gangs;
        foreach (var gang in gangs.OrderBy(gang => gang.Job).ThenBy(gang => gang.Incarnation))
        {
            CheckpointDecisions.Failed(draft, report.Site, gang);
            Change(draft, report.Site, gang);
            Membership(draft, report.Site, gang);
        }

        ConfirmStopped(draft, report.Site, gangs);
        ConfirmClear(draft, report.Site, gangs);
        CopyDecisions.Report(draft, report.Site, report.Copies.IsDefault ? [] : report.Copies);
        return null;
    }

    private static void Change(Draft draft, string site, GangReport gang)
    {
        if (!draft.State.Jobs.TryGetValue(gang.Job, out var job)
            || job.End is not null
            || job.FindIsland(site) is not { Standing: IslandStanding.Wanted } island
            || island.Incarnation != gang.Incarnation
            || (island.Gang is { } before && IsOver(before))
            || IsKnown(island, gang))
        {
            return;
        }

        draft.Add(new GangChanged
        {
            At = draft.Now,
            Job = gang.Job,
            Island = site,
            Incarnation = gang.Incarnation,
            State = gang.State,
            Reason = Shorten(gang.Reason),
            Retriable = gang.Retriable,
            Outrun = gang is { State: GangState.Failed, Retriable: true, Outrun: true },
            LeaseEnded = gang is { State: GangState.Stopped, LeaseEnded: true },
            TrainerRestarts = gang.TrainerRestarts,
            Result = gang.State == GangState.Finished ? gang.Result : null,
        });
    }

    /// <summary>Takes what a living gang says of the run's membership.</summary>
    private static void Membership(Draft draft, string site, GangReport gang)
    {
        if (!draft.State.Jobs.TryGetValue(gang.Job, out var job) || job.End is not null || job.Epoch is not { } epoch
            || job.FindIsland(site) is not { Standing: IslandStanding.Wanted } island || island.Incarnation != gang.Incarnation || IsOver(gang.State))
        {
            return;
        }

        var member = epoch.Members.Contains(island.Present);
        if (gang.Promise is { } promise && member && epoch.Sealed && promise.Epoch == epoch.Number && island.Promise?.Epoch != epoch.Number)
        {
            draft.Add(new IslandSealed { At = draft.Now, Job = gang.Job, Island = site, Incarnation = gang.Incarnation, Epoch = promise.Epoch, Round = promise.Round });
        }
        else if (!member && island.Doubt is not null)
        {
            draft.Add(new IslandTrusted { At = draft.Now, Job = gang.Job, Island = site, Incarnation = gang.Incarnation });
        }

        if (!member && gang.LevelIn == epoch.Number && island.LevelIn != epoch.Number)
        {
            draft.Add(new IslandLevel { At = draft.Now, Job = gang.Job, Island = site, Incarnation = gang.Incarnation, Epoch = epoch.Number });
        }

        if (member)
        {
            ModePlanner.Measured(draft, job, island, gang);
        }

        ImmutableArray<string> missing = gang.Missing.IsDefaultOrEmpty || !member ? []
            : [.. epoch.Members.Select(each => each.Island).Where(name => name != site && gang.Missing.Contains(name, StringComparer.Ordinal))];
        if (!missing.SequenceEqual(island.Missing, StringComparer.Ordinal))
        {
            draft.Add(new IslandMissed { At = draft.Now, Job = gang.Job, Island = site, Incarnation = gang.Incarnation, Missing = missing });
        }

        // What it said of an epoch that is over it says until it has heard of the next one.
        ImmutableArray<IslandRejection> rejected = gang.Rejected.IsDefaultOrEmpty || !member || gang.Progress?.Epoch != epoch.Number ? []
            : [.. gang.Rejected.Where(each => each.Island != site && epoch.Members.Any(other => other.Island == each.Island)).Select(each => each with { Reason = Shorten(each.Reason)! })];
        if (!rejected.SequenceEqual(island.Rejected))
        {
            draft.Add(new IslandRejecting { At = draft.Now, Job = gang.Job, Island = site, Incarnation = gang.Incarnation, Rejected = rejected });
        }
    }

    /// <summary>A gang of an ended job has stopped once its agent says so, or no longer lists it.</summary>
    private static void ConfirmStopped(Draft draft, string site, ImmutableArray<GangReport> gangs)
    {
        foreach (var id in draft.State.StoppingJobs)
        {
            var job = draft.State.Jobs[id];
            foreach (var island in job.Islands.Where(static island => island.Standing == IslandStanding.Stopping).Concat(job.Strays).Where(island => island.Site == site).ToList())
            {
                if (!gangs.Any(gang => gang.Job == id && gang.Incarnation == island.Incarnation && !IsOver(gang.State)))
                {
                    draft.Add(new GangReleased { At = draft.Now, Job = id, Island = site, Incarnation = island.Incarnation });
                }
            }
        }
    }

    /// <summary>A lease that did not hold, as of a gang whose supervisor was paused, leaves a gang that nobody is charged for: nothing is placed beside it.</summary>
    private static void ConfirmClear(Draft draft, string site, ImmutableArray<GangReport> gangs)
    {
        if (draft.State.Sites[site] is { ClearingAwaited: true } known
            && !gangs.Any(gang => !IsOver(gang.State) && !draft.State.GangsAt(site).Any(each => each.Job.Id == gang.Job && each.Island.Incarnation == gang.Incarnation)))
        {
            draft.Add(new SiteCleared { At = draft.Now, Site = site, Session = known.Session });
        }
    }

    private static bool IsOver(GangState state) => state is GangState.Finished or GangState.Failed or GangState.Stopped;

    private static bool IsKnown(FactoryIsland island, GangReport gang)
        => island.Gang == gang.State
            && island.TrainerRestarts == gang.TrainerRestarts
            && string.Equals(island.Reason, Shorten(gang.Reason), StringComparison.Ordinal);

    internal static string? Shorten(string? reason)
        => reason is { Length: > FactoryLimits.ReasonLengthMax } ? reason[..FactoryLimits.ReasonLengthMax] : reason;
}
