using System.Collections.Immutable;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Placing;

namespace Superfactory.Core.Planning;

/// <summary>What an island of a range of accelerators can give up and go on without: each part of it is a job of its own in the snapshot, so that it gives way by itself.</summary>
internal static class ElasticRules
{
    /// <summary>A change of size costs a restart: an island is left alone for so many times what that is counted to cost.</summary>
    public const int SettledRestarts = 10;

    /// <summary>The most numbers that a job has in the snapshot beside its own.</summary>
    public const int NumbersMax = Other + 2;

    // The most that a job file says.
    private const int IslandsMax = 64;

    /// <summary>The number in the snapshot that nobody else has: a job as it would be with an island of another size.</summary>
    public const int Other = ((ElasticSizes.TriesMax + 1) * IslandsMax) + IslandsMax;

    /// <summary>Whether a job says a range.</summary>
    public static bool IsElastic(FactoryJob job) => job.Specification.AcceleratorsLeast < job.Specification.Accelerators;

    /// <summary>The number of a part of an island beside those of islands, from 0.</summary>
    public static int Number(int island, int part) => ((part + 1) * IslandsMax) + island;

    /// <summary>The island that a number is of; itself where it is one.</summary>
    public static int IslandOf(int number) => number % IslandsMax;

    /// <summary>Whether a number is that of a part.</summary>
    public static bool IsPart(int number) => number >= IslandsMax;

    /// <summary>
    /// What an island keeps at the least where it is, and then part by part what it can give up: whole domains where the sizes of its range allow it, so that whole ones are left, else as much of each.
    /// </summary>
    public static ImmutableArray<RecordedPlace> Parts(FactoryJob job, RecordedPlace place)
    {
        var (has, domains) = (place.Accelerators, Math.Max(1, place.Domains.Length));
        if (!IsElastic(job) || has <= job.Specification.AcceleratorsLeast)
        {
            return [place];
        }

        var sizes = ElasticSizes.Of(job.Specification.AcceleratorsLeast, job.Specification.Accelerators).Where(size => size < has).Order().ToList();
        var slice = has / domains;
        var ofDomains = domains > 1 && sizes.Exists(size => size % slice == 0);
        sizes.RemoveAll(size => size % (ofDomains ? slice : domains) != 0);
        if (sizes.Count == 0)
        {
            return [place];
        }

        var parts = ImmutableArray.CreateBuilder<RecordedPlace>();
        var from = 0;
        foreach (var to in sizes.Append(has))
        {
            parts.Add(new RecordedPlace(place.Site, ofDomains ? [.. place.Domains.Skip(from / slice).Take((to - from) / slice)] : place.Domains, to - from));
            from = to;
        }

        return parts.ToImmutable();
    }

    /// <summary>The parts of an island that runs. One of a job that lacks islands is one part, as nothing of it is to spare; and one that is to have ended by the start of another, which a restart would have forgotten.</summary>
    public static ImmutableArray<RecordedPlace> Parts(FactoryState state, FactoryJob job, FactoryIsland island, ImmutableHashSet<string> placed)
    {
        var place = FleetPlaces.Recorded(placed, island.Site, island.Places) with { Accelerators = island.Accelerators };
        return IsElastic(job) && job.EndBy == 0 && job.Islands.Count(static each => each.Standing == IslandStanding.Wanted) >= job.Specification.IslandsLeast ? Parts(job, place) : [place];
    }

    /// <summary>An island of these parts.</summary>
    public static IslandSize Join(IEnumerable<RecordedPlace> parts)
    {
        var all = parts.ToList();
        return new IslandSize(all[0].Site, all.Sum(static part => part.Accelerators), [.. all.SelectMany(static part => part.Domains).Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>Jobs with an island that may be started again with more: all of them train, and none was started for a while.</summary>
    public static IEnumerable<FactoryJob> MayGrow(FactoryState state, long now) => state.OpenJobs.Select(id => state.Jobs[id]).Where(job => IsElastic(job)
        && job is { Role: null, HasRun: true, GaveWayTo: 0, HoldRequested: false, CancelRequested: false, Held: false, Planned: null, EndBy: 0, Islands.IsEmpty: false }
        && job.Islands.All(static island => island is { Standing: IslandStanding.Wanted, Joined: true, SetAside: null, Doubt: null, IsFinished: false }) && job.Islands.Any(island => job.AcceleratorsOf(island) < job.Specification.Accelerators)
        && IsWorth(job, now) && state.PausedBy(job.Specification.Queue) is null);

    /// <summary>Whether time alone may have let an island grow: nobody waits, and some job may have more at a site that has it.</summary>
    public static bool MayGrowByTime(FactoryState state, long now) => MayGrow(state, now).Any(job => job.Islands.Any(island => Larger(job, island).Any(size =>
            FleetCapacity.Held(state, island.Site, job.HardwareOf(island)) - job.AcceleratorsOf(island) + size <= FleetCapacity.Offered(state, island.Site, job.HardwareOf(island)))))
        && !state.OpenJobs.Any(id => state.Jobs[id] is { Role: null, Islands.IsEmpty: true, Held: false, Planned: null });

    /// <summary>The sizes beyond what an island has, the most first.</summary>
    public static IEnumerable<int> Larger(FactoryJob job, FactoryIsland island) =>
        ElasticSizes.Of(job.Specification.AcceleratorsLeast, job.Specification.Accelerators).Where(size => size > job.AcceleratorsOf(island));

    private static bool IsWorth(FactoryJob job, long now)
    {
        var settled = Math.Max(job.Specification.MinimumRun * 1000L, SettledRestarts * FleetMaker.StopCost(job));
        return now - Math.Max(job.PlacedAt, job.Islands.Max(static island => island.RestartedAt)) >= settled && (job.Specification.Duration == 0 || FleetMaker.Left(job, now) > settled);
    }
}

/// <summary>How many accelerators an island is to have at its site.</summary>
/// <param name="Site">The site.</param>
/// <param name="Accelerators">How many.</param>
/// <param name="Domains">The domains, where the fleet places the site.</param>
internal sealed record IslandSize(string Site, int Accelerators, ImmutableArray<string> Domains);
