using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Core.Folding;

/// <summary>Folds what happened to checkpoints.</summary>
internal static class CheckpointFold
{
    public static FactoryState Apply(FactoryState state, CheckpointSealed record)
    {
        var (job, manifest) = (state.Jobs[record.Job], record.Manifest);
        var checkpoint = new FactoryCheckpoint
        {
            Number = record.Checkpoint,
            Round = manifest.Round,
            Epoch = manifest.Epoch,
            Islands = manifest.Islands,
            Mode = manifest.Mode,
            Finished = manifest.Finished,
            Held = manifest.Held,
            StateHash = manifest.StateHash,
            Ledger = manifest.Ledger,
            Steps = manifest.Steps,
            Tokens = manifest.Tokens,
            Bytes = manifest.Bytes,
            SealedAt = record.At,
            Abandoned = record.Abandoned,
            Copies = [new CheckpointCopy { Site = record.Site, Name = manifest.Name, Seal = manifest.Seal, Island = manifest.Island, Standing = CheckpointStanding.Whole, Listed = true }],
        };
        return state.WithJob(Clear(state, job, checkpoint) with { LastCheckpoint = record.Checkpoint, Checkpoints = job.Checkpoints.Add(checkpoint) }).Touch(record.Site);
    }

    public static FactoryState Apply(FactoryState state, CheckpointPlaced record) => Change(state, record.Job, record.Checkpoint, checkpoint => checkpoint.With(
        new CheckpointCopy
        {
            Site = record.Site,
            Name = record.Name,
            Seal = record.Seal,
            Island = record.Island,
            Standing = CheckpointStanding.Whole,
            Copy = checkpoint.At(record.Site)?.Copy ?? 0,
            Listed = record.Listed,
        })).Touch(record.Site);

    public static FactoryState Apply(FactoryState state, CheckpointCopying record) => Change(state, record.Job, record.Checkpoint, checkpoint => checkpoint.With(
        new CheckpointCopy
        {
            Site = record.Site,
            Name = record.Name,
            Seal = record.Seal,
            Island = record.Island,
            Standing = CheckpointStanding.Copying,
            Copy = record.Copy,
        })).Touch(record.Site);

    public static FactoryState Apply(FactoryState state, CheckpointDamaged record) => Change(state, record.Job, record.Checkpoint, checkpoint =>
        checkpoint.At(record.Site) is { } copy
            ? checkpoint.With(copy with { Standing = CheckpointStanding.Damaged, Listed = true, Problem = record.Problem, Verified = Math.Max(copy.Verified, record.Verified) })
            : checkpoint).Touch(record.Site);

    public static FactoryState Apply(FactoryState state, CheckpointVerified record) => Change(state, record.Job, record.Checkpoint, checkpoint =>
        checkpoint.At(record.Site) is { } copy
            ? checkpoint.With(copy with { Standing = CheckpointStanding.Whole, Listed = true, Problem = null, VerifiedAt = record.At, Verified = record.Verified })
            : checkpoint).Touch(record.Site);

    public static FactoryState Apply(FactoryState state, CheckpointExpired record)
    {
        var expired = Change(state, record.Job, record.Checkpoint, checkpoint => checkpoint with { Expired = record.Reason });
        return Find(expired, record.Job, record.Checkpoint) is { } found
            ? Drop(found.Copies.Aggregate(expired, (touched, copy) => touched.Touch(copy.Site)), record.Job, found)
            : expired;
    }

    public static FactoryState Apply(FactoryState state, CheckpointDeleted record)
    {
        var deleted = Change(state, record.Job, record.Checkpoint, checkpoint => checkpoint.Without(record.Site)).Touch(record.Site);
        return Find(deleted, record.Job, record.Checkpoint) is { } found ? Drop(deleted, record.Job, found) : deleted;
    }

    public static FactoryState Apply(FactoryState state, CheckpointFailed record)
    {
        var job = state.Jobs[record.Job];
        if (job.FindIsland(record.Island) is not { } island)
        {
            return state;
        }

        var failed = job.WithIsland(island with { CheckpointFailures = record.Failures });
        return state.WithJob(failed with { CheckpointWriter = job.CheckpointWriter + 1 }).Touch(failed);
    }

    public static FactoryState Apply(FactoryState state, CheckpointsToVerify record)
    {
        var job = state.Jobs[record.Job] with { VerifyRequest = state.Jobs[record.Job].VerifyRequest + 1 };
        return job.Checkpoints.SelectMany(checkpoint => checkpoint.Copies).Aggregate(state.WithJob(job), (touched, copy) => touched.Touch(copy.Site));
    }

    /// <summary>An agent that was started anew lists what its disk has now: no list of it is older than a copy that had arrived before.</summary>
    public static FactoryState StartedAnew(FactoryState state, string site)
    {
        foreach (var job in state.Jobs.Values)
        {
            foreach (var checkpoint in job.Checkpoints)
            {
                if (checkpoint.At(site) is { Standing: CheckpointStanding.Whole, Listed: false } copy)
                {
                    state = Change(state, job.Id, checkpoint.Number, known => known.With(copy with { Listed = true }));
                }
            }
        }

        return state;
    }

    /// <summary>A checkpoint that the present epoch came to has rounds that all of its members hold: they have shown that they can run.</summary>
    private static FactoryJob Clear(FactoryState state, FactoryJob job, FactoryCheckpoint checkpoint)
    {
        if (job.Epoch is not { } epoch || checkpoint.Abandoned || checkpoint.Epoch != epoch.Number)
        {
            return job;
        }

        var start = epoch.Start >= 0 ? epoch.Start
            : job.Resume is { } point && state.Jobs.ContainsKey(point.Job) ? Find(state, point.Job, point.Checkpoint)?.Round ?? 0 : 0;
        return checkpoint.Round <= start ? job
            : job with { Islands = [.. job.Islands.Select(island => epoch.Members.Contains(island.Present) ? island with { Failures = 0 } : island)] };
    }

    private static FactoryCheckpoint? Find(FactoryState state, long job, long number) => state.Jobs[job].FindCheckpoint(number);

    private static FactoryState Change(FactoryState state, long id, long number, Func<FactoryCheckpoint, FactoryCheckpoint> change)
    {
        var job = state.Jobs[id];
        return state.WithJob(job with { Checkpoints = [.. job.Checkpoints.Select(checkpoint => checkpoint.Number == number ? change(checkpoint) : checkpoint)] });
    }

    /// <summary>A checkpoint that is no longer kept is forgotten with its last copy.</summary>
    private static FactoryState Drop(FactoryState state, long id, FactoryCheckpoint checkpoint) =>
        checkpoint is { Expired: not null, Copies.IsEmpty: true } && state.Jobs[id] is var job
            ? state.WithJob(job with { Checkpoints = job.Checkpoints.Remove(job.FindCheckpoint(checkpoint.Number)!) })
            : state;
}
