using System.Collections.Immutable;
using Superfactory.Scheduling.Explaining;
using Superfactory.Scheduling.Placing;

namespace Superfactory.Scheduling.Roles;

/// <summary>
/// Finds places for a job's islands and for the gangs of its roles, all or none: the largest first, each beside those before it. Works on the state and leaves it as
/// it was. Not safe for concurrent use.
/// </summary>
internal sealed class RoleSearch(FleetState state, GangSearch gangs)
{
    // No job has a number this low.
    private const long FirstTrial = long.MinValue;

    private readonly List<(int Role, GangRequest Request)> _shapes = [];
    private readonly List<IslandPlan> _islands = [];
    private readonly List<long> _trials = [];

    /// <summary>Finds a place, on the queue's guarantee where that has room for all of it; a plan that waits, with the reason of what has no place, where there is none.</summary>
    public Plan Find(GangRequest request)
    {
        var plan = new Plan { Request = request };
        for (var islands = request.IslandsMax; islands >= request.IslandsMin; islands--)
        {
            plan = Find(request, islands, isOwned: true);
            plan = plan.Starts ? plan : Find(request, islands, isOwned: false);
            if (plan.Starts)
            {
                break;
            }
        }

        return plan;
    }

    /// <summary>Grants what islands and gangs lack, each beside those before it, until all of them have a place.</summary>
    /// <returns>The plan with which the job starts then; one that does not start where so much will never be there.</returns>
    public Plan Place(GangRequest request, LackSearch lacks, WhatIf whatIf) => Find(request, request.IslandsMin, isOwned: false, shape => lacks.Place(shape, whatIf), (queue, type) => lacks.GrantQuota(queue, type, 0, whatIf));

    /// <summary>Finds a place with at most so many islands, all on the queue's guarantee, or all borrowed.</summary>
    public Plan Find(GangRequest request, int islandsMax, bool isOwned) => Find(request, islandsMax, isOwned, null, null);

    private Plan Find(GangRequest request, int islandsMax, bool isOwned, Func<GangRequest, Plan>? place, Action<int, int>? grant)
    {
        Split(request, islandsMax);
        ImmutableArray<Wan.WanReservation> reservations = [];
        PendingReason? reason = null;
        foreach (var (role, shape) in _shapes)
        {
            var plan = place?.Invoke(shape) ?? gangs.Find(shape, guaranteedOnly: isOwned, shape.IslandsMax);
            if (!plan.Starts)
            {
                reason = Of(request, role, plan.Reason ?? new PendingReason.Never("accepts no kind of hardware in the fleet"));
                break;
            }

            reservations = role < 0 ? plan.Reservations : reservations;
            foreach (var island in plan.Islands)
            {
                _islands.Add(role < 0 ? island : island with { Role = role });
            }

            state.Start(plan with { IsOwned = isOwned }, 0, isTrial: true);
            _trials.Add(shape.Job);
        }

        reason ??= isOwned ? null : Overborrowed(request, grant);
        for (var trial = _trials.Count - 1; trial >= 0; trial--)
        {
            state.TakeBack(_trials[trial]);
        }

        return reason is not null ? new Plan { Request = request, Reason = reason }
            : new Plan { Request = request, Islands = [.. _islands.OrderBy(static island => island.Role)], Reservations = reservations, IsOwned = isOwned };
    }

    /// <summary>Why a queue may not borrow what it uses now, of a kind that is among what was placed; null where it may.</summary>
    private PendingReason? Overborrowed(GangRequest request, Action<int, int>? grant)
    {
        var queue = state.Queues.Find(request.Queue);
        foreach (var island in _islands)
        {
            var type = state.TypeOf(island.Domains[0]);
            grant?.Invoke(queue, type);
            if (state.Quota.CheckBorrowing(queue, type, 0, state.Free(type)) is { } over)
            {
                return Of(request, island.Role, over);
            }
        }

        return null;
    }

    private static PendingReason Of(GangRequest request, int role, PendingReason lacks) => role < 0 ? lacks : new PendingReason.Role(request.Roles[role].Name, lacks);

    /// <summary>What is placed one after the other: the islands together, and each gang of a role; what is larger comes first, since what is small finds room beside it.</summary>
    private void Split(GangRequest request, int islandsMax)
    {
        _shapes.Clear();
        _islands.Clear();
        _trials.Clear();
        var next = FirstTrial;
        _shapes.Add((-1, Plain(request, next++) with { IslandsMax = islandsMax }));
        for (var role = 0; role < request.Roles.Length; role++)
        {
            for (var gang = 0; gang < request.Roles[role].Count; gang++)
            {
                _shapes.Add((role, Gang(request, request.Roles[role]) with { Job = next++ }));
            }
        }

        _shapes.Sort(static (one, other) => other.Request.AcceleratorsPerIsland.CompareTo(one.Request.AcceleratorsPerIsland) is var order && order != 0 ? order : one.Request.Job.CompareTo(other.Request.Job));
    }

    /// <summary>A gang of a role as a request of its own.</summary>
    public static GangRequest Gang(GangRequest request, RoleRequest role) => Plain(request, request.Job) with
    {
        AcceleratorsPerIsland = role.Accelerators, Hardware = role.Hardware, MemoryGigabytes = role.MemoryGigabytes, Within = role.Within, Spread = role.Spread, Sites = role.Sites, PreferredSites = role.PreferredSites, Inputs = [],
        PeakThousandths = role.PeakThousandths, IslandsMin = 1, IslandsMax = 1, WanBytesPerSecond = 0,
    };

    private static GangRequest Plain(GangRequest request, long job) => request with { Job = job, Roles = [], DurationMilliseconds = 0, StopCostMilliseconds = 0 };
}
