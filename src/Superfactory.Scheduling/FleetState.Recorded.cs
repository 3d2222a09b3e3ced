using System.Collections.Immutable;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Scheduling;

/// <summary>Where a gang of a job runs by an earlier decision. Immutable.</summary>
/// <param name="Site">Its site.</param>
/// <param name="Domains">The domains that it has an equal slice of each of, by <see cref="FleetState.NameOf"/>; empty where the site places its own gangs.</param>
/// <param name="Accelerators">What it has of them together; 0 for what its request says.</param>
public sealed record RecordedPlace(string Site, ImmutableArray<string> Domains, int Accelerators = 0);

/// <content>What was decided before, when a snapshot is made of records.</content>
public sealed partial class FleetState
{
    private Dictionary<string, int>? _byName;

    /// <summary>
    /// A job runs as an earlier decision had it: nothing is decided. What its sites have free, quota or rates may not suffice for it any more.
    /// </summary>
    /// <param name="request">The job.</param>
    /// <param name="places">A place for each of its islands, and then for each of its roles, which are of one gang each.</param>
    /// <param name="isOwned">Whether it is on guaranteed quota.</param>
    /// <param name="started">When it started, in milliseconds since 1970.</param>
    /// <param name="sealedAt">When its last checkpoint was sealed; its start where none was.</param>
    /// <param name="now">The time.</param>
    /// <param name="endBy">The reserved start that it was let run ahead of; <see cref="long.MaxValue"/> for none.</param>
    /// <param name="rates">What is reserved for it, on the routes on which it is.</param>
    /// <returns>Whether each place is of the kind of hardware that the request names first, with as many accelerators free.</returns>
    public bool TakeRecorded(GangRequest request, ImmutableArray<RecordedPlace> places, bool isOwned, long started, long sealedAt, long now, long endBy = long.MaxValue, ImmutableArray<WanReservation> rates = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var islands = ImmutableArray.CreateBuilder<IslandPlan>(places.Length);
        var needs = new Dictionary<int, int>();
        var own = places.Length - request.Roles.Length;
        for (var gang = 0; gang < places.Length; gang++)
        {
            var island = gang < own ? RecordedIsland(request, places[gang]) : RecordedGang(request, gang - own, places[gang]);
            if (island is null)
            {
                return false;
            }

            foreach (var domain in island.Domains)
            {
                needs[domain] = needs.GetValueOrDefault(domain) + island.Slice;
                if (Domains.Open(domain) < needs[domain])
                {
                    return false;
                }
            }

            islands.Add(island);
        }

        var job = Start(new Plan { Request = request, Islands = islands.MoveToImmutable(), IsOwned = isOwned, Reservations = rates.IsDefault ? [] : rates }, started, isRecorded: true);
        LongestStop = Math.Max(LongestStop, job.StopCost);
        Sealed(job, sealedAt);
        job.EndBy = endBy;
        Age(job, now);
        return true;
    }

    /// <summary>Decides as if some that run did not; afterwards they do as before.</summary>
    /// <param name="jobs">Their numbers.</param>
    /// <param name="decide">Decides; what it has run it stops again.</param>
    public Plan? InPlaceOf(IEnumerable<long> jobs, Func<Plan?> decide)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(decide);
        List<RunningJob> away = [.. jobs.Select(job => _running[job])];
        away.ForEach(Detach);
        var plan = decide();
        for (var last = away.Count - 1; last >= 0; last--)
        {
            Restore(away[last]);
        }

        return plan;
    }

    /// <summary>Rates that are in use for what is no job here.</summary>
    public void TakeRates(ImmutableArray<WanReservation> rates)
    {
        foreach (var rate in rates)
        {
            Wan.Take(rate);
        }
    }

    /// <summary>The rates that are reserved together with a start.</summary>
    public ImmutableArray<WanReservation> RatesOf(Reserving.Reservation reservation)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        return [.. reservation.Routes.Select(each => new WanReservation(Wan.Names(each.Route), each.Rate))];
    }

    /// <summary>A route with room for a rate from each site to each other one; nothing is reserved.</summary>
    /// <param name="pairs">From where to where.</param>
    /// <param name="rate">The rate, in bytes per second.</param>
    /// <returns>The routes; null where not all have room at once.</returns>
    public ImmutableArray<WanReservation>? FindRates(IEnumerable<(string From, string To)> pairs, long rate)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var found = ImmutableArray.CreateBuilder<WanReservation>();
        var all = true;
        foreach (var (from, to) in pairs)
        {
            if (all && Wan.Reserve(from, to, rate) is { } reservation)
            {
                found.Add(reservation);
            }
            else
            {
                all = false;
            }
        }

        foreach (var reservation in found)
        {
            Wan.Release(reservation);
        }

        return all ? found.ToImmutable() : null;
    }

    private void TakeRates(RunningJob job, ImmutableArray<WanReservation> rates)
    {
        job.Routes = [.. rates.Select(rate => (Wan.Numbers(rate), rate.BytesPerSecond))];
        TakeRates(rates);
    }

    /// <summary>A gang that is stopping, or away, holds what it had until that is confirmed; it is no job that could give way. What a planned start is to have there is not taken twice.</summary>
    /// <param name="request">Whose gang it is: its kind of hardware, size and share of the peak count.</param>
    /// <param name="place">Where it is, at a site that the fleet places.</param>
    public void TakeAway(GangRequest request, RecordedPlace place)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(place);
        if (RecordedIsland(request, place) is not { } gang)
        {
            return;
        }

        foreach (var domain in gang.Domains)
        {
            var count = Math.Min(gang.Slice, Domains.Open(domain));
            if (count <= 0)
            {
                continue;
            }

            var before = Domains.Free(domain);
            Domains.Take(domain, count);
            _free[TypeOf(domain)] += Domains.Free(domain) - before;
            Power.Draw(Layout.Domains[domain].Rack, Watts(Layout.Pools[gang.Pool].Hardware, count, request.PeakThousandths));
            Recount(domain);
            Reserved.Changed(domain);
        }
    }

    /// <summary>Everything at or under a path is out of service: nothing more is placed there, and what is held stays so. A path of no place is none.</summary>
    /// <param name="path">A site, floor, row, rack or node by its path, such as <c>wisconsin/f1/r3</c>.</param>
    public void TakeOut(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        for (var domain = 0; domain < Layout.Domains.Length; domain++)
        {
            var rack = Layout.RackNames[Layout.Domains[domain].Rack];
            if (Reserving.WindowPlaces.IsUnder(rack, path))
            {
                for (var node = 0; node < Layout.Domains[domain].Nodes; node++)
                {
                    Lose(domain, node);
                }
            }
            else if (Reserving.WindowPlaces.IsUnder(path, rack))
            {
                // Of a rack of rack scale the domain is the rack, else the node itself.
                var nodes = Layout.Domains[domain].Nodes;
                for (var node = 0; node < nodes; node++)
                {
                    if (nodes == 1 ? NameOf(domain) == path : $"{rack}/n{node + 1}" == path)
                    {
                        Lose(domain, node);
                    }
                }
            }
        }
    }

    /// <summary>The names of the domains of an island, as they are recorded; none where its site places its own gangs.</summary>
    public ImmutableArray<string> PlacesOf(IslandPlan island)
    {
        ArgumentNullException.ThrowIfNull(island);
        return Layout.Pools[island.Pool].IsCounted ? [] : [.. island.Domains.Select(NameOf)];
    }

    /// <summary>Accelerators of a kind that are free at a site.</summary>
    public int FreeAt(string site, string hardware)
    {
        var free = 0;
        foreach (var pool in Layout.Pools)
        {
            if (Layout.SiteNames[pool.Site] != site || pool.Hardware.Name != hardware)
            {
                continue;
            }

            for (var domain = pool.First; domain < pool.First + pool.Count; domain++)
            {
                free += Domains.Free(domain);
            }
        }

        return free;
    }

    /// <summary>An island at a recorded place, of the kind that a request names first; null where there is no such place.</summary>
    internal IslandPlan? RecordedIsland(GangRequest request, RecordedPlace place)
    {
        var accelerators = place.Accelerators == 0 ? request.AcceleratorsPerIsland : place.Accelerators;
        if (place.Domains.IsDefaultOrEmpty)
        {
            return FindCounted(place.Site, request.Hardware[0]) is not (var counted and >= 0) ? null : new IslandPlan
            {
                Site = place.Site, Hardware = request.Hardware[0], Slice = accelerators, Domains = [Layout.Pools[counted].First], Score = default, Pool = counted,
            };
        }

        var domains = ImmutableArray.CreateBuilder<int>(place.Domains.Length);
        var pool = -1;
        foreach (var name in place.Domains)
        {
            if (FindDomain(name) is not (var domain and >= 0) || Layout.Pools[Layout.Domains[domain].Pool] is var of && (of.IsCounted || of.Hardware.Name != request.Hardware[0]))
            {
                return null;
            }

            (pool, var before) = (Layout.Domains[domain].Pool, pool);
            if (before >= 0 && before != pool)
            {
                return null;
            }

            domains.Add(domain);
        }

        return accelerators % domains.Count != 0 ? null : new IslandPlan
        {
            Site = place.Site, Hardware = request.Hardware[0], Slice = accelerators / domains.Count, Domains = domains.MoveToImmutable(), Score = default, Pool = pool,
        };
    }

    private IslandPlan? RecordedGang(GangRequest request, int role, RecordedPlace place) =>
        RecordedIsland(request with { Hardware = request.Roles[role].Hardware, AcceleratorsPerIsland = request.Roles[role].Accelerators }, place) is { } gang ? gang with { Role = role } : null;

    private int FindDomain(string name)
    {
        _byName ??= Enumerable.Range(0, Layout.Domains.Length).ToDictionary(NameOf, static domain => domain, StringComparer.Ordinal);
        return _byName.GetValueOrDefault(name, -1);
    }

    private int FindCounted(string site, string hardware)
    {
        for (var pool = 0; pool < Layout.Pools.Length; pool++)
        {
            if (Layout.Pools[pool].IsCounted && Layout.SiteNames[Layout.Pools[pool].Site] == site && Layout.Pools[pool].Hardware.Name == hardware)
            {
                return pool;
            }
        }

        return -1;
    }
}
