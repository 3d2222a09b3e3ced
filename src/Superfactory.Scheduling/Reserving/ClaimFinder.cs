using System.Collections.Immutable;
using Superfactory.Scheduling.Preempting;

namespace Superfactory.Scheduling.Reserving;

/// <summary>
/// Finds when and where somebody who waits has what its queue is guaranteed at the latest: when those who borrow it have run the minimum. Works on the state and leaves it as it was. Not safe for
/// concurrent use: it keeps its buffers.
/// </summary>
internal sealed class ClaimFinder(FleetState state, VictimSearch victims)
{
    // Each try is a search for victims.
    private const int TriesMax = 1;

    private readonly List<Reservation> _lifted = [];

    /// <summary>The claim that is found; null where even those who may give way leave the request no place on its queue's guarantee.</summary>
    /// <param name="request">The job. Nothing is reserved for it.</param>
    /// <param name="now">The time.</param>
    /// <param name="known">A time that was enough before: it is tried first, so that a claim moves no later without need. 0 for none.</param>
    public Reservation? Find(GangRequest request, long now, long known)
    {
        state.Spare(now);
        if (!state.MayHaveYoung)
        {
            return null;
        }

        Lift(request, now);
        ChargeOthers(1);
        state.LooksAhead = true;
        state.Reserved.Look(0, AheadSearch.Until(request, now + RunningJob.MinimumRunMax));
        var found = Search(request, now, known);
        state.Reserved.Look(0, long.MaxValue);
        state.LooksAhead = false;
        ChargeOthers(-1);
        LiftNoMore();
        return found;
    }

    /// <summary>With everybody's minimum over first: most that find nothing are told apart there. Then halves of the time that is left.</summary>
    private Reservation? Search(GangRequest request, long now, long known)
    {
        var found = known > now ? Try(request, known, now) : null;
        found ??= Try(request, now + RunningJob.MinimumRunMax, now);
        var failed = now;
        for (var tries = 0; found is not null && tries < TriesMax && found.StartMilliseconds - failed > 1; tries++)
        {
            var middle = (failed + found.StartMilliseconds) / 2;
            if (Try(request, middle, now) is { } earlier)
            {
                found = earlier;
            }
            else
            {
                failed = middle;
            }
        }

        return found;
    }

    /// <summary>Whether who has run the minimum by a time leaves enough, and when the last of those that give way has.</summary>
    private Reservation? Try(GangRequest request, long time, long now)
    {
        if (victims.Find(request.AtLeast() with { IslandsMax = request.IslandsMin }, time) is not { IsOwned: true } plan)
        {
            return null;
        }

        var start = now + 1;
        foreach (var victim in plan.Victims)
        {
            start = Math.Max(start, state.Running[victim.Job].MinimumEnd);
        }

        return Of(plan with { Request = request }, start);
    }

    /// <summary>A claim on the place of a plan, with what those have who give way for it.</summary>
    public Reservation Of(Plan plan, long start) =>
        StartFinder.Reservation(state, plan, start, [.. plan.Reservations.Select(each => (state.Wan.Numbers(each), each.BytesPerSecond))], isClaim: true);

    /// <summary>What borrowers of other queues wait for makes room, as those do that borrow; in its own queue what is for those behind it; and windows that it may use, or that are far.</summary>
    private void Lift(GangRequest request, long now)
    {
        foreach (var each in state.Reserved.All)
        {
            if (each.Window is { } window ? window.IsFor(state.Queues, request.Queue, request.Job) || window.IsFar(request, now + RunningJob.MinimumRunMax)
                : each.Queue == request.Queue ? state.Queues.Order.Compare(request, each.Request) < 0 : !each.IsOwned)
            {
                _lifted.Add(each);
                state.Reserved.Lift(each, true);
            }
        }
    }

    private void LiftNoMore()
    {
        foreach (var each in _lifted)
        {
            state.Reserved.Lift(each, false);
        }

        _lifted.Clear();
    }

    /// <summary>Charges the rates of what is reserved for others; what these need of domains and power is kept of them.</summary>
    private void ChargeOthers(int sign)
    {
        foreach (var other in state.Reserved.StartsByJob)
        {
            foreach (var (route, rate) in other.Routes)
            {
                state.Wan.Release(route, other.IsLifted ? 0 : -sign * rate);
            }
        }
    }
}
