using Superfactory.Scheduling.Explaining;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling.Pending;

/// <content>Why jobs wait, and what would let them start.</content>
public sealed partial class Backlog
{
    /// <summary>Jobs whose reason is known exactly, in order: of the others their place and the job before them.</summary>
    public const int ExactMax = 1_000;

    /// <summary>Jobs of other queues that are tried whether they would take what a job lacks: beyond them all of a queue are said to go before it.</summary>
    public const int TakersMax = 256;

    /// <summary>
    /// Why a job waits: one of the first <see cref="ExactMax"/> by all that it lacks, any other by its place and the job before it. If all that is said came about, and nothing else,
    /// the next round would start the job: others that go before it and would take what it needs are among it.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="now">The time; without it what was found when it was tried last.</param>
    /// <returns>Why; null where it does not wait, was not tried yet, or lacks nothing.</returns>
    public PendingReason? Why(long job, long? now = null)
    {
        if (!_byJob.TryGetValue(job, out var request))
        {
            return null;
        }

        var queue = _state.Queues.Find(request.Queue);
        var first = _first[queue]!;
        if (now is { } at && (first == request || _all.Before(request) < ExactMax))
        {
            return Exactly(request, queue, at);
        }

        return first == request ? _blocked[queue] : new PendingReason.Behind(first.Job, Before(request, queue));
    }

    private int Before(GangRequest request, int queue) => _waiting[queue].Before(request);

    /// <summary>All that a job lacks, those that go before it, and whoever would take it first.</summary>
    private PendingReason? Exactly(GangRequest request, int queue, long now)
    {
        var whatIf = new WhatIf(_state, now);
        List<PendingReason> needs = [];
        foreach (var before in _waiting[queue].Take(Before(request, queue)))
        {
            whatIf.Leave(before.Job);
        }

        var isGranted = _scheduler.Grant(request, now, whatIf);
        var takers = isGranted ? Takers(request, queue, now, whatIf) : [];
        needs.AddRange(Scheduler.Needs(request, now, whatIf));
        whatIf.Undo();
        if (!isGranted)
        {
            return _scheduler.Decide(request, now).Reason;
        }

        if (Before(request, queue) is var count and > 0)
        {
            var first = _first[queue]!.Job;
            needs.Insert(0, count == 1 && _state.Reserved.TryFind(first, out var start) ? new PendingReason.Reserved(first, start.StartMilliseconds) : new PendingReason.Behind(first, count));
        }

        return Scheduler.Of([.. needs, .. takers]);
    }

    /// <summary>
    /// Those of the queues that go before a job's that would start with what it is granted, and so take it. Which queues go before it at a later time, or when others have ended, nobody knows: then all do.
    /// </summary>
    private List<PendingReason.After> Takers(GangRequest request, int queue, long now, WhatIf whatIf)
    {
        var isLater = request.StartAfterMilliseconds > now;
        var order = QueuesInOrder(request, queue, [.. whatIf.Away.Select(static each => each.Job)], now);
        var before = order.Take(isLater || whatIf.Needs.Any(static need => need is PendingReason.Running) ? order.Length : Array.IndexOf(order, queue)).Where(other => other != queue && _first[other] is not null).ToList();
        List<(Reservation Claim, Reservation? Instead)> claims = [];
        var takers = Scheduler.Takers([.. before.Select(other => _waiting[other].Take(_waiting[other].Count))], mayOvertake: false, isLater ? 0 : TakersMax, whatIf,
            taker => _scheduler.Decide(taker, now).Starts || _scheduler.ClaimsBefore(taker, request, claims, now));
        _scheduler.Unclaim(claims);
        return takers;
    }
}
