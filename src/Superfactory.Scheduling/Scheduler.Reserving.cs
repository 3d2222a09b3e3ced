using System.Collections.Immutable;
using Superfactory.Scheduling.Pending;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling;

/// <content>Starts that are reserved for those that wait.</content>
public sealed partial class Scheduler
{
    /// <summary>
    /// Reserves a start for a job that cannot start now: the earliest time at which enough of those that run are expected to have ended, beside what is reserved for
    /// others that go before it. Those that go after it do not hinder it: <see cref="Unsound"/> says who of them has to be looked at anew.
    /// </summary>
    /// <param name="request">The job.</param>
    /// <param name="now">The time.</param>
    /// <param name="notBefore">So many milliseconds from now at the least.</param>
    /// <returns>What is reserved from now on; null where no such time is known, and for a job with roles.</returns>
    public Reservation? Reserve(GangRequest request, long now, long notBefore = 1)
    {
        ArgumentNullException.ThrowIfNull(request);
        var book = _state.Reserved;
        book.Advance(now);
        book.Withdraw(request.Job);
        if (!request.Roles.IsEmpty || (_state.Ending.Count == 0 && book.IsEmpty && request.StartAfterMilliseconds <= now))
        {
            return null;
        }

        var lifted = LiftAfter(request);
        var found = _starts.Find(request, now, now + notBefore);
        lifted.ForEach(each => book.Lift(each, false));
        if (found is not null)
        {
            book.Add(found);
        }

        return found;
    }

    /// <summary>What is reserved for those that go after a job does not hinder it, nor do windows that are for it.</summary>
    private List<Reservation> LiftAfter(GangRequest request)
    {
        var outranked = _state.Reserved.Starts.Where(each => GoesBefore(_state, request, each)).ToList();
        var windows = _state.Reserved.Windows.Where(each => each.Window!.IsFor(_state.Queues, request.Queue, request.Job));
        List<Reservation> lifted = [.. outranked, .. windows];
        lifted.ForEach(each => _state.Reserved.Lift(each, true));
        return lifted;
    }

    /// <summary>Whether a start that is reserved comes true at its time once some are gone, with quota, power and rates: nobody is stopped for one that does not.</summary>
    private bool ComesTrue(Reservation reservation, IReadOnlyCollection<RunningJob> gone, long now)
    {
        var book = _state.Reserved;
        book.IsSearching = true;
        book.Remove(reservation);
        var lifted = LiftAfter(reservation.Request!);
        var comes = _starts.MayStart(reservation.Request!, gone, now, reservation.StartMilliseconds);
        lifted.ForEach(each => book.Lift(each, false));
        book.Add(reservation);
        book.IsSearching = false;
        return comes;
    }

    /// <summary>Whether a start is reserved for somebody who goes after a job.</summary>
    internal bool HasAfter(GangRequest request)
    {
        foreach (var reservation in _state.Reserved.StartsByJob)
        {
            if (GoesBefore(_state, request, reservation))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// In one queue by the order of the queue; of two queues' jobs the one that was submitted first, but for an owner's and for one of a greater priority. So whoever goes
    /// before another is before it in <see cref="Backlog.Order"/>, and starts that make room for each other never do so in a circle.
    /// </summary>
    internal static bool GoesBefore(FleetState state, GangRequest request, Reservation reservation) => (reservation.Queue == request.Queue ? state.Queues.Order : Backlog.Order.Instance).Compare(request, reservation.Request) < 0
        && (reservation.Queue == request.Queue || (!reservation.IsOwned && request.SubmittedMilliseconds < reservation.Request!.SubmittedMilliseconds));

    /// <summary>The reserved starts that cannot come true any more as they are: their accelerators are lost or given to others, or their time has come and they did not start. They are to be withdrawn: until something changes those whose time has not come are said once.</summary>
    public IReadOnlyList<Reservation> Unsound(long now)
    {
        List<Reservation> unsound = [];
        if (_state.Reserved.HasClaims)
        {
            FindFailing(now, unsound);
        }

        foreach (var reservation in _state.Reserved.StartsByJob)
        {
            if (!reservation.IsClaim && (reservation.StartMilliseconds <= now || (_state.Reserved.IsTouched(reservation) && !IsSound(reservation))))
            {
                unsound.Add(reservation);
            }
        }

        unsound.ForEach(static reservation => reservation.IsFailing = false);
        _state.Reserved.Settle();
        return unsound;
    }

    /// <summary>Why a job waits that was decided to: where it would start but for what is reserved for others, what that is; otherwise the reason as it is.</summary>
    public PendingReason Explain(GangRequest request, PendingReason reason, long now)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(reason);
        return !_state.Reserved.IsEmpty && request.Roles.IsEmpty && reason is not (PendingReason.Never or PendingReason.Time or PendingReason.Behind) && _ahead.RunsInto(request.AtLeast(), now) is { } into ? into : reason;
    }

    /// <summary>
    /// Who has to be stopped now, in time for what is reserved: those that were let run ahead of a start and run longer than was expected, and whoever a window has no
    /// room for beside it. A job is stopped as long before as that takes.
    /// </summary>
    public ImmutableArray<Overdue> Overdue(long now) => _state.Reserved.IsEmpty ? [] : OverdueSearch.Find(_state, now, (start, gone) => ComesTrue(start, gone, now));

    /// <summary>Who would have to be stopped for windows, as things stand, however long before that.</summary>
    public ImmutableArray<Overdue> InTheWay(long now) => [.. OverdueSearch.Find(_state, now, static (_, _) => false, long.MaxValue).Where(static each => each.For.Window is not null)];

    /// <summary>Claims that fail, the earlier first: what those are to have that can't come true hinders no later one.</summary>
    private void FindFailing(long now, List<Reservation> failing)
    {
        _state.Spare(now);
        foreach (var claim in _state.Reserved.StartsByJob.Where(static each => each.IsClaim).OrderBy(static each => each.StartMilliseconds).ThenBy(static each => each.Job))
        {
            if (claim.StartMilliseconds <= now || !IsSound(claim))
            {
                claim.IsFailing = true;
                failing.Add(claim);
            }
        }
    }

    private bool IsSound(Reservation reservation)
    {
        if (reservation.IsClaim && !HasGuarantee(reservation))
        {
            return false;
        }

        foreach (var hold in reservation.Holds)
        {
            if (!_state.Reserved.HasRoom(hold))
            {
                return false;
            }
        }

        return true;
    }
}
