using System.Collections.Immutable;

namespace Superfactory.Scheduling;

/// <content>What was decided before, when a snapshot is made of records.</content>
public sealed partial class FleetState
{
    /// <summary>
    /// A job runs at sites that place their own gangs, as an earlier decision had it: nothing is decided. What its sites have free, quota or rates may not suffice
    /// for it any more.
    /// </summary>
    /// <param name="request">The job.</param>
    /// <param name="sites">A site for each of its islands, and then for each of its roles, which are of one gang each.</param>
    /// <param name="isOwned">Whether it is on guaranteed quota.</param>
    /// <param name="started">When it started, in milliseconds since 1970.</param>
    /// <param name="sealedAt">When its last checkpoint was sealed; its start where none was.</param>
    /// <param name="now">The time.</param>
    /// <param name="endBy">The reserved start that it was let run ahead of; <see cref="long.MaxValue"/> for none.</param>
    /// <returns>Whether each site has a pool of the kind of hardware that the request names first, with as many accelerators free.</returns>
    public bool TakeRecorded(GangRequest request, ImmutableArray<string> sites, bool isOwned, long started, long sealedAt, long now, long endBy = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(request);
        var islands = ImmutableArray.CreateBuilder<IslandPlan>(sites.Length);
        var own = sites.Length - request.Roles.Length;
        for (var gang = 0; gang < sites.Length; gang++)
        {
            var island = gang < own ? RecordedIsland(request, sites[gang]) : RecordedGang(request, gang - own, sites[gang]);
            if (island is null || Domains.Open(island.Domains[0]) < island.Accelerators)
            {
                return false;
            }

            islands.Add(island);
        }

        var job = Start(new Plan { Request = request, Islands = islands.MoveToImmutable(), IsOwned = isOwned }, started);
        Sealed(job, sealedAt);
        job.EndBy = endBy;
        Age(job, now);
        return true;
    }

    /// <summary>Accelerators that are free at a site that places its own gangs; 0 where it has no such pool.</summary>
    public int FreeAt(string site, string hardware) => FindCounted(site, hardware) is var pool and >= 0 ? Domains.Free(Layout.Pools[pool].First) : 0;

    /// <summary>An island at a site that places its own gangs, of the kind that a request names first; null where it has no such pool.</summary>
    internal IslandPlan? RecordedIsland(GangRequest request, string site) => FindCounted(site, request.Hardware[0]) is not (var pool and >= 0) ? null : new IslandPlan
    {
        Site = site, Hardware = request.Hardware[0], Slice = request.AcceleratorsPerIsland, Domains = [Layout.Pools[pool].First], Score = default, Pool = pool,
    };

    private IslandPlan? RecordedGang(GangRequest request, int role, string site) =>
        RecordedIsland(request with { Hardware = request.Roles[role].Hardware, AcceleratorsPerIsland = request.Roles[role].Accelerators }, site) is { } gang ? gang with { Role = role } : null;

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
