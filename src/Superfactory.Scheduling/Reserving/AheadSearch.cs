using Superfactory.Scheduling.Capacity;
using Superfactory.Scheduling.Placing;
using Superfactory.Scheduling.Preempting;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// Finds a place for a job that what is reserved leaves none for at first sight: in its own reservation; ahead of later ones, which it is expected to be gone by; or
/// in place of those that it goes before. Works on the state and leaves it as it was. Not safe for concurrent use.
/// </summary>
internal sealed class AheadSearch(FleetState state, GangSearch gangs, VictimSearch victims)
{
    // An island of whole domains is seldom cut into more slices than so many for each.
    private const int SmallestSlice = 16;

    private readonly List<Reservation> _lifted = [];

    // Whether anything was kept where what is lifted has a part: it is no longer when it is asked whether that may help.
    private bool _hadWatts, _hadCount;

    /// <summary>Until when a job that starts now keeps others from what it has: its expected end, and the time that it takes to stop it.</summary>
    public static long Until(GangRequest request, long now) => request.DurationMilliseconds == 0 ? long.MaxValue : now + request.DurationMilliseconds + request.StopCostMilliseconds;

    /// <summary>Finds a plan; null where there is none.</summary>
    /// <param name="request">The job.</param>
    /// <param name="now">The time.</param>
    /// <param name="lacks">What was found that it lacks of the first kind of hardware, as all is seen that is reserved; null where it lacks nothing but what is kept for others.</param>
    public Plan? Find(GangRequest request, long now, PendingReason? lacks)
    {
        var book = state.Reserved;
        var until = Until(request, now);
        if (book.TryFind(request.Job, out var own) && own.StartMilliseconds <= now && !IsInWindow(own, now, until) && AsReserved(own) is { } reserved)
        {
            return reserved;
        }

        var plan = Beside(request, now, until, own, lacks);
        plan ??= victims.MayFind(request) ? Stopping(request, now, until) : null;
        plan ??= own is { IsClaim: true } && own.StartMilliseconds <= now && !IsInWindow(own, now, until) ? AsClaimed(own, now) : null;
        LiftNoMore();
        book.Look(0, long.MaxValue);
        return plan;
    }

    /// <summary>As above, but nobody gives way, and what is reserved for the job is of another size: it is no place for it.</summary>
    public Plan? FindBeside(GangRequest request, long now, PendingReason? lacks)
    {
        var plan = Beside(request, now, Until(request, now), state.Reserved.TryFind(request.Job, out var own) ? own : null, lacks);
        LiftNoMore();
        state.Reserved.Look(0, long.MaxValue);
        return plan;
    }

    /// <summary>A place beside what is reserved for others, or instead of it where the job goes before these. What was lifted stays so.</summary>
    private Plan? Beside(GangRequest request, long now, long until, Reservation? own, PendingReason? lacks)
    {
        (_hadWatts, _hadCount) = (false, false);
        LiftWindows(request, now);
        if (own is not null)
        {
            Lift(own);
        }

        // Most that wait are told apart before the fleet is seen otherwise, which takes longer than all else.
        if (MayHelp(request, until, lacks) && Placed(request, now, until) is { } placed)
        {
            return placed;
        }

        var owned = IsGuaranteed(request);
        var more = false;
        foreach (var reservation in state.Reserved.StartsByJob)
        {
            if (!reservation.IsLifted && GoesBefore(request, reservation, owned))
            {
                Lift(reservation);
                more = true;
            }
        }

        return (more ? Placed(request, now, until) : null) ?? InWindow(request, now, until);
    }

    private Plan? Placed(GangRequest request, long now, long until)
    {
        state.Reserved.Look(0, until);
        return Kept(gangs.Find(request, guaranteedOnly: false, request.IslandsMax), now, until);
    }

    private Plan? Stopping(GangRequest request, long now, long until)
    {
        state.Reserved.Look(0, until);
        return victims.Find(request, now) is { } stopping ? Kept(stopping, now, until) : null;
    }

    /// <summary>Who may use a window that has begun, or is being cleared, goes before all whose starts are reserved at its place, however long it runs: that is what it was reserved for.</summary>
    private Plan? InWindow(GangRequest request, long now, long until) =>
        LiftInWindow(request, now) is { } domains && Placed(request, now, until) is { } plan && plan.Islands.All(island => island.Domains.All(domains.Contains)) ? plan : null;

    /// <summary>Has starts keep nothing that are reserved in windows which a job may use now.</summary>
    /// <returns>The domains of these windows; null where there are none.</returns>
    public HashSet<int>? LiftInWindow(GangRequest request, long now)
    {
        if (state.Reserved.Windows.Count == 0)
        {
            return null;
        }

        var domains = new HashSet<int>();
        foreach (var window in state.Reserved.Windows)
        {
            if (state.Reserved.LeftFrom(window) <= now && window.Window!.IsFor(state.Queues, request.Queue, request.Job))
            {
                domains.UnionWith(window.Holds.Select(static hold => hold.Domain));
            }
        }

        if (domains.Count == 0)
        {
            return null;
        }

        foreach (var reservation in state.Reserved.StartsByJob)
        {
            if (!reservation.IsLifted && reservation.Holds.Any(hold => domains.Contains(hold.Domain)))
            {
                Lift(reservation);
            }
        }

        return domains;
    }

    /// <summary>The first start that is reserved, and not lifted, which a plan that was found does not leave its quota and rates; null where it leaves all of them theirs.</summary>
    public Reservation? Taken(Plan plan, long until)
    {
        foreach (var reservation in state.Reserved.StartsByJob)
        {
            if (!reservation.IsLifted && reservation.Job != plan.Request.Job && reservation.Since < until && !ReservedRules.Leaves(state, plan, reservation))
            {
                return reservation;
            }
        }

        return null;
    }

    /// <summary>What somebody who waits would run into if it started, where it would if nothing were reserved; else what it would lack then.</summary>
    public PendingReason? RunsInto(GangRequest request, long now)
    {
        foreach (var reservation in state.Reserved.All)
        {
            Lift(reservation);
        }

        var plan = gangs.Find(request, guaranteedOnly: false, request.IslandsMax);
        foreach (var reservation in _lifted)
        {
            state.Reserved.Lift(reservation, false);
        }

        _lifted.Clear();
        if (!plan.Starts)
        {
            return plan.Reason;
        }

        var until = Until(request, now);
        var first = state.Reserved.All.Where(each => each.Since < until && Hinders(each, request, now)).OrderBy(each => !each.Holds.Any(hold => plan.Islands.Any(island => island.Domains.Contains(hold.Domain))))
            .ThenBy(static each => each.StartMilliseconds).ThenBy(static each => each.Job).FirstOrDefault();
        return first is null ? null : new PendingReason.Reserved(first.Job, first.StartMilliseconds, first.Window?.Id ?? 0);
    }

    /// <summary>Has windows keep nothing that a job may use, or that begin so late that it may run until then.</summary>
    public void LiftWindows(GangRequest request, long now)
    {
        foreach (var reservation in state.Reserved.Windows)
        {
            if (!Hinders(reservation, request, now))
            {
                Lift(reservation);
            }
        }
    }

    private void Lift(Reservation reservation)
    {
        foreach (var hold in reservation.Holds)
        {
            _hadWatts |= state.KeptWatts(hold.Domain) > 0;
            _hadCount |= state.Domains.Kept(hold.Domain) > 0;
        }

        _lifted.Add(reservation);
        state.Reserved.Lift(reservation, true);
    }

    /// <summary>Everything that is reserved is kept again.</summary>
    public void LiftNoMore()
    {
        foreach (var reservation in _lifted)
        {
            state.Reserved.Lift(reservation, false);
        }

        _lifted.Clear();
    }

    private bool Hinders(Reservation reservation, GangRequest request, long now) =>
        reservation.Window is { } window ? !window.IsFar(request, now) && !window.IsFor(state.Queues, request.Queue, request.Job) : reservation.Job != request.Job;

    /// <summary>Of the same queue the greater priority goes first, and who takes what the queue is guaranteed before those behind it; and that one before whoever borrows in another queue.</summary>
    private bool GoesBefore(GangRequest request, Reservation reservation, bool owned) =>
        reservation.Queue == request.Queue ? (owned || request.Priority > reservation.Request!.Priority) && state.Queues.Order.Compare(request, reservation.Request) < 0 : owned && !reservation.IsOwned;

    private bool IsGuaranteed(GangRequest request)
    {
        var queue = state.Queues.Find(request.Queue);
        foreach (var type in GangSearch.Types(request))
        {
            if (state.Quota.IsWithinGuarantee(queue, type, (long)request.IslandsMin * request.AcceleratorsPerIsland))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether anything that would be seen otherwise could matter: most jobs that wait are told apart here. What is kept of a full domain may be the power, or the accelerators not lent, that another lacks.</summary>
    private bool MayHelp(GangRequest request, long until, PendingReason? lacks)
    {
        var (isPower, isLending) = request.Hardware.Length == 1 ? (lacks is PendingReason.Power, lacks is PendingReason.Lending) : (true, true);
        if ((isPower && _hadWatts) || (isLending && _hadCount))
        {
            return true;
        }

        foreach (var reservation in state.Reserved.All)
        {
            if (!reservation.IsLifted && reservation.Since < until)
            {
                continue;
            }

            foreach (var hold in reservation.Holds)
            {
                var capacity = state.Layout.Pools[state.Layout.Domains[hold.Domain].Pool].Capacity;
                if (state.Domains.Open(hold.Domain) >= Math.Max(1, Math.Min(request.AcceleratorsPerIsland, capacity) / SmallestSlice)
                    || (isPower && state.KeptWatts(hold.Domain) > 0) || (isLending && state.Domains.Kept(hold.Domain) > 0))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// The plan that was reserved, once its time has come, where all that it needs is there. It was found to leave all others that are reserved theirs, and these were
    /// found beside it.
    /// </summary>
    private Plan? AsReserved(Reservation own)
    {
        if (!own.Routes.IsEmpty)
        {
            return null;
        }

        foreach (var reservation in state.Reserved.All)
        {
            // Who was to have left may be there still: a claim has what is free.
            if (!reservation.IsClaim || reservation == own)
            {
                Lift(reservation);
            }
        }

        // Nor was the guarantee of its queue asked for when it borrowed.
        var plan = Fits(own);
        plan = plan is not null && Taken(plan, long.MaxValue) is null ? plan : null;
        LiftNoMore();
        return plan;
    }

    /// <summary>Whether a window for others, which may have been reserved after its start was, has a part in the places of one whose time has come.</summary>
    private bool IsInWindow(Reservation own, long now, long until)
    {
        foreach (var window in state.Reserved.Windows)
        {
            if (window.StartMilliseconds < until && window.EndMilliseconds > now && !window.Window!.IsFor(state.Queues, own.Queue!, own.Job) && !window.Window.IsFar(own.Request!, now)
                && window.Holds.Any(hold => own.Holds.Any(each => each.Domain == hold.Domain)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The place that was claimed, once its time has come, with those stopped who borrow it: all others that are reserved were found beside it, and count on what leaves with it.
    /// </summary>
    private Plan? AsClaimed(Reservation own, long now)
    {
        var before = _lifted.Count;
        foreach (var reservation in state.Reserved.All)
        {
            if (!reservation.IsLifted)
            {
                Lift(reservation);
            }
        }

        var place = new Plan { Request = own.Request!, Islands = own.Islands, IsOwned = true, Reservations = state.RatesOf(own) };
        return victims.Clear(place, own.Type, now, () => Fits(own) is { IsOwned: true }, () =>
        {
            foreach (var reservation in _lifted.Skip(before))
            {
                state.Reserved.Lift(reservation, false);
            }

            _lifted.RemoveRange(before, _lifted.Count - before);
        });
    }

    private Plan? Fits(Reservation own)
    {
        var queue = state.Queues.Find(own.Queue!);
        var isOwned = state.Quota.IsWithinGuarantee(queue, own.Type, own.Accelerators);
        var fits = state.Wan.HasRoom(own.Routes) && (isOwned || state.Quota.CheckBorrowing(queue, own.Type, own.Accelerators, state.Free(own.Type)) is null);
        var drawn = 0;
        foreach (var hold in own.Holds)
        {
            // Watts are drawn while domains are looked at, so that those which share a budget are added up.
            var rack = state.Layout.Domains[hold.Domain].Rack;
            fits = fits && state.Domains.Free(hold.Domain) >= hold.Count && state.Power.FitsRack(rack, hold.Watts)
                && hold.Watts <= state.Power.Left(PowerLevel.Site, state.Layout.Racks[rack].Site) && hold.Watts <= state.Power.Left(PowerLevel.Fleet, 0);
            if (!fits)
            {
                break;
            }

            state.Power.Draw(rack, hold.Watts);
            drawn++;
        }

        for (var hold = 0; hold < drawn; hold++)
        {
            state.Power.Draw(state.Layout.Domains[own.Holds[hold].Domain].Rack, -own.Holds[hold].Watts);
        }

        return fits ? new Plan { Request = own.Request!, Islands = own.Islands, IsOwned = isOwned } : null;
    }

    private Plan? Kept(Plan plan, long now, long until)
    {
        if (!plan.Starts || Taken(plan, until) is not null)
        {
            return null;
        }

        var endBy = long.MaxValue;
        foreach (var island in plan.Islands)
        {
            foreach (var domain in island.Domains)
            {
                foreach (var hold in state.Reserved.Of(domain))
                {
                    if (!hold.Of.IsLifted && hold.Of.Since >= until && hold.Of.StartMilliseconds > now)
                    {
                        endBy = Math.Min(endBy, hold.Of.StartMilliseconds);
                    }
                }
            }
        }

        return plan with { EndBy = endBy };
    }
}
