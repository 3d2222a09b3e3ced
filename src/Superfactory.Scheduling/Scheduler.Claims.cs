using Superfactory.Scheduling.Placing;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling;

/// <content>What is kept for queues that take back what they are guaranteed.</content>
public sealed partial class Scheduler
{
    private readonly ClaimFinder _claims;

    /// <summary>
    /// Keeps for a job within its queue's guarantee, which waits for those that borrow it to have run the minimum, what they leave then and what is free towards it: in 15 minutes at the most it has it.
    /// Whoever starts meanwhile does not make it wait longer.
    /// </summary>
    /// <param name="request">The job; it cannot start now.</param>
    /// <param name="now">The time.</param>
    /// <returns>What is reserved from now on, in place of what was; null where that is not what it waits for: then a start that was reserved for it stays, and a claim does not.</returns>
    public Reservation? Claim(GangRequest request, long now)
    {
        ArgumentNullException.ThrowIfNull(request);
        var book = _state.Reserved;
        var known = book.TryFind(request.Job, out var before) ? before : null;
        book.IsSearching = true;
        _ = known is not null && book.Remove(known);
        var found = request.StartAfterMilliseconds <= now && MayClaim(request) ? _claims.Find(request, now, known is { IsClaim: true } ? known.StartMilliseconds : 0) : null;
        if (found is null && known is { IsClaim: false })
        {
            book.Add(known);
        }

        book.IsSearching = false;
        if (known is not null && (found is not null || known.IsClaim))
        {
            // What it had others may have.
            _state.Regain();
        }

        if (found is not null)
        {
            book.Add(found);
        }

        return found;
    }

    /// <summary>Keeps for a job within its queue's guarantee the place of a plan that does not come true yet: what is free of it, and what those leave who are to give way and have not been told to.</summary>
    /// <param name="plan">The plan, which was decided on this very state. One of a job with roles, or of one that borrows, keeps nothing.</param>
    /// <param name="now">The time.</param>
    public void Keep(Plan plan, long now)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan is { Starts: true, IsOwned: true, Request.Roles.IsEmpty: true })
        {
            _state.Reserved.Withdraw(plan.Request.Job);
            _state.Reserved.Add(_claims.Of(plan, now + 1));
        }
    }

    /// <summary>Whether what a job needs at least is within its queue's guarantee, of a kind that it accepts. A job with roles claims nothing.</summary>
    public bool MayClaim(GangRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.Roles.IsEmpty)
        {
            return false;
        }

        var queue = _state.Queues.Find(request.Queue);
        var count = (long)request.IslandsMin * (request.IsElastic ? request.AcceleratorsMin : request.AcceleratorsPerIsland);
        foreach (var type in GangSearch.Types(request))
        {
            if (_state.Quota.IsWithinGuarantee(queue, type, count))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a claim still has what it was given: nodes fail, and who was to make room may be on a guarantee by now.</summary>
    internal bool HasClaim(Reservation claim, long now)
    {
        _state.Spare(now);
        return claim.StartMilliseconds > now && IsSound(claim);
    }

    /// <summary>Whether somebody who is tried before a job has something kept for it that the job would run into. What is kept and hinders nobody stays, for those after it, until <see cref="Unclaim"/>.</summary>
    internal bool ClaimsBefore(GangRequest before, GangRequest request, List<(Reservation Claim, Reservation? Instead)> claims, long now)
    {
        var known = _state.Reserved.TryFind(before.Job, out var found) ? found : null;
        if (known is { IsClaim: true } || before.StartAfterMilliseconds > now || !MayClaim(before))
        {
            return false;
        }

        _state.Reserved.IsSearching = true;
        if (known is not null)
        {
            _state.Reserved.Remove(known);
        }

        if (_claims.Find(before, now, 0) is { } claim)
        {
            _state.Reserved.Add(claim);
            claims.Add((claim, known));
        }
        else if (known is not null)
        {
            _state.Reserved.Add(known);
        }

        _state.Reserved.IsSearching = false;
        if (claims.Count == 0 || claims[^1].Claim.Job != before.Job || Decide(request with { StartAfterMilliseconds = 0 }, now).Starts)
        {
            return false;
        }

        var last = claims[^1];
        claims.RemoveAt(claims.Count - 1);
        Unclaim([last]);
        return true;
    }

    /// <summary>What was kept for a thought is kept no longer, and what was before is again.</summary>
    internal void Unclaim(List<(Reservation Claim, Reservation? Instead)> claims)
    {
        _state.Reserved.IsSearching = true;
        for (var last = claims.Count - 1; last >= 0; last--)
        {
            _state.Reserved.Remove(claims[last].Claim);
            if (claims[last].Instead is { } instead)
            {
                _state.Reserved.Add(instead);
            }
        }

        _state.Reserved.IsSearching = false;
    }

    private bool HasGuarantee(Reservation claim) => _state.Quota.IsWithinGuarantee(claim.QueueNumber, claim.Type, claim.Accelerators);
}
