using Superfactory.Core.Records;
using Superfactory.Model.Agents;

namespace Superfactory.Core.Folding;

/// <summary>Folds how jobs are held, let go on and taken back.</summary>
internal static class HoldFold
{
    public static FactoryState Apply(FactoryState state, JobHeld record)
    {
        var job = state.Jobs[record.Job];
        var held = job.Islands.IsEmpty || job.IsLeaving ? job with { Held = true, Reserved = null }
            : job.HoldRequested ? job with { HoldAsked = true }
            : job with { HoldRequested = true, HoldEpoch = job.Epoch?.Number ?? 0 };
        return state.WithJob(held).Touch(held);
    }

    public static FactoryState Apply(FactoryState state, JobParked record)
    {
        var job = state.Jobs[record.Job];
        var resume = record.Checkpoint is { } to ? new ResumePoint(job.Id, to) : record.Abandons ? job.From : job.Resume;
        job = record.Abandons ? Back(job, resume) : job;
        var parked = Leave(state, job with
        {
            Held = job.GaveWayTo == 0 || job.HoldAsked,
            HoldAsked = false,
            HoldRequested = false,
            HasRun = false,
            Resume = resume,
            ShortSince = 0,
            Note = record.Reason,
            RanBefore = record.Checkpoint is null ? 0 : job.RanBefore + Math.Max(0, record.At - job.PlacedAt),
        });
        return state.WithJob(Requeue(parked)).Touch(parked);
    }

    public static FactoryState Apply(FactoryState state, JobReleased record)
    {
        var job = state.Jobs[record.Job];
        var released = Requeue(job with { Held = false, HoldAsked = false, HoldRequested = job.HoldRequested && job.GaveWayTo != 0 });
        return state.WithJob(released).Touch(job);
    }

    public static FactoryState Apply(FactoryState state, JobRolledBack record)
    {
        var job = state.Jobs[record.Job];
        var back = Back(job, new ResumePoint(job.Id, record.Checkpoint)) with { Note = record.Reason, StartingAt = record.At };
        if (job.End is not null)
        {
            // Its gangs have stopped; it is placed anew.
            back = Requeue(back with { End = null, CancelRequested = false, Planned = null, Reserved = null });
        }
        else if (!job.Held)
        {
            back = back with { Islands = [.. back.Islands.Select(island => Gone(island, record.Reason) with { SetAside = null })] };
        }

        return state.WithJob(back).Touch(job);
    }

    /// <summary>The run is no longer in what it merged after a checkpoint; null takes it to its beginning.</summary>
    public static FactoryJob Back(FactoryJob job, ResumePoint? to) => job with
    {
        HasRun = false,
        ShortSince = 0,
        Resume = to,
        LineageEpoch = (job.Epoch?.Number ?? 0) + 1,
        Checkpoints = [.. job.Checkpoints.Select(checkpoint => checkpoint with { Abandoned = IsLeft(job, checkpoint, to) })],
    };

    /// <summary>Puts a job whose gangs have all stopped back into the queue.</summary>
    public static FactoryJob Requeue(FactoryJob job) => job is { Held: false, HoldRequested: false, End: null }
        && job.Islands.All(island => island.Standing is IslandStanding.Released or IslandStanding.Gone) && !job.Islands.IsEmpty
            ? job with { Islands = [], LastIncarnation = Math.Max(job.LastIncarnation, job.Islands.Max(island => island.Incarnation)) }
            : job;

    /// <summary>A job with an island whose gang was to stop and has: where the job goes on without it, it may come back.</summary>
    public static FactoryJob Stopped(FactoryJob job, FactoryIsland island) =>
        island.Withheld is not null && job is { End: null, Held: false, IsLeaving: false }
            ? job.WithIsland(island with { Standing = IslandStanding.Gone })
            : Requeue(job.WithIsland(island with { Standing = IslandStanding.Released }));

    private static bool IsLeft(FactoryJob job, FactoryCheckpoint checkpoint, ResumePoint? to) =>
        to is null || to.Job != job.Id || (checkpoint.Number != to.Checkpoint && (checkpoint.Abandoned || IsBehind(checkpoint, to.Checkpoint, job.FindCheckpoint(to.Checkpoint))));

    /// <summary>Whether a checkpoint has rounds that the one which is gone back to has not, whichever was heard of first.</summary>
    private static bool IsBehind(FactoryCheckpoint checkpoint, long to, FactoryCheckpoint? point) =>
        point is null || checkpoint.Round == point.Round ? checkpoint.Number > to : checkpoint.Round > point.Round;

    /// <summary>An island whose gang is to end, and to be started again under another incarnation.</summary>
    public static FactoryIsland Gone(FactoryIsland island, string reason) => island with
    {
        Standing = IslandStanding.Gone,
        Gang = GangState.Failed,
        Reason = reason,
        Retriable = true,
        Joined = false,
        Result = null,
    };

    private static FactoryJob Leave(FactoryState state, FactoryJob job) => job with
    {
        Islands = [.. job.Islands.Select(island => island with { Standing = JobFold.StandingAfterEnd(state, island), Joined = false })],
    };
}
