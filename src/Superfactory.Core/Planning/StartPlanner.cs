using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Planning;

/// <summary>Starts queued jobs: at once where there is room, and where others give way first as soon as they have.</summary>
internal static class StartPlanner
{
    public static void Plan(Draft draft)
    {
        foreach (var (stop, to, window) in FleetPlacement.Overdue(draft.State, draft.Now))
        {
            if (window is null)
            {
                GiveWay(draft, stop, to);
            }
            else
            {
                WindowPlanner.Clear(draft, stop, window);
            }
        }

        // Whose planned start is in the way of a window by now has been told so: it does not come true to be stopped at once.
        foreach (var id in draft.State.OpenJobs)
        {
            GoOn(draft, draft.State.Jobs[id]);
        }

        var placements = FleetPlacement.Plan(draft.State, draft.Now, out var growths, out var larger);

        // Sites at which somebody gives way for a start that is not decided yet, and is not told to.
        var untold = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, placement) in placements)
        {
            var starts = placement.Sites.Except(placement.Withheld, StringComparer.Ordinal).ToImmutableArray();
            if (placement.Sites.IsEmpty)
            {
                Reserve(draft, draft.State.Jobs[id], placement);
                if (placement.Reserved is { ClaimedAt: not null } claim)
                {
                    // It has its place at a time that is known: what it goes on from is brought there until then.
                    CheckpointPlanner.Bring(draft, draft.State.Jobs[id], claim.Sites);
                }
            }
            else if (!CheckpointPlanner.Bring(draft, draft.State.Jobs[id], starts) || !TryStart(draft, id, placement, starts, untold))
            {
                untold.UnionWith(placement.Stops.SelectMany(stop => SitesOf(draft.State.Jobs[stop.Job], stop)));
            }
        }

        foreach (var growth in growths)
        {
            var job = draft.State.Jobs[growth.Job];
            var island = job.FindIsland(growth.Island)!;
            if (island is { Withheld: not null, Standing: IslandStanding.Gone } && FleetCapacity.HasRoom(draft.State, [new GangPlace(job, island.Site, job.Hardware, growth.Places, growth.Accelerators ?? job.Specification.Accelerators)], planned: true)
                && FleetRates.HasRoom(draft.State, growth.Rates, job.Id, planned: true))
            {
                draft.Add(new IslandRestarted
                {
                    At = draft.Now, Job = job.Id, Island = island.Site, Incarnation = island.Incarnation + 1, Owned = growth.Owned, Accelerators = growth.Accelerators, Places = growth.Places, Rates = growth.Rates,
                    Reason = $"Island {island.Site} was started again as incarnation {island.Incarnation + 1}: there is room for it.",
                });
                MembershipPlanner.Plan(draft, job.Id, mayBegin: false);
            }
        }

        foreach (var (job, size) in larger)
        {
            ResizePlanner.Plan(draft, job, [size], FactoryJob.Nobody);
        }
    }

    /// <summary>A planned start comes true, or turns out to be impossible.</summary>
    private static void GoOn(Draft draft, FactoryJob job)
    {
        if (job.Planned is not { } planned || job.Role is not null)
        {
            return;
        }

        var starts = planned.Sites.Except(planned.Withheld, StringComparer.Ordinal).ToImmutableArray();
        var gangs = RoleRules.Open(draft.State, job).Where(static gang => gang.Planned is not null).Select(static gang => new GangStart(gang.Id, gang.Planned!.Sites[0], FleetPlaces.At(gang.Planned.Places, gang.Planned.Sites[0]))).ToImmutableArray();
        var together = FleetPlacement.Together(draft.State, job, starts, planned.Hardware, planned.Accelerators, planned.Places, gangs);
        var away = together.SelectMany(static each => each.Domains).FirstOrDefault(domain => FleetPlaces.Offered(draft.State, domain) == 0);
        var gone = together.FirstOrDefault(each => !draft.State.IsOpen(each.Site) || FleetCapacity.Offered(draft.State, each.Site, each.Hardware) < each.Accelerators)?.Site;
        if (job.CancelRequested || job.Held || gone is not null || away is not null)
        {
            var reason = gone is null ? away is null || job.Held ? "The job is held." : $"{Sentence.Capital(away)} is out of service." : draft.State.OutageOf(gone) is { } outage ? $"Site {gone} is {Sentence.Outage(outage.State)}." : $"Site {gone} is not there any more.";
            Drop(draft, job.Id, reason);
        }
        else if (job.Islands.IsEmpty && FleetCapacity.HasRoom(draft.State, together, planned: false) && FleetRates.HasRoom(draft.State, planned.Rates, job.Id, planned: false) && CheckpointPlanner.Bring(draft, job, starts))
        {
            var who = planned.Awaited.IsEmpty ? string.Empty : $" {Sentence.Capital(Sentence.Jobs(planned.Awaited))} gave way.";
            Place(draft, job.Id, new Placement { Sites = planned.Sites, Withheld = planned.Withheld, Hardware = planned.Hardware, Accelerators = planned.Accelerators, Places = planned.Places, Rates = planned.Rates, Owned = planned.Owned, Gangs = gangs }, $"Placed at {Sentence.List(starts)}{On(planned.Hardware, planned.Accelerators)}.{who}{InputRules.Said(draft.State, job, starts)}");
        }
    }

    private static IEnumerable<string> SitesOf(FactoryJob job, GivingWay stop) =>
        !stop.IsWhole ? stop.Islands.AddRange(stop.Shrinks.Select(static size => size.Site)) : job.Planned is { } planned && job.Islands.IsEmpty ? planned.Sites : job.Islands.Select(static island => island.Site);

    /// <summary>Starts a job, or plans its start.</summary>
    /// <returns>False where it would wait for room that nobody leaves.</returns>
    private static bool TryStart(Draft draft, long id, Placement placement, ImmutableArray<string> starts, HashSet<string> untold)
    {
        var job = draft.State.Jobs[id];
        if (placement.Stops.IsEmpty && FleetCapacity.HasRoom(draft.State, FleetPlacement.Together(draft.State, job, starts, placement.Hardware, placement.Accelerators, placement.Places, placement.Gangs), planned: true)
            && FleetRates.HasRoom(draft.State, placement.Rates, id, planned: true))
        {
            Place(draft, id, placement, $"Placed at {Sentence.List(starts)}{On(placement.Hardware, placement.Accelerators)}.{InputRules.Said(draft.State, job, starts)}");
            return true;
        }

        if (starts.Concat(placement.Gangs.Select(static gang => gang.Site)).Any(untold.Contains))
        {
            return false;
        }

        foreach (var stop in placement.Stops.Where(stop => stop.Shrinks.IsEmpty && draft.State.Jobs[stop.Job].Planned is not null))
        {
            Drop(draft, stop.Job, $"It gives way to job {id}.");
        }

        // Those whose start is no record yet, or who save already, are not told twice.
        var stops = placement.Stops.Where(stop => (!stop.Shrinks.IsEmpty && draft.State.Jobs[stop.Job].Planned is not null) || draft.State.Jobs[stop.Job] is { HoldRequested: false, IsLeaving: false, Islands.IsEmpty: false }).ToList();
        draft.Add(new StartPlanned
        {
            At = draft.Now, Job = id, Sites = placement.Sites, Withheld = placement.Withheld, Hardware = placement.Hardware, Accelerators = placement.Accelerators, Places = placement.Places, Owned = placement.Owned, Rates = placement.Rates, Scheduler = FleetPlacement.Policy,
            Awaited = [.. stops.Select(static stop => stop.Job)],
            Reason = stops.Count == 0 ? $"Starts at {Sentence.List(starts)} as soon as what stops there has."
                : $"Starts at {Sentence.List(starts)} as soon as {Sentence.Jobs([.. stops.Select(static stop => stop.Job)])} {(stops.Count == 1 ? "has" : "have")} given way.",
        });
        foreach (var gang in placement.Gangs)
        {
            draft.Add(new StartPlanned { At = draft.Now, Job = gang.Job, Sites = [gang.Site], Places = gang.Recorded, Owned = placement.Owned, Scheduler = FleetPlacement.Policy, Awaited = [.. stops.Select(static stop => stop.Job)], Reason = $"Starts at {gang.Site} with job {id}." });
        }

        foreach (var stop in stops)
        {
            GiveWay(draft, stop, id);
        }

        return true;
    }

    /// <summary>Says when and where a job that waits starts at the latest, where that is another time or place than was said.</summary>
    private static void Reserve(Draft draft, FactoryJob job, Placement placement)
    {
        var (before, now) = (job.Reserved, placement.Reserved);
        if (before?.At == now?.At && before?.ClaimedAt is null == now?.ClaimedAt is null && (before is null || (before.Sites.SequenceEqual(now!.Sites, StringComparer.Ordinal) && before.Hardware == now.Hardware && AreSame(before.Places, now.Places))))
        {
            return;
        }

        var where = now is null ? "No time is known for its start any more." : now.ClaimedAt is not null ? $"What it is guaranteed is kept for it at {Sentence.List(now.Sites)}, and taken back at {Sentence.Moment(now.At)} at the latest." : $"It starts at {Sentence.List(now.Sites)} at {Sentence.Moment(now.At)} at the latest{(before is null || before.At == now.At ? string.Empty : $", not at {Sentence.Moment(before.At)}")}.";
        draft.Add(new StartReserved
        {
            At = draft.Now, Job = job.Id, Start = now?.At, Sites = now?.Sites ?? [], Owned = now is { Owned: true }, Hardware = now?.Hardware, Places = now?.Places, Rates = now?.Rates ?? [], Claim = now?.ClaimedAt is not null, Reason = before is null || placement.Moved is null ? where : $"{placement.Moved} {where}",
        });
    }

    private static void GiveWay(Draft draft, GivingWay stop, long to)
    {
        // Of several that give way in one plan the others may have left too few islands.
        var job = draft.State.Jobs[stop.Job];
        if (stop.IsWhole || (!stop.Islands.IsEmpty && job.Islands.Count(island => island.Standing == IslandStanding.Wanted && !stop.Islands.Contains(island.Site)) < job.Specification.IslandsLeast))
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
        if (!stop.Shrinks.IsEmpty)
        {
            ResizePlanner.Plan(draft, stop.Job, stop.Shrinks, to);
        }
    }

    private static bool AreSame(ImmutableSortedDictionary<string, ImmutableArray<string>>? left, ImmutableSortedDictionary<string, ImmutableArray<string>>? right) =>
        left is null || right is null ? left is null && right is null : left.Count == right.Count && left.All(entry => right.TryGetValue(entry.Key, out var other) && other.SequenceEqual(entry.Value, StringComparer.Ordinal));

    private static void Place(Draft draft, long id, Placement placement, string reason)
    {
        draft.Add(new JobStarted
        {
            At = draft.Now, Job = id, Sites = placement.Sites, Withheld = placement.Withheld, Hardware = placement.Hardware, Accelerators = placement.Accelerators, Places = placement.Places, Owned = placement.Owned, EndBy = placement.EndBy, Rates = placement.Rates,
            Scheduler = FleetPlacement.Policy, Reason = reason,
        });
        MembershipPlanner.Begin(draft, id, reason);
        foreach (var gang in placement.Gangs)
        {
            var why = $"Placed at {gang.Site} with job {id}.";
            draft.Add(new JobStarted { At = draft.Now, Job = gang.Job, Sites = [gang.Site], Places = gang.Recorded, Owned = placement.Owned, Scheduler = FleetPlacement.Policy, Reason = why });
            MembershipPlanner.Begin(draft, gang.Job, why);
        }
    }

    private static string On(string? hardware, ImmutableSortedDictionary<string, int>? accelerators)
    {
        if (accelerators is null)
        {
            return hardware is null ? string.Empty : $" on {hardware}";
        }

        var (least, most) = (accelerators.Values.Min(), accelerators.Values.Max());
        return string.Create(CultureInfo.InvariantCulture, $" on {(least == most ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"{least:#,0} to "))}{most:#,0}{(hardware is null ? string.Empty : $" {hardware}")} each");
    }

    /// <summary>A planned start is given up, and that of the gangs of its roles with it.</summary>
    internal static void Drop(Draft draft, long id, string reason)
    {
        draft.Add(new StartDropped { At = draft.Now, Job = id, Reason = reason });
        foreach (var gang in RoleRules.Open(draft.State, draft.State.Jobs[id]).Where(static gang => gang.Planned is not null))
        {
            draft.Add(new StartDropped { At = draft.Now, Job = gang.Id, Reason = reason });
        }
    }
}
