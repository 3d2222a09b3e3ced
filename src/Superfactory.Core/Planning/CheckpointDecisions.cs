using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what sites say of the checkpoints that lie there.</summary>
internal static class CheckpointDecisions
{
    /// <summary>Takes all that lies at a site. A checkpoint that nobody knew of is sealed: what a bridge writes is final.</summary>
    public static void Report(Draft draft, string site, ImmutableArray<CheckpointReport> reports)
    {
        foreach (var report in reports.OrderBy(report => report.Job).ThenBy(report => report.Epoch).ThenBy(report => report.Round).ThenBy(report => report.Name, StringComparer.Ordinal))
        {
            Take(draft, site, report);
        }

        var there = reports.Select(report => (report.Job, report.Name)).ToHashSet();
        foreach (var id in draft.State.CheckpointedJobs)
        {
            foreach (var checkpoint in draft.State.Jobs[id].Checkpoints)
            {
                if (checkpoint.At(site) is { Standing: not CheckpointStanding.Copying } copy && !there.Contains((id, copy.Name)))
                {
                    Miss(draft, id, checkpoint, copy);
                }
            }
        }
    }

    /// <summary>An island could not write a checkpoint: where it is the one that does, the next one takes its place.</summary>
    public static void Failed(Draft draft, string site, GangReport gang)
    {
        if (gang.CheckpointFailures > 0
            && draft.State.Jobs.TryGetValue(gang.Job, out var job)
            && job.End is null
            && job.FindIsland(site) is { Standing: IslandStanding.Wanted } island
            && island.Incarnation == gang.Incarnation
            && gang.CheckpointFailures > island.CheckpointFailures)
        {
            draft.Add(new CheckpointFailed
            {
                At = draft.Now,
                Job = gang.Job,
                Island = site,
                Failures = gang.CheckpointFailures,
                Reason = GangDecisions.Shorten(gang.CheckpointFailure) ?? $"Island {site} could not write a checkpoint and gave no reason.",
            });
        }
    }

    public static Refusal? Verify(Draft draft, VerifyCheckpoints verify)
    {
        if (!draft.State.Jobs.ContainsKey(verify.Job))
        {
            return new Refusal(RefusalKind.NotFound, [new Problem($"There is no job {verify.Job}.")]);
        }

        draft.Add(new CheckpointsToVerify { At = draft.Now, Job = verify.Job });
        return null;
    }

    private static void Take(Draft draft, string site, CheckpointReport report)
    {
        if (!draft.State.Jobs.TryGetValue(report.Job, out var job))
        {
            return;
        }

        var known = job.Checkpoints.FirstOrDefault(checkpoint => checkpoint.Copies.Any(copy =>
            string.Equals(copy.Name, report.Name, StringComparison.Ordinal) && string.Equals(copy.Site, site, StringComparison.Ordinal)));
        if (known?.At(site) is { } copy)
        {
            Compare(draft, job.Id, known, copy, report);
        }
        else if (report.Problem is null && job.Checkpoints.FirstOrDefault(checkpoint => IsSame(job, checkpoint, report) && checkpoint.At(site) is not { Standing: CheckpointStanding.Whole }) is { } other)
        {
            if (other.At(site) is not { Standing: CheckpointStanding.Copying })
            {
                draft.Add(new CheckpointPlaced
                {
                    At = draft.Now, Job = job.Id, Checkpoint = other.Number, Site = site, Name = report.Name, Seal = report.Seal, Island = report.Island, Listed = true,
                });
            }
        }
        else if (report.Problem is null)
        {
            draft.Add(new CheckpointSealed
            {
                At = draft.Now,
                Job = job.Id,
                Checkpoint = job.LastCheckpoint + 1,
                Site = site,
                Manifest = report,
                Abandoned = report.Epoch < job.LineageEpoch,
            });
        }
    }

    /// <summary>Of the same state. One that was written for a hold is another: it has the trainer's own state.</summary>
    private static bool IsSame(FactoryJob job, FactoryCheckpoint checkpoint, CheckpointReport report) => checkpoint is { Expired: null, Abandoned: false }
        && report.Epoch >= job.LineageEpoch
        && checkpoint.Round == report.Round
        && checkpoint.Held == report.Held
        && string.Equals(checkpoint.StateHash, report.StateHash, StringComparison.Ordinal);

    private static void Compare(Draft draft, long job, FactoryCheckpoint checkpoint, CheckpointCopy copy, CheckpointReport report)
    {
        if (copy.Standing == CheckpointStanding.Copying)
        {
            return;
        }

        if (report.Problem is { } problem)
        {
            if (copy.Standing != CheckpointStanding.Damaged || copy.Verified < report.Verified)
            {
                Damage(draft, job, checkpoint, copy, GangDecisions.Shorten(problem)!, report.Verified);
            }
        }
        else if (report.Verified > copy.Verified)
        {
            draft.Add(new CheckpointVerified { At = draft.Now, Job = job, Checkpoint = checkpoint.Number, Site = copy.Site, Verified = report.Verified });
        }
        else if (copy is { Standing: CheckpointStanding.Whole, Listed: false })
        {
            draft.Add(new CheckpointPlaced
            {
                At = draft.Now, Job = job, Checkpoint = checkpoint.Number, Site = copy.Site, Name = copy.Name, Seal = copy.Seal, Island = copy.Island, Listed = true,
            });
        }
    }

    private static void Miss(Draft draft, long job, FactoryCheckpoint checkpoint, CheckpointCopy copy)
    {
        if (checkpoint.Expired is not null)
        {
            draft.Add(new CheckpointDeleted { At = draft.Now, Job = job, Checkpoint = checkpoint.Number, Site = copy.Site });
        }
        else if (copy is { Standing: CheckpointStanding.Whole, Listed: true })
        {
            Damage(draft, job, checkpoint, copy, $"The copy at site {copy.Site} is no longer there.", copy.Verified);
        }
    }

    private static void Damage(Draft draft, long job, FactoryCheckpoint checkpoint, CheckpointCopy copy, string problem, long verified) => draft.Add(new CheckpointDamaged
    {
        At = draft.Now, Job = job, Checkpoint = checkpoint.Number, Site = copy.Site, Problem = problem, Verified = verified,
    });
}
