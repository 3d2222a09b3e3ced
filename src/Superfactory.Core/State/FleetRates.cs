using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Model.Units;
using Superfactory.Routing.Watching;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core;

/// <summary>
/// What links between the sites of a running factory carry, and what jobs have reserved on them. Links are those of the applied fleet file; two sites of which the file does
/// not know both, and whose gateways emulate their links, have one between them as these say. Pure.
/// </summary>
public static class FleetRates
{
    /// <summary>The links as they are declared, up or not, in the order of the sites' names.</summary>
    public static ImmutableArray<FleetLink> Declared(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var links = ImmutableArray.CreateBuilder<FleetLink>();
        links.AddRange(state.Fleet?.Specification.Links ?? []);
        List<(string Site, WanProfile Profile)> emulated = [];
        foreach (var site in state.Sites.Values)
        {
            if (site.Standing != SiteStanding.Left && site.EmulatedWan is { } text && WanProfile.TryParse(text, out var profile, out _) && profile is not null)
            {
                emulated.Add((site.Name, profile));
            }
        }

        for (var a = 0; a < emulated.Count; a++)
        {
            for (var b = a + 1; b < emulated.Count; b++)
            {
                var (one, other) = (emulated[a], emulated[b]);
                if (state.Fleet is not { } fleet || !fleet.Sites.ContainsKey(one.Site) || !fleet.Sites.ContainsKey(other.Site))
                {
                    links.Add(new FleetLink(one.Site, other.Site, one.Profile.Rate < other.Profile.Rate ? one.Profile.Rate : other.Profile.Rate, one.Profile.RoundTrip > other.Profile.RoundTrip ? one.Profile.RoundTrip : other.Profile.RoundTrip));
                }
            }
        }

        return links.ToImmutable();
    }

    /// <summary>The links that are up, with what they carry.</summary>
    public static ImmutableArray<FleetLink> Links(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return [.. Declared(state).Select(link => state.LinkBetween(link.A, link.B) is { } now && now.BitsPerSecond < link.Bandwidth.BitsPerSecond
            ? link with { Bandwidth = new Bandwidth(now.BitsPerSecond) } : link).Where(static link => link.Bandwidth.BitsPerSecond > 0)];
    }

    /// <summary>The links as they are watched, with what gateways found of them last.</summary>
    public static ImmutableArray<WatchedLink> Watched(FactoryState state) =>
        [.. Declared(state).Select(link => new WatchedLink(link.A, link.B, link.Bandwidth.BitsPerSecond, state.MeasuredLinks.GetValueOrDefault(FactoryLink.NameOf(link.A, link.B))?.BitsPerSecond))];

    /// <summary>What a job has reserved: between islands that hold something, or are to be started again.</summary>
    public static ImmutableArray<WanReservation> Held(FactoryJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.Rates.IsEmpty ? [] : [.. job.Rates.Where(rate => Holds(job, rate.From) && Holds(job, rate.To))];
    }

    /// <summary>What a job's islands of earlier placements still hold, whose sites cannot say that they have stopped.</summary>
    public static ImmutableArray<WanReservation> Stray(FactoryJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.StrayRates.IsEmpty || job.Strays.IsEmpty ? [] : [.. job.StrayRates.Where(rate => IsStray(job, rate.From) && IsStray(job, rate.To))];
    }

    /// <summary>Everything that is reserved now, job by job.</summary>
    public static IEnumerable<(FactoryJob Job, WanReservation Rate)> All(FactoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (var id in state.OpenJobs.Union(state.StoppingJobs))
        {
            foreach (var rate in Held(state.Jobs[id]).AddRange(Stray(state.Jobs[id])))
            {
                yield return (state.Jobs[id], rate);
            }
        }
    }

    /// <summary>A ledger of the links that are up, which nothing is reserved on.</summary>
    public static WanLedger Ledger(FactoryState state) => Ledger(Links(state));

    internal static WanLedger Ledger(ImmutableArray<FleetLink> links) =>
        new([.. links.SelectMany(static link => new[] { link.A, link.B }).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], links);

    /// <summary>Whether these rates have room beside all that is reserved now.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="rates">The rates.</param>
    /// <param name="except">The job that they are for.</param>
    /// <param name="planned">Whether what is kept for jobs for whom others give way counts as reserved.</param>
    internal static bool HasRoom(FactoryState state, ImmutableArray<WanReservation> rates, long except, bool planned)
    {
        if (rates.IsEmpty)
        {
            return true;
        }

        var ledger = Ledger(state);
        foreach (var (_, rate) in All(state))
        {
            ledger.Take(rate);
        }

        foreach (var id in planned ? state.OpenJobs : [])
        {
            foreach (var rate in id != except && state.Jobs[id].Planned is { } other ? other.Rates : [])
            {
                ledger.Take(rate);
            }
        }

        return rates.All(ledger.TryTake);
    }

    private static bool Holds(FactoryJob job, string site) =>
        job.FindIsland(site) is { } island && (island.HoldsSlot || (island is { Standing: IslandStanding.Gone, Withheld: null } && job.End is null));

    private static bool IsStray(FactoryJob job, string site) => job.Strays.Any(stray => stray.Site == site);
}
