using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;

namespace Superfactory.Core.Planning;

/// <summary>Gives up starts that take too long and runs that find no replacement for what they lost.</summary>
internal static class TimeoutPlanner
{
    /// <summary>Whether a time has come at which something is given up or tried again.</summary>
    public static bool IsDue(FactoryState state, long now) => state.OpenJobs.Any(id =>
        state.Jobs[id] is var job && (IsStartOver(job, now) || IsSearchOver(job, now) || (job.Islands.IsEmpty && job.NotBefore > 0 && job.NotBefore <= now)));

    public static void Plan(Draft draft)
    {
        foreach (var id in draft.State.OpenJobs)
        {
            var job = draft.State.Jobs[id];
            if (IsStartOver(job, draft.Now))
            {
                GiveUpStart(draft, job);
            }
            else if (IsSearchOver(job, draft.Now))
            {
                GiveUpSearch(draft, job);
            }
        }
    }

    /// <summary>Jobs that are to wait again go on though sites that are away have not said that they stopped.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool LeaveBehind(Draft draft)
    {
        var any = false;
        foreach (var id in draft.State.StoppingJobs)
        {
            var job = draft.State.Jobs[id];
            var stopping = job.Islands.Where(static island => island.Standing == IslandStanding.Stopping).Select(static island => island.Site).ToImmutableArray();
            if (job is { End: null, Held: false, HoldRequested: false } && !stopping.IsEmpty
                && job.Islands.All(static island => island.Standing is IslandStanding.Stopping or IslandStanding.Released) && stopping.All(site => !draft.State.IsConnected(site)))
            {
                any = true;
                draft.Add(new IslandsLeftBehind { At = draft.Now, Job = id, Islands = stopping, Reason = $"{Sentence.Capital(Sentence.List(stopping))} cannot say whether its islands there have stopped: they stay charged." });
            }
        }

        return any;
    }

    /// <summary>Notes since when runs have too few islands: asked last, when all that can start again has.</summary>
    public static void Watch(Draft draft)
    {
        foreach (var id in draft.State.OpenJobs)
        {
            var job = draft.State.Jobs[id];
            var isShort = IsWatched(job) && Present(draft.State, job) < job.Specification.IslandsLeast;
            if (isShort != (job.ShortSince > 0))
            {
                draft.Add(new IslandsShort
                {
                    At = draft.Now, Job = id, IsShort = isShort,
                    Reason = isShort ? $"It has {Present(draft.State, job)} of the {job.Specification.IslandsLeast} islands that it needs; a replacement is sought." : "It has the islands that it needs.",
                });
            }
        }
    }

    /// <summary>When an attempt to start is given up, in milliseconds since 1970-01-01 UTC; <see cref="long.MaxValue"/> where none is under way.</summary>
    public static long StartEnd(FactoryJob job) =>
        job is { HasRun: false, HoldRequested: false, Held: false, IsLeaving: false, End: null } && job.Islands.Any(IsNotStarted) ? Math.Max(job.StartingAt, job.PlacedAt) + (job.Specification.StartTimeout * 1000L) : long.MaxValue;

    /// <summary>When the search for a replacement is given up, in milliseconds since 1970-01-01 UTC; <see cref="long.MaxValue"/> where none is sought.</summary>
    public static long SearchEnd(FactoryJob job) =>
        job.ShortSince > 0 && IsWatched(job) && job.Specification.ReplaceWithin > 0 ? job.ShortSince + (job.Specification.ReplaceWithin * 1000L) : long.MaxValue;

    private static bool IsStartOver(FactoryJob job, long now) => StartEnd(job) <= now;

    private static bool IsSearchOver(FactoryJob job, long now) => SearchEnd(job) <= now;

    private static bool IsNotStarted(FactoryIsland island) => island is { Withheld: null, SetAside: null, Joined: false, IsFinished: false };

    private static bool IsWatched(FactoryJob job) =>
        job is { HasRun: true, HoldRequested: false, Held: false, IsLeaving: false, End: null } && !job.Islands.IsEmpty && !job.Islands.Any(static island => island.IsFinished);

    /// <summary>The islands that are heard, by the control plane or by a member that is. One that is set aside was not lost.</summary>
    private static int Present(FactoryState state, FactoryJob job)
    {
        var members = job.Members.ToList();
        return job.Islands.Count(island => island.Standing == IslandStanding.Wanted && (state.IsConnected(island.Site) || (members.Contains(island)
            && members.Any(other => other.Site != island.Site && other.Standing == IslandStanding.Wanted && state.IsConnected(other.Site)))));
    }

    private static void GiveUpStart(Draft draft, FactoryJob job)
    {
        if (job.Role is { } role)
        {
            RoleRules.Move(draft, job, $"{Sentence.Capital(RoleRules.NameOf(role))} had not started within {Sentence.Duration(job.Specification.StartTimeout * 1000L)}.");
            return;
        }

        ImmutableArray<string> missing = [.. job.Islands.Where(IsNotStarted).Select(static island => island.Site)];
        var pause = Math.Min(FactoryLimits.StartPauseMillisecondsMax, (long)FactoryLimits.StartPauseMilliseconds << Math.Min(job.FailedStarts, 20));
        draft.Add(new StartTimedOut
        {
            At = draft.Now, Job = job.Id, Islands = missing, Until = draft.Now + pause,
            Reason = $"{Sentence.Capital(Sentence.List(missing))} had not started within {Sentence.Duration(job.Specification.StartTimeout * 1000L)}.",
        });
        RoleRules.Park(draft, new JobParked { At = draft.Now, Job = job.Id, Checkpoint = ResumeRules.Newest(job)?.Number, Reason = "Its start was given up." });
    }

    private static void GiveUpSearch(Draft draft, FactoryJob job)
    {
        if (job.Role is { } role)
        {
            RoleRules.Move(draft, job, $"{Sentence.Capital(RoleRules.NameOf(role))} was lost for {Sentence.Duration(draft.Now - job.ShortSince)}.");
            return;
        }

        var reason = $"It had {Present(draft.State, job)} of the {job.Specification.IslandsLeast} islands that it needs for {Sentence.Duration(draft.Now - job.ShortSince)}.";
        draft.Add(new JobMoves { At = draft.Now, Job = job.Id, Reason = reason });
        if (job.Islands.Any(island => island is { Standing: IslandStanding.Wanted, Joined: true, SetAside: null } && draft.State.IsConnected(island.Site)))
        {
            HoldPlanner.Plan(draft, job.Id);
            return;
        }

        // Nobody who holds its state is heard. What they may still merge is not the run's any more.
        var newest = ResumeRules.Newest(job);
        RoleRules.Park(draft, new JobParked
        {
            At = draft.Now, Job = job.Id, Checkpoint = newest?.Number, Abandons = true,
            Reason = newest is null ? "No island that holds its state is heard, so it begins anew." : $"No island that holds its state is heard, so it goes on from checkpoint {newest.Number}.",
        });
    }
}
