using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Model.Units;
using Superfactory.Model.Views;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>
/// Makes the scheduler's snapshot of the factory as it will be once everything that was decided has come true: who gives way is gone, and who starts in
/// their place is there. Sites place their own gangs; what they offer are slots of processors.
/// </summary>
internal static class FleetMaker
{
    /// <summary>What a stop is counted to cost beside the work since the last checkpoint: an estimate of saving, ending and starting again, which is not measured yet.</summary>
    public const long StopCostMilliseconds = 30_000;

    // Each job has so many numbers in the snapshot: one for itself, one for each island that it can lose by itself.
    private const int Numbers = 256;

    /// <summary>The number of a job, or of one of its islands.</summary>
    public static long Number(long job, int island = -1) => checked((job * Numbers) + 1 + island);

    /// <summary>The job of a number, and its island; −1 for the job as a whole.</summary>
    public static (long Job, int Island) Of(long number) => (number / Numbers, (int)(number % Numbers) - 1);

    /// <summary>A fleet of sites that offer so many slots.</summary>
    public static FleetSpecification Fleet(IEnumerable<(string Name, int Slots)> sites)
    {
        var cpu = HardwareCatalogue.Find(HardwareCatalogue.Cpu)!;
        return new FleetSpecification
        {
            Name = "factory",
            Sites = [.. sites.Where(static site => site.Slots > 0).Select(site => new FleetSite
            {
                Name = site.Name,
                Placement = SitePlacement.Site,
                Floors = [new FleetFloor("f1", [new FleetRow("r1", null, [new FleetRack
                {
                    Name = "k1", Hardware = cpu, Power = new Power(cpu.PeakWatts(1, site.Slots)), Nodes = 1, Spares = 0, AcceleratorsPerNode = site.Slots,
                }])])],
            })],
        };
    }

    /// <summary>The snapshot.</summary>
    public static FleetState Make(FactoryState state, long now)
    {
        var units = new List<Unit>();
        var foreign = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            Collect(state.Jobs[id], now, units, foreign);
        }

        var held = new SortedDictionary<string, long>(foreign, StringComparer.Ordinal);
        foreach (var unit in units)
        {
            foreach (var site in unit.Request.Sites)
            {
                held[site] = held.GetValueOrDefault(site) + unit.Request.AcceleratorsPerIsland;
            }
        }

        // What is away offers nothing, and what runs there may still run. A site may come back with fewer slots than it runs gangs.
        var fleet = Fleet(state.Sites.Values.Select(site => (site.Name, (int)Math.Max(state.IsOpen(site.Name) ? site.Slots : 0, held.GetValueOrDefault(site.Name)))));
        var snapshot = new FleetState(fleet, QueueTree.Create(state.Queues.Queues, null).Value!);
        foreach (var (site, count) in foreign)
        {
            snapshot.SetForeign(site, HardwareCatalogue.Cpu, (int)count);
        }

        foreach (var unit in units)
        {
            if (!snapshot.TakeRecorded(unit.Request, unit.Request.Sites, unit.IsOwned, unit.Since, unit.Sealed, now))
            {
                throw new InvalidOperationException($"The snapshot has no room for what runs: job {unit.Request.Job / Numbers}.");
            }
        }

        return snapshot;
    }

    /// <summary>What a job asks for, at some of the sites.</summary>
    public static GangRequest Request(FactoryJob job, ImmutableArray<string> sites) => new()
    {
        Job = Number(job.Id), Queue = job.Specification.Queue, AcceleratorsPerIsland = job.Specification.Accelerators, Hardware = [HardwareCatalogue.Cpu], Sites = sites,
        IslandsMin = job.Specification.IslandsLeast, IslandsMax = Math.Max(job.Specification.IslandsLeast, Math.Min(job.Specification.IslandsMax, sites.Length)),
        Priority = job.Specification.Priority, SubmittedMilliseconds = Math.Max(0, job.SubmittedAt), MinimumRunMilliseconds = job.Specification.MinimumRun * 1000L,
        StopCostMilliseconds = StopCostMilliseconds,
    };

    private static void Collect(FactoryJob job, long now, List<Unit> units, SortedDictionary<string, long> foreign)
    {
        foreach (var stray in job.Strays)
        {
            foreign[stray.Site] = foreign.GetValueOrDefault(stray.Site) + job.Specification.Accelerators;
        }

        if (job is { Planned: { } planned, End: null, Islands.IsEmpty: true })
        {
            ImmutableArray<string> starts = [.. planned.Sites.Except(planned.Withheld, StringComparer.Ordinal)];
            units.Add(new Unit(Request(job, starts), planned.Owned, now, now));
            return;
        }

        if (job.GaveWayTo != 0 && job.End is null)
        {
            return;
        }

        var holding = job.Islands.Where(static island => island.HoldsSlot && !(island.Withheld is not null && island.Standing == IslandStanding.Stopping)).ToList();
        if (job.End is not null || job.Held || job.HoldRequested || holding.Any(static island => island.Standing == IslandStanding.Stopping))
        {
            foreach (var island in holding)
            {
                foreign[island.Site] = foreign.GetValueOrDefault(island.Site) + job.Specification.Accelerators;
            }

            return;
        }

        if (holding.Count == 0)
        {
            return;
        }

        var since = job.PlacedAt;
        var saved = Math.Max(since, job.Checkpoints.Where(static checkpoint => checkpoint is { IsUsable: true, Abandoned: false }).Select(static checkpoint => checkpoint.SealedAt).DefaultIfEmpty(0).Max());
        var least = job.Specification.IslandsLeast;
        if (least == job.Specification.IslandsMax)
        {
            units.Add(new Unit(Whole(job, [.. holding.Select(static island => island.Site)]), holding.All(static island => island.IsOwned), since, saved));
            return;
        }

        foreach (var island in holding)
        {
            // An island that is not needed loses what it has trained since the last merge, and takes the state from the others when it is back.
            var request = Whole(job, [island.Site]) with { Job = Number(job.Id, job.Islands.IndexOf(island)) };
            units.Add(holding.Count > least
                ? new Unit(request with { StopCostMilliseconds = 0 }, island.IsOwned, since, now)
                : new Unit(request, island.IsOwned, since, saved));
        }
    }

    private static GangRequest Whole(FactoryJob job, ImmutableArray<string> sites) => Request(job, sites) with { IslandsMin = sites.Length, IslandsMax = sites.Length };

    private sealed record Unit(GangRequest Request, bool IsOwned, long Since, long Sealed);
}
