using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon holding jobs, letting them go on, taking them back, and going on from checkpoints in new ones.</summary>
internal static class HoldDecisions
{
    public static Refusal? Hold(Draft draft, HoldJob hold)
    {
        if (Open(draft, hold.Job, out var job) is { } refusal)
        {
            return refusal;
        }

        if (job.Held || job.HoldAsked || (job.HoldRequested && job.GaveWayTo == 0))
        {
            return Conflict($"Job {job.Id} {(job.Held ? "is held" : "is being held")} already.", $"Let it go on with 'superfactory release {job.Id}'.");
        }

        draft.Add(new JobHeld { At = draft.Now, Job = job.Id });
        return null;
    }

    public static Refusal? Release(Draft draft, ReleaseJob release)
    {
        if (Open(draft, release.Job, out var job) is { } refusal)
        {
            return refusal;
        }

        if (job.GaveWayTo != 0 && !job.Held && !job.HoldAsked)
        {
            return Conflict($"Job {job.Id} {(job.GaveWayTo == FactoryJob.Nobody ? "is moved" : $"gives way to job {job.GaveWayTo}")}, and goes on by itself when there is room.");
        }

        if (!job.Held && !job.HoldRequested)
        {
            return Conflict($"Job {job.Id} is not held.");
        }

        draft.Add(new JobReleased { At = draft.Now, Job = job.Id });
        return null;
    }

    public static Refusal? RollBack(Draft draft, RollBackJob back)
    {
        if (Find(draft, back.Job, back.Checkpoint, out var job, out var checkpoint) is { } refusal)
        {
            return refusal;
        }

        if (draft.State.StoppingJobs.Contains(job.Id) || job.HoldRequested)
        {
            return Conflict($"Job {job.Id} is still being stopped.", "Ask again in a few seconds.");
        }

        if (draft.State.OpenJobs.Count >= FactoryLimits.OpenJobsMax && job.End is not null)
        {
            return Conflict($"{FactoryLimits.OpenJobsMax} jobs have not ended, and the control plane takes no more.", "Cancel some, or wait.");
        }

        draft.Add(new JobRolledBack
        {
            At = draft.Now,
            Job = job.Id,
            Checkpoint = checkpoint.Number,
            Reason = $"It was taken back to checkpoint {checkpoint.Number}, after {checkpoint.Round} rounds.",
        });
        return null;
    }

    public static Refusal? Restore(Draft draft, RestoreJob restore)
    {
        if (!draft.State.Jobs.TryGetValue(restore.Job, out var known))
        {
            return NoJob(restore.Job);
        }

        if (restore.Checkpoint is null && ResumeRules.Newest(known) is null)
        {
            return Conflict($"Job {known.Id} has no checkpoint that can be used.", Hint(known.Id));
        }

        if (Find(draft, restore.Job, restore.Checkpoint ?? ResumeRules.Newest(known)!.Number, out var job, out var checkpoint) is { } refusal)
        {
            return refusal;
        }

        if (checkpoint.Finished)
        {
            return Conflict(
                $"Checkpoint {checkpoint.Number} of job {job.Id} is of its end: everything planned is merged in it.", $"Take the model with 'superfactory export {job.Id} --to DIR', or restore an earlier one.");
        }

        var sites = restore.Sites.IsDefault ? [] : restore.Sites;
        var specification = job.Specification with
        {
            Count = 1,
            Sites = sites.IsEmpty && restore.SiteCount == 0 ? job.Specification.Sites : sites,
            SiteCount = sites.IsEmpty && restore.SiteCount == 0 ? job.Specification.SiteCount : restore.SiteCount,
        };
        return JobDecisions.Submit(draft, new SubmitJob(specification), new ResumePoint(job.Id, checkpoint.Number));
    }

    private static Refusal? Open(Draft draft, long id, out FactoryJob job)
    {
        if (!draft.State.Jobs.TryGetValue(id, out job!))
        {
            return NoJob(id);
        }

        return job.End is { } end ? Conflict($"Job {id} has already ended: it {Sentence.Ended(end.State)}.") : null;
    }

    private static Refusal? Find(Draft draft, long id, long number, out FactoryJob job, out FactoryCheckpoint checkpoint)
    {
        checkpoint = null!;
        if (!draft.State.Jobs.TryGetValue(id, out job!))
        {
            return NoJob(id);
        }

        if (job.FindCheckpoint(number) is not { Expired: null } found)
        {
            var numbers = job.Checkpoints.Where(each => each.Expired is null).Select(each => $"{each.Number}").ToImmutableArray();
            return new Refusal(RefusalKind.NotFound, [new Problem(
                $"Job {id} has no checkpoint {number}; {(numbers.IsEmpty ? "it has none" : $"it has {Sentence.List(numbers)}")}.", Hint: Hint(id))]);
        }

        checkpoint = found;
        return found.WholeCopies > 0 ? null : Conflict(
            $"No copy of checkpoint {number} of job {id} can be used: {string.Join(' ', found.Copies.Select(copy => copy.Problem ?? $"The copy to site {copy.Site} is not there yet."))}", Hint(id));
    }

    private static string Hint(long job) => $"List them with 'superfactory checkpoints {job}'.";

    private static Refusal NoJob(long id) => new(RefusalKind.NotFound, [new Problem($"There is no job {id}.")]);

    private static Refusal Conflict(string message, string? hint = null) => new(RefusalKind.Conflict, [new Problem(message, Hint: hint)]);
}
