using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Preempting;

namespace Superfactory.Scheduling.Roles;

/// <summary>
/// Finds who gives way for a job with roles, by the rules of <see cref="VictimRules"/>: the cheapest first, ever twice as many, until all its gangs have a place; then everybody
/// goes on who can beside it, the dearest first. So all of them start where they would if everybody gave way who may. Works on the state and leaves it as it was. Not safe for concurrent use.
/// </summary>
internal sealed class RoleVictims(FleetState state, RoleSearch roles)
{
    // A search for each of them takes its time: beyond so many only those go on whose places were not taken.
    private const int SparedMax = 64;

    private readonly List<RunningJob> _possible = [];
    private readonly List<RunningJob> _stopped = [];

    /// <summary>Finds a plan with victims; null where none would help.</summary>
    public Plan? Find(GangRequest request, long now)
    {
        var queue = state.Queues.Find(request.Queue);
        state.Spare(now);
        return Find(request, queue, isOwned: true, now) ?? Find(request, queue, isOwned: false, now);
    }

    private Plan? Find(GangRequest request, int queue, bool isOwned, long now)
    {
        if (isOwned ? !HasGuarantee(queue) : !state.HasBelow(queue, request.Priority))
        {
            return null;
        }

        Gather(request, queue, isOwned, now);
        var (batch, plan) = (1, new Plan { Request = request });
        for (var next = 0; !plan.Starts && next < _possible.Count;)
        {
            for (var end = Math.Min(_possible.Count, next + batch); next < end; next++)
            {
                state.Detach(_possible[next]);
                _stopped.Add(_possible[next]);
            }

            batch *= 2;
            plan = roles.Find(request, request.IslandsMin, isOwned);
        }

        if (plan.Starts)
        {
            plan = WithFewer(request, isOwned, plan, now);
            KeepWhoCanStay(plan, now);
        }

        foreach (var job in _stopped)
        {
            state.Restore(job);
        }

        return !plan.Starts ? null : plan with { Victims = [.. _stopped.OrderBy(static job => job.Number).Select(job => new Victim(job.Number, job.IsOwned, job.Loss(now)))] };
    }

    /// <summary>Finds places beside as many of those that were stopped as there are: whoever is not needed goes on, the dearest first.</summary>
    private Plan WithFewer(GangRequest request, bool isOwned, Plan plan, long now)
    {
        _stopped.Sort((one, other) => VictimRules.Compare(one, other, now));
        for (int last = _stopped.Count - 1, tried = 0; tried < SparedMax && last >= 0; last--, tried++)
        {
            // Everybody ran beside everybody a moment ago, so nobody lacks anything.
            state.Restore(_stopped[last]);
            if (roles.Find(request, request.IslandsMin, isOwned) is { Starts: true } found)
            {
                plan = found;
                _stopped.RemoveAt(last);
            }
            else
            {
                state.Detach(_stopped[last]);
            }
        }

        return plan;
    }

    private bool HasGuarantee(int queue)
    {
        for (var type = 0; type < HardwareCatalogue.All.Length; type++)
        {
            if (state.Quota.Own(queue, type) > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Everybody who may be stopped, the cheapest first.</summary>
    private void Gather(GangRequest request, int queue, bool isOwned, long now)
    {
        _possible.Clear();
        _stopped.Clear();
        for (var other = isOwned ? 0 : queue; other < (isOwned ? state.Queues.Queues.Length : queue + 1); other++)
        {
            foreach (var job in state.JobsOf(other))
            {
                var below = other == queue ? state.Queues.Order.Outranks(request, job.Request) : isOwned;
                if (below && now >= job.MinimumEnd && (job.IsOwned ? isOwned && other == queue : !job.IsSpared))
                {
                    _possible.Add(job);
                }
            }
        }

        _possible.Sort((one, other) => VictimRules.Compare(one, other, now));
    }

    /// <summary>With all gangs in their places, lets everybody go on whose accelerators, power, rates and quota are still there.</summary>
    private void KeepWhoCanStay(Plan plan, long now)
    {
        var gang = state.Start(plan, now, isTrial: true);
        for (var last = _stopped.Count - 1; last >= 0; last--)
        {
            if (!state.CanRestore(_stopped[last]))
            {
                continue;
            }

            // What the job borrows must still be its to borrow, and what is reserved must still be there.
            state.Restore(_stopped[last]);
            if ((gang.IsOwned || MayBorrow(gang)) && state.LeavesReserved(_stopped[last], gang))
            {
                _stopped.RemoveAt(last);
            }
            else
            {
                state.Detach(_stopped[last]);
            }
        }

        state.TakeBack(gang.Number);
    }

    private bool MayBorrow(RunningJob gang)
    {
        for (var type = 0; type < HardwareCatalogue.All.Length; type++)
        {
            if (gang.Of(type) > 0 && state.Quota.CheckBorrowing(gang.Queue, type, 0, state.Free(type)) is not null)
            {
                return false;
            }
        }

        return true;
    }
}
