using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Explaining;
using Superfactory.Scheduling.Placing;
using Superfactory.Scheduling.Preempting;
using Superfactory.Scheduling.Reserving;
using Superfactory.Scheduling.Roles;

namespace Superfactory.Scheduling;

/// <summary>
/// Decides what becomes of a request: a snapshot, a request and a time in, a plan with its reasons out. Same input, same plan. The state that it is made for is
/// its snapshot; <see cref="Decide"/> leaves it as it was and <see cref="FleetState.Apply"/> makes the plan come true. Not safe for concurrent use.
/// </summary>
public sealed partial class Scheduler
{
    /// <summary>The version of the rules: a recorded plan that is decided again under the same one is the same.</summary>
    public const int Version = 4;

    // 1,000 tbit, the most that a link can be said to carry; and the last millisecond of the year 9999.
    private const long WanRateMax = 125_000_000_000_000;
    private const long TimeMax = 253_402_300_799_999;

    // The values of Within.
    private const int Withins = 4;

    private readonly FleetState _state;
    private readonly GangSearch _gangs;
    private readonly VictimSearch _victims;
    private GangSearch? _empty;
    private readonly AheadSearch _ahead;
    private readonly StartFinder _starts;

    // One more than was counted, by pool and what slices share; 0 where nobody asked yet.
    private readonly int[] _offered;

    /// <summary>A scheduler of that state.</summary>
    public Scheduler(FleetState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_state, _gangs) = (state, new GangSearch(state));
        _offered = new int[state.Layout.Pools.Length * Withins];
        _victims = new VictimSearch(state, _gangs);
        _roles = new RoleSearch(state, _gangs);
        _roleVictims = new RoleVictims(state, _roles);
        _claims = new ClaimFinder(state, _victims);
        (_ahead, _starts) = (new AheadSearch(state, _gangs, _victims), new StartFinder(state, _gangs));
        _lacks = new LackSearch(state, _gangs);
    }

    /// <summary>Says whether a request can never start, even in the empty fleet: to be asked when it is submitted. Null where it could.</summary>
    public PendingReason? Refuse(GangRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var least = request.AtLeast();
        return Malformed(request) ?? MalformedRoles(request) ?? NeverFits(least) ?? RoleNeverFits(request) ?? NeverStarts(least);
    }

    /// <summary>Decides what becomes of a request now.</summary>
    /// <param name="request">The request; no job of its number runs.</param>
    /// <param name="now">The time, in milliseconds since 1970.</param>
    public Plan Decide(GangRequest request, long now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if ((Malformed(request) ?? MalformedRoles(request)) is { } malformed)
        {
            return new Plan { Request = request, Reason = malformed };
        }

        if (request.StartAfterMilliseconds > now)
        {
            return new Plan { Request = request, Reason = new PendingReason.Time(request.StartAfterMilliseconds) };
        }

        _state.Reserved.Advance(now);
        var plan = Place(request, now);
        return MayHinder(request) && Worth(plan).CompareTo((true, true, (long)request.IslandsMax * request.AcceleratorsPerIsland, true)) < 0 ? BestOf(plan, Place(request with { Inputs = [] }, now)) : plan;
    }

    /// <summary>
    /// Whether the order in which sites are tried may decide more than where a job starts: gangs are placed one after the other, the first sets of sites alone are tried for rates, and
    /// a single plan has to leave others what is reserved.
    /// </summary>
    private bool MayHinder(GangRequest request) => !request.Inputs.IsEmpty && (!request.Roles.IsEmpty || request.WanBytesPerSecond > 0 || !_state.Reserved.IsEmpty);

    /// <summary>The plan that was found by what the job reads, unless the other is better in anything else.</summary>
    private static Plan BestOf(Plan plan, Plan other) => Worth(other).CompareTo(Worth(plan)) > 0 ? other with { Request = plan.Request } : plan;

    private static (bool Starts, bool Nobody, long Accelerators, bool IsOwned) Worth(Plan plan) => (plan.Starts, plan.Victims.IsEmpty, Accelerators(plan), plan.IsOwned);

    /// <summary>What its own islands have together.</summary>
    private static long Accelerators(Plan plan) => plan.Islands.Sum(static island => island.Role < 0 ? (long)island.Accelerators : 0);

    private Plan Place(GangRequest request, long now)
    {
        if (!request.Roles.IsEmpty)
        {
            return DecideRoles(request, now);
        }

        if (request.IsElastic)
        {
            return PlaceElastic(request, now);
        }

        var plan = _gangs.Find(request, guaranteedOnly: false, request.IslandsMax);
        if (_state.Reserved.IsEmpty)
        {
            return plan.Starts ? plan : _victims.Find(request, now) ?? Explained(plan, request);
        }

        var taken = plan.Starts ? _ahead.Taken(plan, AheadSearch.Until(request, now)) : null;
        return plan.Starts && taken is null ? plan : _ahead.Find(request, now, plan.Reason) ?? (taken is null ? Explained(plan, request) : Into(taken, request));
    }

    /// <summary>As many accelerators as there is room for where nobody gives way, of as many the fewest islands; where there is none for the least, what becomes of that.</summary>
    private Plan PlaceElastic(GangRequest request, long now)
    {
        Plan? best = null;
        foreach (var size in ElasticSizes.Of(request.AcceleratorsMin, request.AcceleratorsPerIsland))
        {
            if (best is not null && (long)size * request.IslandsMax <= Accelerators(best))
            {
                break;
            }

            best = Beside(request.Of(size), now) is { } plan && (best is null || Accelerators(plan) > Accelerators(best)) ? plan : best;
        }

        return (best ?? Place(request.AtLeast(), now)) with { Request = request };
    }

    /// <summary>A plan for which nobody gives way; null where there is none.</summary>
    private Plan? Beside(GangRequest request, long now)
    {
        var plan = _gangs.Find(request, guaranteedOnly: false, request.IslandsMax);
        return plan.Starts && (_state.Reserved.IsEmpty || _ahead.Taken(plan, AheadSearch.Until(request, now)) is null) ? plan
            : _state.Reserved.IsEmpty ? null : _ahead.FindBeside(request, now, plan.Reason);
    }

    /// <summary>It would fit, but takes what is kept for another.</summary>
    private static Plan Into(Reservation taken, GangRequest request) => new() { Request = request, Reason = new PendingReason.Reserved(taken.Job, taken.StartMilliseconds) };

    private Plan Explained(Plan plan, GangRequest request) => plan.Reason is null ? plan with { Reason = NeverFits(request) ?? new PendingReason.Never("no kind of hardware in the fleet is accepted") } : plan;

    private PendingReason.Never? Malformed(GangRequest request)
    {
        var what =
            _state.Queues.Find(request.Queue) < 0 ? $"there is no queue '{request.Queue}'"
            : _state.Running.ContainsKey(request.Job) ? $"job {request.Job} runs already"
            : Unknown(request.Hardware, HardwareCatalogue.Names) is { } hardware ? $"there is no hardware '{hardware}'"
            : (Unknown(request.PreferredSites, _state.Layout.SiteNames) ?? Unknown(request.Sites, _state.Layout.SiteNames)) is { } site ? $"there is no site '{site}'"
            : request.AcceleratorsPerIsland is < 1 or > FleetSpecification.AcceleratorsMax ? $"an island has 1 to {FleetSpecification.AcceleratorsMax} accelerators, not {request.AcceleratorsPerIsland}"
            : request.AcceleratorsMin < 0 || request.AcceleratorsMin > request.AcceleratorsPerIsland ? $"an island has at least 1 accelerator and at most {request.AcceleratorsPerIsland}, not {request.AcceleratorsMin} at the least"
            : request.IsElastic && !request.Roles.IsEmpty ? "a job with roles has islands of one size"
            : request.IslandsMin < 1 || request.IslandsMax < request.IslandsMin ? $"the islands are at least 1 and at most as many as the most, not {request.IslandsMin} to {request.IslandsMax}"
            : request.PeakThousandths is < 1 or > 1000 ? $"the share of the peak is 1 to 1000 thousandths, not {request.PeakThousandths}"
            : request.WanBytesPerSecond is < 0 or > WanRateMax ? $"the rate between islands is 0 to {WanRateMax} bytes/s, not {request.WanBytesPerSecond}"
            : request.Inputs.Any(static input => input.Bytes < 0) ? "what it reads has 0 bytes or more, not less"
            : Outside(request.SubmittedMilliseconds) || Outside(request.StartAfterMilliseconds) || Outside(request.MinimumRunMilliseconds) || Outside(request.DurationMilliseconds) || Outside(request.StopCostMilliseconds) ? "times are from 1970 to 9999"
            : null;
        return what is null ? null : new PendingReason.Never(what);
    }

    /// <summary>The first name that is not among those that there are; null where all are.</summary>
    private static string? Unknown(ImmutableArray<string> names, ImmutableArray<string> known)
    {
        foreach (var name in names)
        {
            if (!known.Contains(name))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>Whether budgets, limits or links do not suffice even while nothing runs and every node is in service.</summary>
    private PendingReason.Never? NeverStarts(GangRequest request)
    {
        if (_empty is null)
        {
            var nothing = new FleetState(_state.Fleet, _state.Queues);
            _empty = new GangSearch(nothing);
            _emptyRoles = new RoleSearch(nothing, _empty);
        }

        var plan = request.Roles.IsEmpty ? _empty.Find(request, guaranteedOnly: false, request.IslandsMax) : _emptyRoles!.Find(request);
        return plan.Reason is { } reason ? new PendingReason.Never($"{reason}, even while nothing else runs") : null;
    }

    private static bool Outside(long milliseconds) => milliseconds is < 0 or > TimeMax;

    /// <summary>Whether no site would hold an island if it were empty, or too few sites would.</summary>
    private PendingReason.Never? NeverFits(GangRequest request)
    {
        var (sites, most) = (0, 0L);
        string? where = null;
        foreach (var type in GangSearch.Types(request))
        {
            var found = 0;
            foreach (var pool in _state.PoolsOfType[type])
            {
                if (!_state.IsOpenTo(request, pool))
                {
                    continue;
                }

                var fits = MostThatFits(pool, request);
                if (fits >= request.AcceleratorsPerIsland)
                {
                    found++;
                }
                else if (fits > most)
                {
                    (most, where) = (fits, $"{HardwareCatalogue.All[type].Name} at {_state.Layout.SiteNames[_state.Layout.Pools[pool].Site]}");
                }
            }

            sites = Math.Max(sites, found);
        }

        if (sites >= request.IslandsMin)
        {
            return null;
        }

        var within = request.Within == Within.Site ? string.Empty : $" within a {request.Within.ToString().ToLowerInvariant()}";
        return new PendingReason.Never(sites > 0
            ? $"{request.IslandsMin} islands of {request.AcceleratorsPerIsland}{within} fit nowhere; {sites} would"
            : where is not null ? $"an island of {request.AcceleratorsPerIsland}{within} fits nowhere; one of {most} would, of {where}"
            : within.Length > 0 && NeverFits(request with { Within = Within.Site }) is null ? $"an island{within} is known of no site that accepts it: they place their own gangs"
            : "no kind of hardware in the fleet is accepted");
    }

    /// <summary>The most accelerators, no more than are asked for, that the empty pool holds in equal slices within what they must share.</summary>
    private long MostThatFits(int number, GangRequest request)
    {
        var pool = _state.Layout.Pools[number];
        if (pool.IsCounted)
        {
            return Math.Min(pool.Capacity, request.AcceleratorsPerIsland);
        }

        var domains = Offered(number, request.Within);
        for (var wanted = (long)Math.Min(request.AcceleratorsPerIsland, (long)domains * pool.Capacity); wanted > 0; wanted--)
        {
            var slices = ((wanted - 1) / pool.Capacity) + 1;
            while (slices <= domains && wanted % slices != 0)
            {
                slices++;
            }

            if (slices <= domains)
            {
                return wanted;
            }
        }

        return 0;
    }

    /// <summary>The most domains of a pool that share what slices must and offer anything. The layout never changes: each is counted once.</summary>
    private int Offered(int pool, Within within)
    {
        ref var known = ref _offered[(pool * Withins) + (int)within];
        known = known == 0 ? 1 + Offered(_state.Layout, _state.Layout.Pools[pool], within) : known;
        return known - 1;
    }

    private static int Offered(FleetLayout layout, PoolPlace pool, Within within) => Enumerable.Range(pool.First, pool.Count).GroupBy(domain => within switch
    {
        Within.Site => 0,
        Within.Rack => layout.Domains[domain].Rack,
        Within.Row => layout.Racks[layout.Domains[domain].Rack].Row,
        _ => layout.Rows[layout.Racks[layout.Domains[domain].Rack].Row].Floor,
    }).Max(group => group.Count(domain => layout.Domains[domain].Offered > 0));
}
