using System.Collections.Immutable;
using Superfactory.Core.Planning;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>
/// Reads the state and the reason of jobs from one state of the factory. What it says is derived, never stored, so that it cannot
/// disagree with what decisions go by. For one thread; make another for the next state.
/// </summary>
/// <param name="state">The factory.</param>
public sealed class JobReader(FactoryState state)
{
    private ImmutableSortedDictionary<long, Placement>? _queue;

    /// <summary>The state that <paramref name="job"/> is in.</summary>
    public JobState StateOf(FactoryJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.End is { } end)
        {
            return end.State;
        }

        if (job.Held)
        {
            return JobState.Held;
        }

        if (job.Islands.IsEmpty)
        {
            return JobState.Queued;
        }

        var members = job.Members.ToImmutableArray();
        if (job.IsLeaving || members.IsEmpty || members.Any(IsLost) || members.Length < job.Epoch!.Members.Length || CutOff(job) is not null)
        {
            return JobState.Waiting;
        }

        if (members.All(island => island.Gang is GangState.Running or GangState.Finished))
        {
            return JobState.Running;
        }

        return job.HasRun ? JobState.Waiting : JobState.Starting;
    }

    /// <summary>Why <paramref name="job"/> is in that state, in one or two sentences.</summary>
    /// <param name="job">A job of the state that this reads.</param>
    /// <param name="now">The time for the reader, in milliseconds since 1970-01-01 UTC.</param>
    public string ReasonOf(FactoryJob job, long now)
    {
        ArgumentNullException.ThrowIfNull(job);
        return StateOf(job) switch
        {
            JobState.Held => Join(job.Note ?? "It was held before it was placed.", $"'superfactory release {job.Id}' lets it go on."),
            JobState.Queued => Queued(job, now),
            JobState.Waiting when job.IsLeaving => $"It {(job.GaveWayTo == FactoryJob.Nobody ? "moves" : $"gives way to job {job.GaveWayTo}")}, has saved, and is being stopped.{Moved(job)}",
            JobState.Waiting or JobState.Starting or JobState.Running when job.HoldRequested => Holding(job),
            JobState.Waiting => Join(Waiting(job, now)),
            JobState.Starting => Join($"Starts at {Reading.Sentence.List(job.Islands.Select(island => island.Site))}: {NotJoined(job)}.", job.Note),
            JobState.Running when job.Role is { } role => $"Runs at {job.Islands[0].Site} as {RoleRules.NameOf(role)} of job {role.Job}.",
            JobState.Running => Join(Join($"Trains at {Reading.Sentence.List(job.Members.Select(island => island.Site))}.", Away(job, now)), job.Note),
            _ => job.End!.Reason,
        };
    }

    private ImmutableSortedDictionary<long, Placement> Queue(long now) => _queue ??= FleetPlacement.Plan(state, now).ToImmutableSortedDictionary(static entry => entry.Job, static entry => entry.Placement);

    private string Queued(FactoryJob job, long now)
    {
        if (job.Planned is { } planned)
        {
            var sites = Reading.Sentence.List(planned.Sites.Except(planned.Withheld, StringComparer.Ordinal));
            var awaited = planned.Awaited.Where(id => state.Jobs[id] is { End: null, GaveWayTo: not 0, Islands.IsEmpty: false } or { End: null, Islands.IsEmpty: false }).ToImmutableArray();
            return awaited.IsEmpty ? $"Starts at {sites} as soon as what stops there has." : $"Starts at {sites} as soon as {Reading.Sentence.Jobs(awaited)} {(awaited.Length == 1 ? "has" : "have")} given way.";
        }

        if (job.Role is { } role)
        {
            return $"Starts together with job {role.Job}, which it is {RoleRules.NameOf(role)} of.";
        }

        var placement = Queue(now)[job.Id];
        var reason = (placement.IsOutOfReach || !placement.Sites.IsEmpty) && ResumeRules.WaitsFor(state, job) is { } waits ? Join(waits, placement.Away.IsEmpty ? null : Reading.QueueReasons.Of(state, placement, now)) : Reading.QueueReasons.Of(state, placement, now);
        reason = job.Reserved is { ClaimedAt: not null } claim ? Join(reason, $"What it is guaranteed is kept for it at {Reading.Sentence.List(claim.Sites)}, and taken back at {Reading.Sentence.Moment(claim.At)} at the latest.")
            : job.Reserved is { } reserved ? Join(reason, $"It starts at {Reading.Sentence.List(reserved.Sites)} at {Reading.Sentence.Moment(reserved.At)} at the latest.") : reason;
        return job.GaveWayTo == 0 ? reason : job.MovesBecause is { } moved ? $"It was stopped to be placed anew. {moved} {reason}" : $"It gave way to job {job.GaveWayTo}. {reason}";
    }

    private bool IsLost(FactoryIsland island)
        => !island.IsFinished && (island.Standing == IslandStanding.Gone || !state.IsConnected(island.Site));

    /// <summary>A member that another one misses, where the job would rather wait than go on without it; null where there is none.</summary>
    private static FactoryIsland? CutOff(FactoryJob job) => job is { Specification.Sync.Partition: PartitionPolicy.Wait, Epoch.Sealed: false }
        ? job.Members.FirstOrDefault(island => MembershipPlanner.MissedBy(job, island) is not null) : null;

    private static string Holding(FactoryJob job)
    {
        var saved = job.Checkpoints.LastOrDefault(checkpoint => checkpoint is { Held: true, Abandoned: false } && checkpoint.Epoch >= job.HoldEpoch);
        var missing = job.Islands.Where(island => island.SetAside is null && island.Withheld is null && job.Members.Contains(island)).Select(island => island.Site).Where(site => saved?.At(site) is not { Standing: CheckpointStanding.Whole });
        return $"{(job.GaveWayTo == 0 ? "Is being held" : job.GaveWayTo == FactoryJob.Nobody ? "Moves" : $"Gives way to job {job.GaveWayTo}")}: waits for {Reading.Sentence.List(missing)} to save.{Moved(job)}";
    }

    private static string Moved(FactoryJob job) => job.MovesBecause is { } because ? $" {because}" : string.Empty;

    private string Waiting(FactoryJob job, long now)
    {
        var away = job.Islands.Where(island => !island.IsFinished && !state.IsConnected(island.Site)).ToList();
        if (away.Count > 0)
        {
            return string.Join(' ', away.Select(island => $"Waits for site {island.Site}: {Reading.QueueReasons.Absence(state, island.Site, now)}."));
        }

        if (CutOff(job) is { } cut)
        {
            var other = MembershipPlanner.MissedBy(job, cut)!.Site;
            var ends = job.Islands.Select(static island => island.Site).Where(site => site == cut.Site || site == other);
            return $"Waits for the link between {Reading.Sentence.List(ends)}, which do not hear each other: with sync.partition: wait nobody goes on alone.";
        }

        var gone = job.Islands.Where(island => island is { Standing: IslandStanding.Gone, Withheld: null }).ToList();
        if (gone.Count > 0 && !ResumeRules.IsAtHand(state, job, [.. job.Islands.Select(island => island.Site)]) && ResumeRules.WaitsFor(state, job) is { } waits)
        {
            return waits;
        }

        return gone.Count > 0
            ? string.Join(' ', gone.Select(island => Join(
                Reading.QueueReasons.IsUsable(state, island.Site) ? $"Waits for a free slot at {island.Site}." : $"Waits for site {island.Site}: {Reading.QueueReasons.Absence(state, island.Site, now)}.", island.Reason)))
            : Join($"Waits for its islands: {NotJoined(job)}.", job.Note);
    }

    /// <summary>What keeps an island out of the membership; null where all are members.</summary>
    private string? Away(FactoryJob job, long now)
    {
        var away = job.Islands.Except(job.Members).Select(island => $"Island {island.Site} " + (
            island is { Kept: { } kept, Withheld: { } why } ? $"starts again with {kept.Accelerators} accelerators: {Reading.Sentence.Lower(why)}"
            : island.Withheld is { } withheld ? $"waits for room: {Reading.Sentence.Lower(withheld)}"
            : island.SetAside is { } aside ? $"is set aside: {Reading.Sentence.Lower(aside)}" : !state.IsConnected(island.Site) ? "is away."
            : island.Standing == IslandStanding.Gone ? Reading.QueueReasons.IsUsable(state, island.Site) ? "waits for a free slot." : $"waits: {Reading.QueueReasons.Absence(state, island.Site, now)}."
            : island.Doubt is not null ? "is cut off." : "is about to become a member again."));
        return string.Join(' ', away) is { Length: > 0 } text ? text : null;
    }

    private static string NotJoined(FactoryJob job)
    {
        var missing = job.Islands.Where(island => island.Gang is not (GangState.Running or GangState.Finished)).Select(island => island.Site).ToList();
        return $"{Reading.Sentence.List(missing)} {(missing.Count == 1 ? "has" : "have")} not joined yet";
    }

    private static string Join(string first, string? second = null) => second is null ? first : $"{first} {second}";
}
