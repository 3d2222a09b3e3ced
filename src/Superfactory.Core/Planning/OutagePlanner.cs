using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Quarantines places that fail too often, and moves jobs off what is out of service: in time, or at once.</summary>
internal static class OutagePlanner
{
    /// <summary>Whether a time has come at which jobs are told to leave.</summary>
    public static bool IsDue(FactoryState state, long now) =>
        state.Outages.Values.Any(outage => outage.State == OutageState.Draining && outage.MovesAt <= now && state.OpenJobs.Any(id => MayLeave(state, state.Jobs[id], outage)));

    public static void Plan(Draft draft)
    {
        foreach (var (place, faults) in draft.State.Faults)
        {
            if (draft.State.OutageOf(place) is null && TooMany(faults, draft.Now) is { } reason)
            {
                draft.Add(new OutageBegan { At = draft.Now, Target = place, State = OutageState.Quarantined, Reason = reason });
            }
        }

        foreach (var target in draft.State.Outages.Keys)
        {
            var outage = draft.State.Outages[target];
            if (outage.State != OutageState.Draining || outage.MovesAt <= draft.Now)
            {
                foreach (var id in draft.State.OpenJobs)
                {
                    Clear(draft, id, outage);
                }
            }
        }
    }

    /// <summary>What nothing holds any more is drained: asked last, when all that ends or stops has.</summary>
    public static void Finish(Draft draft)
    {
        foreach (var outage in draft.State.Outages.Values)
        {
            if (outage.State == OutageState.Draining && !draft.State.OpenJobs.Union(draft.State.StoppingJobs).Any(id => Holds(draft.State, draft.State.Jobs[id], outage)))
            {
                draft.Add(new TargetDrained { At = draft.Now, Target = outage.Target });
            }
        }
    }

    /// <summary>How a job would leave: as a whole, or, where enough others can go on, by the islands there.</summary>
    public static OutageMoveKind KindOf(FactoryState state, FactoryJob job, FactoryOutage outage)
    {
        var there = On(state, job, outage).ToList();
        if (job.HoldRequested || there.All(static island => island.Standing == IslandStanding.Stopping))
        {
            return OutageMoveKind.Stops;
        }

        var left = job.Islands.Count(static island => island.Standing == IslandStanding.Wanted) - there.Count(static island => island.Standing == IslandStanding.Wanted);
        return job.Specification.IslandsLeast < job.Specification.IslandsMax && left >= job.Specification.IslandsLeast ? OutageMoveKind.Shrinks : OutageMoveKind.Moves;
    }

    /// <summary>The islands of a job that hold something of what is out of service.</summary>
    public static IEnumerable<FactoryIsland> On(FactoryState state, FactoryJob job, FactoryOutage outage) => job.Islands.Where(island => island.HoldsSlot && !island.IsFinished && IsOn(state, island, outage.Target));

    private static bool Holds(FactoryState state, FactoryJob job, FactoryOutage outage) => job.Islands.AddRange(job.Strays).Any(island => island.HoldsSlot && IsOn(state, island, outage.Target));

    /// <summary>Whether an island is at a place. Which nodes of a rack of rack scale it is on its engine knows: while the others have room for all, a spare among them, nobody has to leave.</summary>
    private static bool IsOn(FactoryState state, FactoryIsland island, string target) => island.Site == target || island.Places.Any(place =>
        FleetPlaces.IsUnder(place, target) || (FleetPlaces.IsUnder(target, place) && Staying(state, place) > FleetPlaces.Offered(state, place)));

    /// <summary>The accelerators of a domain that gangs hold who are not told to leave.</summary>
    private static long Staying(FactoryState state, string place) => state.OpenJobs.Select(id => state.Jobs[id]).Where(static job => job is { HoldRequested: false, IsLeaving: false })
        .Sum(job => job.Islands.Where(island => island.Standing == IslandStanding.Wanted && island.Places.Contains(place, StringComparer.Ordinal)).Sum(island => (long)job.AcceleratorsOf(island) / island.Places.Length));

    private static bool MayLeave(FactoryState state, FactoryJob job, FactoryOutage outage) => !job.HoldRequested && On(state, job, outage).Any(static island => island.Standing == IslandStanding.Wanted);

    private static void Clear(Draft draft, long id, FactoryOutage outage)
    {
        var job = draft.State.Jobs[id];
        EvictGone(draft, job, outage);
        var there = On(draft.State, job, outage).Where(static island => island.Standing == IslandStanding.Wanted).Select(static island => island.Site).ToImmutableArray();
        if (there.IsEmpty)
        {
            return;
        }

        var reason = $"{Sentence.Capital(outage.Target)} is {Sentence.Outage(outage.State)}: {Sentence.Lower(outage.Reason)}";
        if (outage.State == OutageState.Failed)
        {
            Evict(draft, id, there, reason);
            job = draft.State.Jobs[id];
            if (!job.HoldRequested && !job.IsLeaving && !job.Islands.Any(static island => island.Standing == IslandStanding.Wanted))
            {
                Move(draft, id, reason);
            }

            HoldPlanner.Plan(draft, id);
        }
        else if (!job.HoldRequested && KindOf(draft.State, job, outage) == OutageMoveKind.Shrinks)
        {
            Evict(draft, id, there, reason);
        }
        else if (!job.HoldRequested)
        {
            Move(draft, id, reason);
        }
    }

    /// <summary>An island that was lost on racks that are out of service is started again elsewhere.</summary>
    private static void EvictGone(Draft draft, FactoryJob job, FactoryOutage outage)
    {
        foreach (var island in job.Islands.Where(island => island is { Standing: IslandStanding.Gone, Withheld: null } && island.Places.Any(place => FleetPlaces.IsUnder(place, outage.Target))))
        {
            draft.Add(new IslandEvicted { At = draft.Now, Job = job.Id, Island = island.Site, Reason = $"{Sentence.Capital(outage.Target)} is {Sentence.Outage(outage.State)}: {Sentence.Lower(outage.Reason)}" });
        }
    }

    public static void Evict(Draft draft, long id, ImmutableArray<string> islands, string reason)
    {
        foreach (var island in islands)
        {
            draft.Add(new IslandEvicted { At = draft.Now, Job = id, Island = island, Reason = reason });
        }

        MembershipPlanner.Plan(draft, id, mayBegin: false);
    }

    public static void Move(Draft draft, long id, string reason)
    {
        if (draft.State.Jobs[id] is { Role: not null } gang)
        {
            RoleRules.Move(draft, gang, reason);
            return;
        }

        draft.Add(new JobMoves { At = draft.Now, Job = id, Reason = reason });
        HoldPlanner.Plan(draft, id);
    }

    /// <summary>The faults of a single job may be the job's own.</summary>
    private static string? TooMany(ImmutableArray<PlaceFault> faults, long now)
    {
        var recent = faults.Where(fault => now - fault.At < FactoryLimits.FaultWindowMilliseconds).ToList();
        var jobs = recent.Select(static fault => fault.Job).Where(static job => job != 0).Distinct().Order().ToList();
        return recent.Count >= FactoryLimits.FaultsMax && (jobs.Count > 1 || recent.Any(static fault => fault.Job == 0))
            ? $"{recent.Count} faults within {Sentence.Duration(FactoryLimits.FaultWindowMilliseconds)}{(jobs.Count == 0 ? string.Empty : $", of {Sentence.Jobs(jobs)}")}."
            : null;
    }
}
