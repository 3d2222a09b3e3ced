using System.Collections.Immutable;
using Superfactory.Core.Records;
using Superfactory.Model.Copies;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Decides where copies of checkpoints are brought, and which checkpoints are no longer kept.</summary>
internal static class CheckpointPlanner
{
    private const long MillisecondsPerDay = 24 * 60 * 60 * 1000;

    public static void Plan(Draft draft)
    {
        foreach (var id in draft.State.CheckpointedJobs)
        {
            TakeEndedCopies(draft, id);
            Expire(draft, id);
            Spread(draft, id);
        }
    }

    /// <summary>Whether time alone has made a checkpoint too old.</summary>
    public static bool HasAged(FactoryState state, long now) => state.CheckpointedJobs.Any(id =>
        state.Jobs[id] is var job && job.Checkpoints.Any(checkpoint => checkpoint.Expired is null && IsTooOld(state, job, checkpoint, now)));

    /// <summary>Has a checkpoint brought to one of these sites, where none of them has it.</summary>
    /// <returns>Whether one of them has it now.</returns>
    public static bool Bring(Draft draft, FactoryJob job, ImmutableArray<string> sites)
    {
        if (ResumeRules.IsAtHand(draft.State, job, sites))
        {
            return true;
        }

        if (ResumeRules.Of(draft.State, job) is { Expired: null } from
            && !sites.Any(site => from.At(site) is { Standing: CheckpointStanding.Copying })
            && sites.FirstOrDefault(site => CanTake(draft.State, from, site)) is { } to)
        {
            Copy(draft, job.Resume!.Job, from, to, $"Job {job.Id} goes on from it at {to}.");
        }

        return false;
    }

    /// <summary>Whether what a job goes on from is at one of these sites, on its way there, or could be brought there now; true also where it begins.</summary>
    public static bool IsInReach(FactoryState state, FactoryJob job, ImmutableArray<string> sites) => ResumeRules.IsAtHand(state, job, sites)
        || (ResumeRules.Of(state, job) is { Expired: null } from && sites.Any(site => (from.At(site) is { Standing: CheckpointStanding.Copying } copy && IsMoving(state, copy)) || CanTake(state, from, site)));

    private static bool IsMoving(FactoryState state, CheckpointCopy copy) => !state.Copies.TryGetValue(copy.Copy, out var moved) || state.IsConnected(moved.Source.Site);

    private static void TakeEndedCopies(Draft draft, long id)
    {
        foreach (var checkpoint in draft.State.Jobs[id].Checkpoints)
        {
            foreach (var copy in checkpoint.Copies.Where(copy => copy.Standing == CheckpointStanding.Copying))
            {
                var end = draft.State.Copies.GetValueOrDefault(copy.Copy) is { } moved ? moved.End : new CopyEnd(CopyState.Failed, "It is no longer known.", draft.Now, null);
                if (end is { State: CopyState.Completed })
                {
                    draft.Add(new CheckpointPlaced
                    {
                        At = draft.Now, Job = id, Checkpoint = checkpoint.Number, Site = copy.Site, Name = copy.Name, Seal = copy.Seal, Island = copy.Island,
                    });
                }
                else if (end is not null)
                {
                    draft.Add(new CheckpointDamaged
                    {
                        At = draft.Now, Job = id, Checkpoint = checkpoint.Number, Site = copy.Site, Problem = $"It could not be copied to site {copy.Site}: {end.Reason}",
                    });
                }
            }
        }
    }

    /// <summary>The newest is to lie at as many sites as the job asks for; one copy is under way at a time.</summary>
    private static void Spread(Draft draft, long id)
    {
        var job = draft.State.Jobs[id];
        if (ResumeRules.Newest(job) is not { } newest
            || (newest.Held && job.HoldRequested)
            || newest.WholeCopies >= job.Specification.Checkpoint.Copies
            || job.Checkpoints.Any(checkpoint => checkpoint.Copies.Any(copy => copy.Standing == CheckpointStanding.Copying)))
        {
            return;
        }

        var sites = newest.Islands.Concat(draft.State.Sites.Keys);
        if (sites.FirstOrDefault(site => newest.At(site) is null && CanTake(draft.State, newest, site)) is { } to)
        {
            Copy(draft, id, newest, to, $"Checkpoint {newest.Number} is to lie at {job.Specification.Checkpoint.Copies} sites.");
        }
    }

    private static void Expire(Draft draft, long id)
    {
        // One of which no copy is whole is no use to a run: it takes no other's place.
        var keep = draft.State.Jobs[id].Specification.Checkpoint.Keep;
        var (kept, whole) = (0, 0);
        var newest = ResumeRules.Newest(draft.State.Jobs[id])?.Number;
        var spread = false;
        foreach (var checkpoint in draft.State.Jobs[id].Checkpoints.Reverse())
        {
            if (checkpoint.Expired is not null)
            {
                continue;
            }

            // The newest that lies at more than one site stays until a newer one does: until then it is what a lost site leaves.
            var isSpread = !spread && checkpoint is { Abandoned: false, WholeCopies: > 1 };
            var isCopied = checkpoint.Copies.Any(copy => copy.Standing == CheckpointStanding.Copying);
            var isNeeded = isSpread || isCopied || checkpoint.Number == newest || ResumeRules.IsNeeded(draft.State, id, checkpoint);
            kept++;
            var isBeyond = checkpoint.IsUsable || isCopied ? ++whole > keep : kept > keep;
            spread |= isSpread;
            if (IsTooOld(draft.State, draft.State.Jobs[id], checkpoint, draft.Now))
            {
                draft.Add(new CheckpointExpired { At = draft.Now, Job = id, Checkpoint = checkpoint.Number, Reason = "It is older than the job keeps checkpoints for." });
            }
            else if (isBeyond && !isNeeded)
            {
                draft.Add(new CheckpointExpired { At = draft.Now, Job = id, Checkpoint = checkpoint.Number, Reason = $"The job keeps the newest {keep}." });
            }
        }
    }

    private static bool IsTooOld(FactoryState state, FactoryJob job, FactoryCheckpoint checkpoint, long now) =>
        now - checkpoint.SealedAt > job.Specification.Checkpoint.KeepFor * MillisecondsPerDay
        && !(job.End is null && ResumeRules.Newest(job)?.Number == checkpoint.Number)
        && !ResumeRules.IsNeeded(state, job.Id, checkpoint)
        && !checkpoint.Copies.Any(copy => copy.Standing == CheckpointStanding.Copying);

    private static bool CanTake(FactoryState state, FactoryCheckpoint checkpoint, string site) =>
        state.IsConnected(site) && state.Sites[site].CheckpointDirectory is not null && Source(state, checkpoint) is { } from && !string.Equals(from.Site, site, StringComparison.Ordinal);

    private static CheckpointCopy? Source(FactoryState state, FactoryCheckpoint checkpoint) => checkpoint.Copies.FirstOrDefault(copy =>
        copy.Standing == CheckpointStanding.Whole && state.IsConnected(copy.Site) && state.Sites[copy.Site].CheckpointDirectory is not null);

    private static void Copy(Draft draft, long job, FactoryCheckpoint checkpoint, string to, string reason)
    {
        if (draft.State.OpenCopies.Count >= FactoryLimits.OpenCopiesMax || Source(draft.State, checkpoint) is not { } from)
        {
            return;
        }

        var number = draft.State.LastCopy + 1;
        draft.Add(new CopyRequested { At = draft.Now, Copy = number, Source = Place(draft.State, job, from.Site, from.Name), Destination = Place(draft.State, job, to, from.Name) });
        draft.Add(new CheckpointCopying
        {
            At = draft.Now,
            Job = job,
            Checkpoint = checkpoint.Number,
            Site = to,
            Copy = number,
            Name = from.Name,
            Seal = from.Seal,
            Island = from.Island,
            Reason = reason,
        });
    }

    private static CopyPlace Place(FactoryState state, long job, string site, string name) =>
        new(site, CheckpointPaths.Of(state.Sites[site].CheckpointDirectory!, job, name));
}
