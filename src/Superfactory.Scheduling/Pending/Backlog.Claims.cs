using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Pending;

/// <content>Queues that take back what they are guaranteed: they go first, and what they wait for is kept for them.</content>
public sealed partial class Backlog
{
    // The queues as they were in order when something last changed, and the first that was not looked at since.
    private readonly int[] _inOrder;
    private int _owner;
    private long _inOrderAt;

    // Of each queue the job that was last found to have no claim, and how often something had been regained for it by then.
    private readonly (long Job, long Regained)[] _claimless;
    private bool _ownersAreStale = true;
    private long _regained;

    /// <summary>The next queue whose first job is within its guarantee and was not tried; −1 where there is none. Who borrowed before it would only have to give it back.</summary>
    private int NextOwner(long now)
    {
        do
        {
            if (_ownersAreStale)
            {
                _order.At(now).CopyTo(_inOrder);
                (_ownersAreStale, _owner, _inOrderAt) = (false, 0, now);
            }

            while (_owner < _inOrder.Length)
            {
                var queue = _inOrder[_owner++];
                if (IsUntried(queue, now) && IsUntried(queue, _inOrderAt) && _scheduler.MayClaim(_first[queue]!))
                {
                    return queue;
                }
            }
        }
        while (RetryOwners(now));

        return -1;
    }

    /// <summary>The queues in the order in which they are tried if a job is the first of its queue, and those that are away wait no longer.</summary>
    private int[] QueuesInOrder(GangRequest request, int queue, HashSet<long> away, long now) =>
        [.. _order.At(now).ToArray().OrderBy(other => (other == queue ? request : _waiting[other].Take(_waiting[other].Count).FirstOrDefault(each => !away.Contains(each.Job))) is { } first && _scheduler.MayClaim(first) ? 0 : 1)];

    private bool IsUntried(int queue, long now) => _first[queue] is not null && (_blocked[queue] is not { } reason || (reason is PendingReason.Time time && time.UntilMilliseconds <= now));

    /// <summary>Whether something was regained since owners were tried that nobody could have taken back before.</summary>
    private bool HasRegained => _regained != _state.Regained;

    /// <summary>Where something was regained that nobody could have taken back before, those first jobs that are within their guarantee and have no claim are tried again, before whoever would borrow it.</summary>
    /// <returns>Whether there are any.</returns>
    private bool RetryOwners(long now)
    {
        _state.Spare(now);
        if (!HasRegained)
        {
            return false;
        }

        _regained = _state.Regained;
        for (var queue = 0; queue < _first.Length; queue++)
        {
            if (_first[queue] is { } first && _blocked[queue] is not (null or PendingReason.Time) && _scheduler.MayClaim(first) && !IsClaimless(first, queue)
                && !(_state.Reserved.TryFind(first.Job, out var known) && known.IsClaim))
            {
                (_blocked[queue], _ownersAreStale) = (null, true);
            }
        }

        return _ownersAreStale;
    }

    private bool IsClaimless(GangRequest request, int queue) => _claimless[queue] == (request.Job, _state.RegainedFor(queue));

    /// <summary>Keeps for the first of a queue, which could not start, what those that borrow it leave once they have run the minimum.</summary>
    /// <param name="request">The first of the queue.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="now">The time.</param>
    /// <param name="isSearched">Whether that was looked for, which takes as long as several jobs do that are tried.</param>
    /// <returns>When it starts now; null where nothing changed.</returns>
    private StartMoved? Claim(GangRequest request, int queue, long now, out bool isSearched)
    {
        isSearched = false;
        var known = _state.Reserved.TryFind(request.Job, out var before) ? before : null;
        var claims = known is { IsClaim: true };
        if (claims ? _scheduler.HasClaim(known!, now) : request.StartAfterMilliseconds > now || !_scheduler.MayClaim(request) || IsClaimless(request, queue))
        {
            return null;
        }

        isSearched = true;
        if (_moves.GetValueOrDefault(request.Job) > MovesMax)
        {
            // It is looked for again when something else has changed.
            _state.Reserved.Withdraw(claims ? request.Job : 0);
        }
        else if (_scheduler.Claim(request, now) is { } claim)
        {
            return Claimed(claim, known?.StartMilliseconds);
        }
        else
        {
            _claimless[queue] = (request.Job, _state.RegainedFor(queue));
        }

        return !claims ? null : new StartMoved(request.Job, known!.StartMilliseconds, null, MoveCause.Reclaim);
    }

    /// <summary>Withdraws what is reserved in the queue of a job for those behind it, for which it was not kept from that job.</summary>
    private void WithdrawBehind(GangRequest request, int queue, bool claimsOnly, MoveCause cause)
    {
        if (claimsOnly && !_state.Reserved.HasClaims)
        {
            return;
        }

        var starts = _state.Reserved.StartsByJob;
        for (var at = 0; at < starts.Count;)
        {
            var behind = starts[at];
            if (behind.QueueNumber == queue && (behind.IsClaim || !claimsOnly) && _state.Queues.Order.Compare(request, behind.Request) < 0)
            {
                _state.Reserved.Withdraw(behind.Job);
                _moving[behind.Job] = (behind.StartMilliseconds, cause);
            }
            else
            {
                at++;
            }
        }
    }

    private StartMoved Claimed(Reservation claim, long? known)
    {
        var request = claim.Request!;
        var isMoved = _moving.Remove(request.Job, out var moved) || known is not null;
        if (isMoved)
        {
            _moves[request.Job] = _moves.GetValueOrDefault(request.Job) + 1;
        }

        // What it takes of the guarantee those behind it do not have: they look for another time.
        _retryAt.Remove(request.Job);
        WithdrawBehind(request, claim.QueueNumber, claimsOnly: false, MoveCause.Reclaim);
        Doubt(MoveCause.Reclaim);
        long? from = known ?? (moved.From == 0 ? null : moved.From);
        return new StartMoved(request.Job, from, claim.StartMilliseconds, !isMoved ? MoveCause.Reserved : moved.From == 0 ? MoveCause.Reclaim : moved.Cause);
    }
}
