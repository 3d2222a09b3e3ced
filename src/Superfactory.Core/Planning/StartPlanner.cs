using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;

namespace Superfactory.Core.Planning;

/// <summary>Starts queued jobs: at once where there is room, and where others give way first as soon as they have.</summary>
internal static class StartPlanner
{
    public static void Plan(Draft draft)
    {
        foreach (var id in draft.State.OpenJobs)
        {
            GoOn(draft, draft.State.Jobs[id]);
        }

        foreach (var (stop, to) in FleetPlacement.Overdue(draft.State, draft.Now))
        {
            GiveWay(draft, stop, to);
        }

        var placements = FleetPlacement.Plan(draft.State, draft.Now, out var growths);
        foreach (var (id, placement) in placements)
        {
            var starts = placement.Sites.Except(placement.Withheld, StringComparer.Ordinal).ToImmutableArray();
            if (!placement.Sites.IsEmpty && CheckpointPlanner.Bring(draft, draft.State.Jobs[id], starts))
            {
                Start(draft, id, placement, starts);
            }
            else if (placement.Sites.IsEmpty)
            {
                Reserve(draft, draft.State.Jobs[id], placement);
            }
        }

        foreach (var growth in growths)
        {
            var job = draft.State.Jobs[growth.Job];
            var island = job.FindIsland(growth.Island)!;
            if (island is { Withheld: not null, Standing: IslandStanding.Gone } && FleetPlacement.HasFree(draft.State, island.Site, job))
            {
                draft.Add(new IslandRestarted
                {
                    At = draft.Now, Job = job.Id, Island = island.Site, Incarnation = island.Incarnation + 1, Owned = growth.Owned,
                    Reason = $"Island {island.Site} was started again as incarnation {island.Incarnation + 1}: there is room for it.",
                });
                MembershipPlanner.Plan(draft, job.Id, mayBegin: false);
            }
        }
    }

    /// <summary>A planned start comes true, or turns out to be impossible.</summary>
    private static void GoOn(Draft draft, FactoryJob job)
    {
        if (job.Planned is not { } planned || job.Role is not null || !job.Islands.IsEmpty)
        {
            return;
        }

        var starts = planned.Sites.Except(planned.Withheld, StringComparer.Ordinal).ToImmutableArray();
        var gangs = RoleRules.Open(draft.State, job).Where(static gang => gang.Planned is not null).Select(static gang => (gang.Id, gang.Planned!.Sites[0])).ToImmutableArray();
        var together = FleetPlacement.Together(draft.State, job, starts, planned.Hardware, gangs);
        var gone = together.FirstOrDefault(each => !draft.State.IsOpen(each.Site) || FleetCapacity.Offered(draft.State, each.Site, each.Hardware) < each.Job.Specification.Accelerators)?.Site;
        if (job.CancelRequested || job.Held || gone is not null)
        {
            var reason = gone is null ? "The job is held." : draft.State.OutageOf(gone) is { } outage ? $"Site {gone} is {Sentence.Outage(outage.State)}." : $"Site {gone} is not there any more.";
            Drop(draft, job.Id, reason);
        }
        else if (FleetCapacity.HasRoom(draft.State, together, planned: false) && CheckpointPlanner.Bring(draft, job, starts))
        {
            var who = planned.Awaited.IsEmpty ? string.Empty : $" {Sentence.Capital(Sentence.Jobs(planned.Awaited))} gave way.";
            Place(draft, job.Id, planned.Sites, planned.Withheld, planned.Hardware, planned.Owned, $"Placed at {Sentence.List(starts)}{On(planned.Hardware)}.{who}", gangs);
        }
    }

    private static void Start(Draft draft, long id, Placement placement, ImmutableArray<string> starts)
    {
        var job = draft.State.Jobs[id];
        if (placement.Stops.IsEmpty && FleetCapacity.HasRoom(draft.State, FleetPlacement.Together(draft.State, job, starts, placement.Hardware, placement.Gangs), planned: true))
        {
            Place(draft, id, placement.Sites, placement.Withheld, placement.Hardware, placement.Owned, $"Placed at {Sentence.List(starts)}{On(placement.Hardware)}.", placement.Gangs, placement.EndBy);
            return;
        }

        foreach (var stop in placement.Stops.Where(stop => draft.State.Jobs[stop.Job].Planned is not null))
        {
            Drop(draft, stop.Job, $"It gives way to job {id}.");
        }

        // Those whose start is no record yet, or who save already, are not told twice.
        var stops = placement.Stops.Where(stop => draft.State.Jobs[stop.Job] is { HoldRequested: false, IsLeaving: false, Islands.IsEmpty: false }).ToList();
        draft.Add(new StartPlanned
        {
            At = draft.Now, Job = id, Sites = placement.Sites, Withheld = placement.Withheld, Hardware = placement.Hardware, Owned = placement.Owned, Scheduler = FleetPlacement.Policy,
            Awaited = [.. stops.Select(static stop => stop.Job)],
            Reason = stops.Count == 0 ? $"Starts at {Sentence.List(starts)} as soon as what stops there has."
                : $"Starts at {Sentence.List(starts)} as soon as {Sentence.Jobs([.. stops.Select(static stop => stop.Job)])} {(stops.Count == 1 ? "has" : "have")} given way.",
        });
        foreach (var (gang, site) in placement.Gangs)
        {
            draft.Add(new StartPlanned { At = draft.Now, Job = gang, Sites = [site], Owned = placement.Owned, Scheduler = FleetPlacement.Policy, Awaited = [.. stops.Select(static stop => stop.Job)], Reason = $"Starts at {site} with job {id}." });
        }

        foreach (var stop in stops)
        {
            GiveWay(draft, stop, id);
        }
    }

    /// <summary>Says when and where a job that waits starts at the latest, where that is another time or place than was said.</summary>
    private static void Reserve(Draft draft, FactoryJob job, Placement placement)
    {
        var (before, now) = (job.Reserved, placement.Reserved);
        if (before?.At == now?.At && (before is null || (before.Sites.SequenceEqual(now!.Sites, StringComparer.Ordinal) && before.Hardware == now.Hardware)))
        {
            return;
        }

        var where = now is null ? "No time is known for its start any more." : $"It starts at {Sentence.List(now.Sites)} at {Sentence.Moment(now.At)} at the latest{(before is null || before.At == now.At ? string.Empty : $", not at {Sentence.Moment(before.At)}")}.";
        draft.Add(new StartReserved
        {
            At = draft.Now, Job = job.Id, Start = now?.At, Sites = now?.Sites ?? [], Owned = now is { Owned: true }, Hardware = now?.Hardware, Reason = before is null || placement.Moved is null ? where : $"{placement.Moved} {where}",
        });
    }

    private static void GiveWay(Draft draft, GivingWay stop, long to)
    {
        if (stop.Islands.IsEmpty)
        {
            draft.Add(new JobGivesWay { At = draft.Now, Job = stop.Job, To = to, Reason = $"It gives way to job {to}." });
            HoldPlanner.Plan(draft, stop.Job);
            return;
        }

        foreach (var island in stop.Islands)
        {
            draft.Add(new IslandReclaimed { At = draft.Now, Job = stop.Job, Island = island, To = to, Reason = $"It gives way to job {to}." });
        }

        MembershipPlanner.Plan(draft, stop.Job, mayBegin: false);
    }

    private static void Place(Draft draft, long id, ImmutableArray<string> sites, ImmutableArray<string> withheld, string? hardware, bool owned, string reason, ImmutableArray<(long Job, string Site)> gangs, long endBy = 0)
    {
        draft.Add(new JobStarted { At = draft.Now, Job = id, Sites = sites, Withheld = withheld, Hardware = hardware, Owned = owned, EndBy = endBy, Scheduler = FleetPlacement.Policy, Reason = reason });
        MembershipPlanner.Begin(draft, id, reason);
        foreach (var (gang, site) in gangs)
        {
            var why = $"Placed at {site} with job {id}.";
            draft.Add(new JobStarted { At = draft.Now, Job = gang, Sites = [site], Owned = owned, Scheduler = FleetPlacement.Policy, Reason = why });
            MembershipPlanner.Begin(draft, gang, why);
        }
    }

    private static string On(string? hardware) => hardware is null ? string.Empty : $" on {hardware}";

    /// <summary>A planned start is given up, and that of the gangs of its roles with it.</summary>
    private static void Drop(Draft draft, long id, string reason)
    {
        draft.Add(new StartDropped { At = draft.Now, Job = id, Reason = reason });
        foreach (var gang in RoleRules.Open(draft.State, draft.State.Jobs[id]).Where(static gang => gang.Planned is not null))
        {
            draft.Add(new StartDropped { At = draft.Now, Job = gang.Id, Reason = reason });
        }
    }
}
