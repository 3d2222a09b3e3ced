using System.Collections.Immutable;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Planning;

/// <summary>Whose the reserved rates are in the scheduler's snapshot, in which each island that a job can lose by itself is a job of its own.</summary>
internal static class RateRules
{
    /// <summary>
    /// What is reserved for a number of the snapshot: all of a job that stands there as a whole, or is to start; of an island what is between it and those after it, so that nothing is counted twice. If
    /// one of the latter gives way alone its rates are seen to be free a round later.
    /// </summary>
    public static ImmutableArray<WanReservation> Of(FactoryState state, long number)
    {
        var (id, island) = FleetMaker.Of(number);
        var job = state.Jobs[id];
        return job.Specification.Wan is null ? []
            : job.Islands.IsEmpty ? job.Planned?.Rates ?? []
            : island < 0 ? Staying(job)
            : [.. Staying(job).Where(rate => Owner(job, rate) == island)];
    }

    /// <summary>What is reserved and is no number's of the snapshot, but stays when all that was decided has come true.</summary>
    public static ImmutableArray<WanReservation> Foreign(FactoryState state, IEnumerable<long> numbers)
    {
        var present = numbers.ToHashSet();
        var foreign = ImmutableArray.CreateBuilder<WanReservation>();
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            var job = state.Jobs[id];
            foreign.AddRange(FleetRates.Stray(job));
            if (!present.Contains(FleetMaker.Number(id)) && (job.GaveWayTo == 0 || job.End is not null))
            {
                foreign.AddRange(Staying(job).Where(rate => !present.Contains(FleetMaker.Number(id, Owner(job, rate)))));
            }
        }

        return foreign.ToImmutable();
    }

    /// <summary>Rates between an island that comes back and those that its job has, where there is room for all of them; null where there is not.</summary>
    public static ImmutableArray<WanReservation>? Between(FleetState fleet, FactoryJob job, string island)
    {
        if (job.Specification.Wan is not { } wan)
        {
            return [];
        }

        var others = job.Islands.Where(other => other.Site != island && other.Withheld is null && other.Standing is IslandStanding.Wanted or IslandStanding.Gone).Select(static other => other.Site).ToList();
        return fleet.FindRates(others.SelectMany(other => new[] { (island, other), (other, island) }), wan.BytesPerSecond);
    }

    /// <summary>What is held between islands that are not left out: what those that are still hold is free when they have stopped.</summary>
    private static ImmutableArray<WanReservation> Staying(FactoryJob job) =>
        FleetRates.Held(job).RemoveAll(rate => job.FindIsland(rate.From)!.Withheld is not null || job.FindIsland(rate.To)!.Withheld is not null);

    private static int Owner(FactoryJob job, WanReservation rate)
    {
        for (var island = 0; island < job.Islands.Length; island++)
        {
            var site = job.Islands[island].Site;
            if (job.Islands[island].HoldsSlot && (site == rate.From || site == rate.To))
            {
                return island;
            }
        }

        return -1;
    }
}
