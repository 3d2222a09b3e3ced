using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;

namespace Superfactory.Core.Planning;

/// <summary>Islands of a range of accelerators start again at their sites with more or fewer.</summary>
internal static class ResizePlanner
{
    /// <summary>Islands go on with others; where no other holds the state meanwhile, or rates are reserved between them, the job saves and starts again whole. What they are to have is kept for them by the same record.</summary>
    /// <param name="draft">The decision.</param>
    /// <param name="id">The job.</param>
    /// <param name="sizes">The islands, each with what it is to have.</param>
    /// <param name="to">The job that gets the rest; <see cref="FactoryJob.Nobody"/> where they get more.</param>
    public static void Plan(Draft draft, long id, ImmutableArray<IslandSize> sizes, long to)
    {
        var job = draft.State.Jobs[id];
        if (job is { Specification.Wan: null, GaveWayTo: 0 } && job.Members.Any(member => member is { Standing: IslandStanding.Wanted, Joined: true, SetAside: null, IsFinished: false } && !sizes.Any(size => size.Site == member.Site)))
        {
            foreach (var size in sizes)
            {
                draft.Add(new IslandReclaimed { At = draft.Now, Job = id, Island = size.Site, To = to, Keeps = size.Accelerators, Places = size.Domains.IsEmpty ? null : size.Domains, Reason = Why(job, size, to) });
            }

            MembershipPlanner.Plan(draft, id, mayBegin: false);
            return;
        }

        var why = string.Join(' ', sizes.Select(size => Why(job, size, to)));
        var planned = job.Planned ?? Present(job);
        if (job.GaveWayTo == 0)
        {
            draft.Add(to == FactoryJob.Nobody ? new JobMoves { At = draft.Now, Job = id, Reason = why } : new JobGivesWay { At = draft.Now, Job = id, To = to, Reason = why });
        }

        draft.Add(new StartPlanned
        {
            At = draft.Now, Job = id, Sites = planned.Sites, Withheld = planned.Withheld, Hardware = planned.Hardware, Owned = planned.Owned, Rates = planned.Rates, Scheduler = FleetPlacement.Policy,
            Accelerators = planned.Accelerators!.SetItems(sizes.Select(static size => KeyValuePair.Create(size.Site, size.Accelerators))),
            Places = planned.Places?.SetItems(sizes.Where(static size => !size.Domains.IsEmpty).Select(static size => KeyValuePair.Create(size.Site, size.Domains))),
            Reason = $"Starts again at {Sentence.List(planned.Sites.Except(planned.Withheld, StringComparer.Ordinal))} as soon as it has saved and stopped. {why}",
        });
        HoldPlanner.Plan(draft, id);
    }

    /// <summary>A start with what the job has, and with what is kept for islands of it that start again.</summary>
    private static PlannedStart Present(FactoryJob job)
    {
        var (places, sizes) = (ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal), ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal));
        foreach (var island in job.Islands.Where(static island => island.Standing == IslandStanding.Wanted || island.Kept is not null))
        {
            sizes.Add(island.Site, island.Kept?.Accelerators ?? job.AcceleratorsOf(island));
            if ((island.Kept?.Places ?? island.Places) is { IsEmpty: false } domains)
            {
                places.Add(island.Site, domains);
            }
        }

        return new PlannedStart(
            [.. job.Islands.Select(static island => island.Site)], [.. job.Islands.Select(static island => island.Site).Where(site => !sizes.ContainsKey(site))],
            job.Islands.Where(island => sizes.ContainsKey(island.Site)).All(static island => island.IsOwned), [], job.Islands[0].Hardware, places.Count == 0 ? null : places.ToImmutable())
        {
            Rates = FleetRates.Held(job), Accelerators = sizes.ToImmutable(),
        };
    }

    private static string Why(FactoryJob job, IslandSize size, long to)
    {
        var has = job.AcceleratorsOf(job.FindIsland(size.Site)!);
        return to == FactoryJob.Nobody ? string.Create(CultureInfo.InvariantCulture, $"There is room for {size.Accelerators:#,0} accelerators at {size.Site}, where it has {has:#,0}.")
            : string.Create(CultureInfo.InvariantCulture, $"Its island {size.Site} gives {has - size.Accelerators:#,0} of its {has:#,0} accelerators to job {to}.");
    }
}
