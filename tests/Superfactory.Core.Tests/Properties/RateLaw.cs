using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Tests.Properties;

/// <summary>What holds of reserved rates at any moment, told of whatever somebody takes to be reserved.</summary>
internal static class RateLaw
{
    /// <summary>
    /// What is broken: a direction of a link that is promised more than it carries, but for what nobody can stop; a rate that is nobody's any more; a rate that is reserved twice; and a job that runs without a rate from
    /// each of its islands to each other one.
    /// </summary>
    public static List<string> Broken(FactoryState state, IEnumerable<(FactoryJob Job, WanReservation Rate)> reserved)
    {
        var broken = new List<string>();
        var ledger = FleetRates.Ledger(state);
        foreach (var rate in state.OpenJobs.Union(state.StoppingJobs).SelectMany(id => FleetRates.Stray(state.Jobs[id])))
        {
            ledger.Take(rate);
        }

        var all = reserved.Where(each => !FleetRates.Stray(each.Job).Contains(each.Rate)).ToList();
        foreach (var (job, rate) in all)
        {
            if (!ledger.TryTake(rate))
            {
                broken.Add($"over: job {job.Id} has {rate}, and a link of it carries less");
            }

            if (rate.BytesPerSecond != job.Specification.Wan!.BytesPerSecond)
            {
                broken.Add($"other: job {job.Id} has {rate}, and wants another");
            }

            if (!MaySend(job, rate.From) || !MaySend(job, rate.To))
            {
                broken.Add($"idle: job {job.Id} has {rate}, and no island at both its ends that may send or is to be back");
            }
        }

        foreach (var job in state.OpenJobs.Union(state.StoppingJobs).Select(id => state.Jobs[id]))
        {
            var pairs = all.Where(each => each.Job.Id == job.Id).Select(static each => (each.Rate.From, each.Rate.To)).ToList();
            if (pairs.Distinct().Count() != pairs.Count)
            {
                broken.Add($"twice: job {job.Id} has a rate between two islands more than once");
            }

            // One that was told to leave, and has not stopped, sends still.
            var (needed, allowed) = (Pairs(job, static island => island.Withheld is null), Pairs(job, static island => island.Withheld is null || island.Standing == IslandStanding.Stopping));
            if (job is { Specification.Wan: not null, End: null, HoldRequested: false, Held: false, GaveWayTo: 0 } && (!needed.IsSubsetOf(pairs) || !allowed.IsSupersetOf(pairs)))
            {
                broken.Add($"lacking: job {job.Id} runs without some of its rates, or has some too many");
            }
        }

        return broken;
    }

    private static HashSet<(string From, string To)> Pairs(FactoryJob job, Func<FactoryIsland, bool> of)
    {
        var sites = job.Islands.Where(of).Select(static island => island.Site).ToList();
        return [.. sites.SelectMany(from => sites.Where(to => to != from).Select(to => (from, to)))];
    }

    /// <summary>By what the island itself is, not by how rates are looked up.</summary>
    private static bool MaySend(FactoryJob job, string site) => job.Islands.Any(island => island.Site == site
        && (island.Standing is IslandStanding.Wanted or IslandStanding.Stopping || (island.Standing == IslandStanding.Gone && island.Withheld is null && job.End is null)));
}
