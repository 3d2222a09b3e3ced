using System.Collections.Immutable;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Core.Planning;

/// <summary>
/// Places queued jobs by the scheduler's rules. Of a queue the greater priority goes first, then the earlier; a job that waits for slots keeps its claim on
/// them, so that no later one of its queue overtakes it; one that waits for a site to connect, or for a checkpoint that nobody can bring, claims nothing. Between queues the one goes first that has used and holds the
/// least for its weight; that decides the order alone, and nobody gives way because of it. For one thread and one state.
/// </summary>
internal sealed partial class FleetPlacement
{
    /// <summary>The policy's name and version, as plans record it.</summary>
    public const string Policy = "fleet/11";

    private readonly FactoryState _state;
    private readonly long _now;
    private readonly Dictionary<string, SlotLedger> _ledgers = new(StringComparer.Ordinal);
    private readonly ImmutableHashSet<string> _placed;
    private readonly FleetState _fleet;
    private readonly Scheduler _scheduler;
    private readonly List<FleetWindow> _windows;
    private readonly bool _mayShift;
    private readonly Dictionary<string, SortedDictionary<string, long>> _claims = new(StringComparer.Ordinal);
    private readonly HashSet<string> _rated = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private readonly ImmutableArray<(long, Placement)>.Builder _placements = ImmutableArray.CreateBuilder<(long, Placement)>();

    private FleetPlacement(FactoryState state, long now)
    {
        (_state, _now) = (state, Math.Max(0, now));
        _placed = FleetPlaces.Sites(state);
        _fleet = FleetMaker.Make(state, _placed, _now);
        _scheduler = new Scheduler(_fleet);
        foreach (var running in _fleet.Running.Values)
        {
            _held[running.Request.Queue] = _held.GetValueOrDefault(running.Request.Queue) + running.Accelerators;
        }

        _fleet.Reserved.Advance(_now);
        _windows = [.. WindowRules.Kept(state)];
        _mayShift = _windows.Exists(static window => window.Accelerators > 0) && WindowRules.IsClearing(state, _now);
        _windows.ForEach(window => _fleet.Reserved.Add(window));

        TakeReserved();
    }

    /// <summary>Whether an island of a job could be started at <paramref name="site"/> now, and nobody for whom others give way is to have what it takes.</summary>
    public static bool HasFree(FactoryState state, string site, FactoryJob job) => FleetCapacity.HasRoom(state, job, [site], planned: true);

    /// <summary>Whether time alone may have made room: somebody waits, and somebody who runs has run the minimum that it asked for.</summary>
    public static bool MayHaveRoomByTime(FactoryState state, long now)
    {
        var (waits, has) = (false, false);
        foreach (var id in state.OpenJobs)
        {
            var job = state.Jobs[id];
            waits |= job is { Islands.IsEmpty: true, Held: false, Planned: null };
            has |= job is { Islands.IsEmpty: false, GaveWayTo: 0 } && job.Specification.MinimumRun > 0 && now - job.PlacedAt >= Math.Min(job.Specification.MinimumRun * 1000L, RunningJob.MinimumRunMax);
        }

        return waits && has;
    }

    /// <summary>For each queued job that no start is planned for, in the order in which they were decided: where it starts, or what it waits for.</summary>
    public static ImmutableArray<(long Job, Placement Placement)> Plan(FactoryState state, long now) => Plan(state, now, out _, out _);

    /// <summary>As above, and which islands that were left out may come back, and which that run may have more.</summary>
    public static ImmutableArray<(long Job, Placement Placement)> Plan(FactoryState state, long now, out ImmutableArray<Growth> growths, out ImmutableArray<(long Job, IslandSize Size)> larger)
    {
        var queued = Queued(state);
        var grows = state.OpenJobs.Select(id => state.Jobs[id]).Where(static job => job.Role is null && !job.HoldRequested && !job.IsLeaving && job.Islands.Any(IsWithheld)).ToList();
        var elastic = ElasticRules.MayGrow(state, now).ToList();
        (growths, larger) = ([], []);
        if (queued.Count == 0 && grows.Count == 0 && elastic.Count == 0)
        {
            return [];
        }

        var placement = new FleetPlacement(state, now);
        placement.PlaceAll(queued);
        placement.Settle();
        growths = placement.Grow(grows);
        larger = elastic.Count == 0 ? [] : placement.Enlarge(elastic);
        return placement._placements.ToImmutable();
    }

    /// <summary>The jobs that wait in the queue of a job and go before it, the first first.</summary>
    public static IEnumerable<FactoryJob> Before(FactoryState state, FactoryJob job) => Ordered(state, Queued(state).Where(other => other.Specification.Queue == job.Specification.Queue)).TakeWhile(other => other.Id != job.Id);

    /// <summary>The jobs that wait and that no start is planned for.</summary>
    private static List<FactoryJob> Queued(FactoryState state) =>
        [.. state.OpenJobs.Select(id => state.Jobs[id]).Where(static job => job is { Role: null, Islands.IsEmpty: true, CancelRequested: false, Held: false, Planned: null })];

    private static IOrderedEnumerable<FactoryJob> Ordered(IEnumerable<FactoryJob> jobs) =>
        jobs.OrderByDescending(static job => job.Specification.Priority).ThenBy(static job => job.SubmittedAt).ThenBy(static job => job.Id);

    /// <summary>The jobs of a queue in its order: with aging a step of priority counts as much as having come so much earlier.</summary>
    private static IOrderedEnumerable<FactoryJob> Ordered(FactoryState state, IEnumerable<FactoryJob> jobs)
    {
        var aging = state.Queues.Aging * 1000L;
        return aging == 0 ? Ordered(jobs)
            : jobs.OrderBy(job => job.SubmittedAt - (job.Specification.Priority * aging)).ThenByDescending(static job => job.Specification.Priority).ThenBy(static job => job.Id);
    }

    /// <summary>The jobs of a queue in its order, but first those that have a window of their own now: nobody else may use that.</summary>
    private IEnumerable<FactoryJob> InOrder(IEnumerable<FactoryJob> jobs)
    {
        var own = _state.Windows.Values.Where(window => window.Job != 0 && window.LeavesAt <= _now).Select(static window => window.Job).ToHashSet();
        return own.Count == 0 ? Ordered(_state, jobs) : Ordered(_state, jobs).OrderBy(job => !own.Contains(job.Id));
    }

    private static bool IsWithheld(FactoryIsland island) => island is { Withheld: not null, Standing: IslandStanding.Gone };

    /// <summary>Places them, all or those before one.</summary>
    private void PlaceAll(List<FactoryJob> queued, long until = 0)
    {
        var queues = _state.Queues.Queues;
        var waiting = queues.Select(queue => new Queue<FactoryJob>(InOrder(queued.Where(job => job.Specification.Queue == queue.Name)))).ToArray();
        var owns = Array.ConvertAll(waiting, IsOwner);
        while (true)
        {
            // Owners first; a share is used / weight, compared by cross-multiplying, which is exact; of the same share the queue that was named first.
            var best = -1;
            for (var queue = 0; queue < waiting.Length; queue++)
            {
                if (waiting[queue].Count > 0 && (best < 0 || (owns[queue] != owns[best] ? owns[queue]
                    : Used(queues[queue].Name) * (uint)queues[best].Weight < Used(queues[best].Name) * (uint)queues[queue].Weight)))
                {
                    best = queue;
                }
            }

            if (best < 0 || waiting[best].Peek().Id == until)
            {
                return;
            }

            var job = waiting[best].Dequeue();
            _placements.Add((job.Id, Place(job)));
            owns[best] = IsOwner(waiting[best]);
        }
    }

    /// <summary>Whether the next of a queue is within its guarantee, and nobody before it waits: whoever borrowed before it would only have to give it back.</summary>
    private bool IsOwner(Queue<FactoryJob> waiting) => waiting.TryPeek(out var job) && !_tried.Contains(job.Specification.Queue) && IsWithinGuarantee(job);

    private bool IsWithinGuarantee(FactoryJob job) => job.Specification.RoleGangs == 0 && _scheduler.MayClaim(new GangRequest
    {
        Job = FleetMaker.Number(job.Id), Queue = job.Specification.Queue, AcceleratorsPerIsland = job.Specification.AcceleratorsLeast, Hardware = job.Specification.Hardware, MemoryGigabytes = job.Specification.Memory, IslandsMin = job.Specification.IslandsLeast,
    });

    /// <summary>What a queue has used until now, and holds once all that was decided has come true.</summary>
    private UInt128 Used(string queue) => _state.Usage.GetValueOrDefault(queue).Settled(_now).With(_held.GetValueOrDefault(queue));

    private Placement Place(FactoryJob job)
    {
        if (_state.PausedBy(job.Specification.Queue) is { } paused)
        {
            return new Placement { Paused = paused };
        }

        if (job.NotBefore > _now)
        {
            return new Placement { NotBefore = job.NotBefore };
        }

        if (RoleRules.AreStopping(_state, job))
        {
            return new Placement { IsStopping = true };
        }

        if (There(job, out var there) is { } lacks)
        {
            return lacks;
        }

        var plan = IsBehindRates(job) ? null : Best(job, there);
        return plan is { Starts: true } ? Start(job, plan, there) : Wait(job, plan, there);
    }

    /// <summary>The open sites at which a job may have islands.</summary>
    /// <returns>What is lacking where they are too few; null where they are not.</returns>
    private Placement? There(FactoryJob job, out ImmutableArray<string> there)
    {
        var named = job.Specification.Sites.IsDefaultOrEmpty ? [] : job.Specification.Sites;
        var kinds = job.Specification.Kinds;
        ImmutableArray<string> usable = kinds.Length == 1 ? Ledger(kinds[0]).Usable : [.. kinds.SelectMany(kind => Ledger(kind).Usable).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var least = job.Specification.IslandsLeast;
        var domain = job.Specification.Within == Within.Site ? null : job.Specification.Within.ToString().ToLowerInvariant();
        usable = domain is null ? usable : usable.RemoveAll(site => !_placed.Contains(site));
        if (named.IsEmpty && usable.RemoveAll(site => job.Avoids.Contains(site)) is var others && others.Length >= least)
        {
            usable = others;
        }

        there = named.IsEmpty ? usable : [.. named.Where(site => _state.IsOpen(site) && (domain is null || _placed.Contains(site)))];
        if (!named.IsEmpty && there.Length < least)
        {
            return new Placement { Away = [.. named.Except(there, StringComparer.Ordinal)], Domain = domain };
        }

        return named.IsEmpty && usable.Length < least ? new Placement { Wanted = least, Connected = usable, Domain = domain }
            : CheckpointPlanner.IsInReach(_state, job, there) ? null
            : new Placement { IsOutOfReach = true, Away = [.. ResumeRules.Sources(_state, job).Where(site => !_state.IsConnected(site))] };
    }

    /// <summary>Whether one of its queue that goes before it waits for a rate, which it could take.</summary>
    private bool IsBehindRates(FactoryJob job) => job.Specification.Wan is not null && _rated.Contains(job.Specification.Queue);

    /// <summary>The first kind of hardware on which it starts and nobody gives way, else the first on which it starts; else what it lacks of the first.</summary>
    private Plan? Best(FactoryJob job, ImmutableArray<string> there)
    {
        Plan? best = null;
        foreach (var kind in job.Specification.Kinds)
        {
            var (claims, ledger) = (Claims(job, kind), Ledger(kind));
            ImmutableArray<string> open = [.. there.Where(site => ledger.Has(site) && (!claims.TryGetValue(site, out var claimed) || _fleet.FreeAt(site, kind) - claimed >= job.Specification.AcceleratorsLeast))];
            if (open.Length < job.Specification.IslandsLeast || Decide(job, kind, open, isClaimed: open.Any(claims.ContainsKey)) is not { } plan)
            {
                continue;
            }

            if (plan is { Starts: true, Victims.IsEmpty: true })
            {
                return plan;
            }

            best = best is null || (plan.Starts && !best.Starts) ? plan : best;
        }

        return best;
    }

    private Placement Start(FactoryJob job, Plan plan, ImmutableArray<string> there)
    {
        var stops = Stops(plan);
        var chosen = plan.Islands.Where(static island => island.Role < 0).Select(static island => island.Site).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<string> all = job.Specification.Sites.IsDefaultOrEmpty
            ? [.. chosen.Concat(there.Where(site => !chosen.Contains(site)).Take(job.Specification.IslandsMax - chosen.Count)).Order(StringComparer.Ordinal)]
            : job.Specification.Sites;
        var hardware = plan.Islands.First(static island => island.Role < 0).Hardware;
        if (stops.IsEmpty || ResumeRules.IsAtHand(_state, job, [.. chosen]))
        {
            _fleet.Apply(plan, _now);
            stops.ToList().ForEach(StopParts);
            WithdrawClaims(job, "A job that goes before it in its queue has started.");
        }
        else
        {
            ClaimStart(job, hardware, chosen);
            _scheduler.Keep(plan, _now);
        }

        var accelerators = plan.Islands.First(static island => island.Role < 0).Accelerators;
        Ledger(hardware).Take([.. chosen], job.Id, accelerators);
        _held[job.Specification.Queue] = _held.GetValueOrDefault(job.Specification.Queue) + ((long)accelerators * chosen.Count);
        return new Placement { Sites = all, Withheld = [.. all.Where(site => !chosen.Contains(site))], Hardware = Named(job, hardware), Accelerators = Sized(job, accelerators) is { } size ? chosen.ToImmutableSortedDictionary(static site => site, _ => size, StringComparer.Ordinal) : null, Owned = plan.IsOwned, Stops = stops, Rates = plan.Reservations, Places = PlacesOf(plan.Islands.Where(static island => island.Role < 0)), Gangs = Gangs(job, plan), EndBy = plan.EndBy == long.MaxValue ? 0 : plan.EndBy };
    }

    /// <summary>
    /// Nobody is told to leave before what a job goes on from lies where it starts. Until then they have what they have, so that nobody starts on what they would leave, and in its queue none takes the rest.
    /// </summary>
    private void ClaimStart(FactoryJob job, string hardware, IEnumerable<string> chosen)
    {
        var claims = Claims(job, hardware);
        foreach (var site in chosen)
        {
            claims[site] = claims.GetValueOrDefault(site) + (_placed.Contains(site) ? FleetSpecification.AcceleratorsMax : job.Specification.AcceleratorsLeast);
        }

        ClaimRoles(job);
    }

    /// <summary>The domains of islands at sites that the fleet places, as they are recorded.</summary>
    private ImmutableSortedDictionary<string, ImmutableArray<string>>? PlacesOf(IEnumerable<IslandPlan> islands)
    {
        var places = islands.Where(island => _placed.Contains(island.Site)).ToImmutableSortedDictionary(static island => island.Site, _fleet.PlacesOf, StringComparer.Ordinal);
        return places.IsEmpty ? null : places;
    }

    private ImmutableArray<GivingWay> Stops(Plan plan)
    {
        var stops = ImmutableArray.CreateBuilder<GivingWay>();
        foreach (var victims in plan.Victims.GroupBy(static victim => FleetMaker.Of(victim.Job).Job))
        {
            // What was decided a moment ago and is no record yet is not taken back: the job waits a round.
            stops.Add(Leaves(victims.Key, victims.Select(static victim => FleetMaker.Of(victim.Job).Island)));
        }

        return stops.ToImmutable();
    }

    private Placement Wait(FactoryJob job, Plan? plan, ImmutableArray<string> there)
    {
        var accelerators = job.Specification.AcceleratorsLeast;
        var kinds = job.Specification.Kinds;
        ImmutableArray<string> full = IsBehindRates(job) ? [] : [.. there.Where(site => !kinds.Any(kind => Ledger(kind).HasFree(site, accelerators)))];
        ImmutableArray<long> Ahead() => Ledger(kinds.FirstOrDefault(kind => Ledger(kind).Has(full[0])) ?? kinds[0]).Ahead(full[0], job.Id);
        var reason = plan?.Reason is { } lacks ? Explain(job, lacks, there) : Behind(job) ?? (PendingReason)new PendingReason.Accelerators(accelerators, kinds[0], there[0]);
        if (Reserve(job, plan, there))
        {
            // What it is to have is kept for it: nobody else needs to leave what it waits for.
            return full.IsEmpty || reason is not (PendingReason.Accelerators or PendingReason.Behind)
                ? new Placement { Reason = reason, IsBehind = plan is null } : new Placement { Full = full, Ahead = Ahead(), Reason = reason, IsBehind = plan is null };
        }

        foreach (var kind in kinds)
        {
            Ledger(kind).Take(there, job.Id, accelerators);
            var claims = Claims(job, kind);
            foreach (var site in there)
            {
                claims[site] = claims.GetValueOrDefault(site) + (ClaimsAll(plan, site) ? FleetSpecification.AcceleratorsMax : accelerators);
            }
        }

        ClaimRoles(job);
        if (reason is PendingReason.Wan)
        {
            // Likewise of rates: a smaller one that came later could take what it waits for.
            _rated.Add(job.Specification.Queue);
        }

        return full.IsEmpty || reason is PendingReason.Quota or PendingReason.Lending or PendingReason.Power or PendingReason.Wan or PendingReason.Time or PendingReason.Reserved or PendingReason.Role
            ? new Placement { Reason = reason, IsBehind = plan is null }
            : new Placement { Full = full, Ahead = Ahead(), Reason = reason, IsBehind = plan is null };
    }

    /// <summary>Whoever waits for power, or for whole racks of a site, claims all of it: a smaller one that came later would take what it waits for.</summary>
    private bool ClaimsAll(Plan? plan, string site) => plan?.Reason is PendingReason.Power || (plan?.Reason is PendingReason.Accelerators lacks && lacks.Domain == site && _placed.Contains(site));

    /// <summary>The size of an island as records say it: not where the job says one size.</summary>
    private static int? Sized(FactoryJob job, int accelerators) => job.Specification.AcceleratorsLeast == job.Specification.Accelerators ? null : accelerators;

    /// <summary>A kind of hardware as records name it: not where the job names it alone.</summary>
    private static string? Named(FactoryJob job, string hardware) => job.Specification.Hardware.Length == 1 ? null : hardware;

    private SlotLedger Ledger(string hardware)
    {
        if (!_ledgers.TryGetValue(hardware, out var ledger))
        {
            _ledgers.Add(hardware, ledger = new SlotLedger(_state, hardware));
        }

        return ledger;
    }

    private SortedDictionary<string, long> Claims(FactoryJob job, string hardware)
    {
        // Jobs of one kind of hardware and one queue.
        var key = $"{job.Specification.Queue} {hardware}";
        if (!_claims.TryGetValue(key, out var claims))
        {
            _claims.Add(key, claims = new SortedDictionary<string, long>(StringComparer.Ordinal));
        }

        return claims;
    }

    /// <summary>What is left goes to islands that were left out: of the greater priority first, then of the earlier job. Nobody gives way to them.</summary>
    private ImmutableArray<Growth> Grow(List<FactoryJob> jobs)
    {
        var growths = ImmutableArray.CreateBuilder<Growth>();
        foreach (var job in Ordered(jobs.Where(job => _state.PausedBy(job.Specification.Queue) is null)).OrderBy(static job => job.Islands.All(static island => island.Kept is null)))
        {
            for (var index = 0; index < job.Islands.Length; index++)
            {
                var site = job.Islands[index].Site;
                if (!IsWithheld(job.Islands[index]) || !FleetCapacity.HasRoom(_state, [new GangPlace(job, site, job.Hardware, [], job.Islands[index].Kept?.Accelerators ?? job.Specification.AcceleratorsLeast)], planned: true))
                {
                    continue;
                }

                if (Back(job, index) is { } plan && RateRules.Between(_fleet, job, site) is { } rates)
                {
                    _fleet.Apply(plan, _now);
                    Ledger(job.Hardware).Take([site], job.Id, plan.Islands[0].Accelerators);
                    growths.Add(new Growth(job.Id, site, plan.IsOwned, _fleet.PlacesOf(plan.Islands[0]), rates, Sized(job, plan.Islands[0].Accelerators)));
                    _fleet.TakeRates(rates);
                }
            }
        }

        return growths.ToImmutable();
    }
}
